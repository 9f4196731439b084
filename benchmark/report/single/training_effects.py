"""Draws what a strategy did to large and to rare classes: samples, gradient, logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.findings import logit_shift
from benchmark.report.render.canvas import (
    FAINT,
    INK,
    LINE,
    MUTED,
    PAPER,
    PLAIN,
    SECOND,
    Canvas,
    page_style,
    shorten,
)
from benchmark.report.single.strategies import network_titles

CAPTION = (
    "By class, largest first. Above, on a logarithmic scale: share of the training images (grey), "
    "of the images drawn (rings) and of the gradient at the logits (triangles). Below: the class's "
    "mean logit minus the baseline's. Over several seeds all values are means."
)
ALT = (
    "Shares of draws and of the gradient, and shift of the logits, by class, two panels a "
    "strategy; training_effects.csv has the numbers."
)
_LINE: dict[str, Any] = {"linewidth": 0.9, "markersize": 4.5, "zorder": 3}
_DRAWN: dict[str, Any] = {"marker": "o", "color": SECOND, "markerfacecolor": PAPER}
_GRADIENT: dict[str, Any] = {"marker": "^", "color": LINE}


def draw_training_effects(comparison: Comparison) -> Figure | None:
    """Draw the effects of every training; None where nothing was measured."""
    training_effects = logit_shift(comparison.findings.training_effects, comparison.baseline)
    titles = network_titles(comparison)
    names = [name for name in titles if name in set(training_effects["strategy"])]
    return effect_panels(training_effects, names, comparison.classes, titles) if names else None


def effect_panels(
    training_effects: pd.DataFrame,
    strategies: list[str],
    classes: list[str],
    titles: Mapping[str, str],
) -> Figure:
    """Draw two small panels a strategy, classes from left to right.

    Parameters
    ----------
    training_effects
        One row a strategy, seed and class, with `logit_shift`, see `benchmark.analysis.findings`.
    strategies, classes
        In the order in which they are drawn.
    titles
        Titles of the panels by strategy.
    """
    shares = _shares(training_effects)
    values = shares[["natural", "drawn", "gradient"]].to_numpy(float)
    low = max(float(values[values > 0].min(initial=1.0)) / 1.6, 1e-5)
    high = min(1.6 * float(values.max(initial=0.0)), 1.0) or 1.0
    shift = float(shares["logit_shift"].abs().fillna(0).max()) or 1.0
    panels_per_row = min(3, len(strategies))
    rows = -(-len(strategies) // panels_per_row)
    left, top, width, height, below, row_height = 52, 28, 272, 96, 46, 200
    names = [shorten(name, 14) for name in classes] if len(classes) <= 30 else []
    under = 5 * max(map(len, names), default=0)
    with page_style():
        canvas = Canvas(left + panels_per_row * (width + 26), top + rows * row_height - 8 + under)
        for index, strategy in enumerate(strategies):
            row, column = divmod(index, panels_per_row)
            x, y = left + column * (width + 26), top + row * row_height
            mine = shares.loc[[(strategy, name) for name in classes]]
            axes = canvas.axes(x, y, width, height)
            _draw_shares(axes, mine, low, high)
            axes.set_title(shorten(titles[strategy], 44), pad=5, size=10.5)
            bars = canvas.axes(x, y + height + 12, width, below)
            _draw_shifts(bars, mine["logit_shift"], shift)
            for panel, label in ((axes, "share"), (bars, "logits")):
                panel.set(xlim=(-0.6, len(classes) - 0.4), xticks=[])
                panel.tick_params(length=0)
                panel.grid(axis="y", color=FAINT, linewidth=0.4, alpha=0.6)
                if column:
                    panel.set_yticklabels([])
                else:
                    panel.set_ylabel(label, size=9.5)
            if index + panels_per_row >= len(strategies) and names:
                bars.set_xticks(np.arange(len(names)), names, size=8.5, color=INK, rotation=90)
            elif index + panels_per_row >= len(strategies):
                bars.set_xlabel("classes, rarest last", size=9.5)
        return canvas.figure


def _draw_shares(axes: Axes, shares: pd.DataFrame, low: float, high: float) -> None:
    x = np.arange(len(shares))
    axes.plot(x, shares["natural"], color=PLAIN, linewidth=3.5, alpha=0.75, solid_capstyle="butt")
    axes.plot(x, shares["drawn"], **_LINE, **_DRAWN)
    axes.plot(x, shares["gradient"], **_LINE, **_GRADIENT)
    axes.set(yscale="log", ylim=(low, high))
    axes.minorticks_off()
    ticks = [tick for tick in (0.001, 0.01, 0.1, 1) if low <= tick <= high]
    axes.set_yticks(ticks, [f"{100 * tick:g} %" for tick in ticks])


def _draw_shifts(axes: Axes, shifts: pd.Series, largest: float) -> None:
    axes.bar(np.arange(len(shifts)), shifts, color=PLAIN, width=0.7)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.set(ylim=(-1.1 * largest, 1.1 * largest))
    axes.locator_params(axis="y", nbins=3)


def _shares(training_effects: pd.DataFrame) -> pd.DataFrame:
    """Return shares over the classes by strategy and class, mean over seeds."""
    numbers = training_effects.rename(columns={"train_count": "natural"})
    columns = ["natural", "drawn", "gradient"]
    numbers = numbers.astype(dict.fromkeys([*columns, "logit_shift"], float))
    totals = numbers.groupby(["strategy", "seed"])[columns].transform("sum")
    numbers[columns] = numbers[columns] / totals.where(totals > 0)
    return numbers.groupby(["strategy", "class"], sort=False)[[*columns, "logit_shift"]].mean()
