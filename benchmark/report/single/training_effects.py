"""What a strategy did to large and to rare classes: draws, gradient, logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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

CAPTION = (
    "By class, largest first. Above, on a logarithmic scale: share of the training images (grey), "
    "of the images drawn (rings) and of the gradient at the logits (triangles). Below: how far the "
    "class's mean logit lies above the baseline's. Over several seeds all are means."
)
_LINE: dict[str, Any] = {"linewidth": 0.9, "markersize": 4.5, "zorder": 3}
_DRAWN: dict[str, Any] = {"marker": "o", "color": SECOND, "markerfacecolor": PAPER}
_PULL: dict[str, Any] = {"marker": "^", "color": LINE}


def effect_panels(
    effects: pd.DataFrame,
    strategies: list[str],
    classes: list[str],
    titles: Mapping[str, str] | None = None,
) -> Figure:
    """Draw two small panels a strategy, classes from left to right.

    Parameters
    ----------
    effects
        One row a strategy, seed and class, with `logit_shift`, see `benchmark.analysis.findings`.
    strategies, classes
        In the order in which they stand.
    titles
        Names of panels, where they are not those of the strategies.
    """
    shares = _shares(effects)
    values = shares[["natural", "drawn", "gradient"]].to_numpy(float)
    low = max(float(values[values > 0].min(initial=1.0)) / 1.6, 1e-5)
    top_share = min(1.6 * float(values.max(initial=0.0)), 1.0) or 1.0
    shift = float(shares["logit_shift"].abs().fillna(0).max()) or 1.0
    across = min(3, len(strategies))
    down = -(-len(strategies) // across)
    left, top, wide, high, below, row = 52, 28, 272, 96, 46, 200
    with page_style():
        names = [shorten(name, 14) for name in classes] if len(classes) <= 30 else []
        under = 5 * max(map(len, names), default=0)
        canvas = Canvas(left + across * (wide + 26), top + down * row - 8 + under)
        for place, strategy in enumerate(strategies):
            x, y = left + place % across * (wide + 26), top + place // across * row
            mine = shares.loc[[(strategy, name) for name in classes]]
            axes = canvas.axes(x, y, wide, high)
            _share_lines(axes, mine)
            title = (titles or {}).get(strategy, strategy)
            axes.set_title(shorten(title, 44), pad=5, size=10.5)
            axes.set(
                yscale="log", ylim=(low, top_share), xlim=(-0.6, len(classes) - 0.4), xticks=[]
            )
            axes.minorticks_off()
            ticks = [t for t in (0.001, 0.01, 0.1, 1) if low <= t <= top_share]
            axes.set_yticks(ticks, [f"{100 * tick:g} %" for tick in ticks])
            bars = canvas.axes(x, y + high + 12, wide, below)
            bars.bar(np.arange(len(classes)), mine["logit_shift"], color=PLAIN, width=0.7)
            bars.axhline(0, color=MUTED, linewidth=0.8)
            bars.set(ylim=(-1.1 * shift, 1.1 * shift), xlim=axes.get_xlim(), xticks=[])
            bars.locator_params(axis="y", nbins=3)
            for one in (axes, bars):
                one.tick_params(length=0)
                one.grid(axis="y", color=FAINT, linewidth=0.4, alpha=0.6)
                if place % across:
                    one.set_yticklabels([])
            if not place % across:
                axes.set_ylabel("share", size=9.5)
                bars.set_ylabel("logits", size=9.5)
            if place + across < len(strategies):
                continue
            if names:
                bars.set_xticks(np.arange(len(names)), names, size=8.5, color=INK, rotation=90)
            else:
                bars.set_xlabel("classes, rarest last", size=9.5)
        return canvas.figure


def _share_lines(axes: Axes, mine: pd.DataFrame) -> None:
    at = np.arange(len(mine))
    axes.plot(at, mine["natural"], color=PLAIN, linewidth=3.5, alpha=0.75, solid_capstyle="butt")
    axes.plot(at, mine["drawn"], **_LINE, **_DRAWN)
    axes.plot(at, mine["gradient"], **_LINE, **_PULL)


def _shares(effects: pd.DataFrame) -> pd.DataFrame:
    """Return shares over the classes by strategy and class, mean over seeds."""
    numbers = effects.rename(columns={"train_count": "natural"})
    columns = ["natural", "drawn", "gradient"]
    numbers = numbers.astype(dict.fromkeys([*columns, "logit_shift"], float))
    whole = numbers.groupby(["strategy", "seed"])[columns].transform("sum")
    numbers[columns] = numbers[columns] / whole.where(whole > 0)
    return numbers.groupby(["strategy", "class"], sort=False)[[*columns, "logit_shift"]].mean()
