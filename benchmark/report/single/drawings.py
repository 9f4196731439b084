"""Draws the figures of a run: seaborn on the axes of a canvas, in light colours."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from benchmark.report.render import colours
from benchmark.report.render.canvas import (
    PAGE_WIDTH,
    Canvas,
    hide_frame,
    label_width,
    page_style,
    set_row_labels,
)
from benchmark.report.render.colours import LEVELS
from benchmark.report.render.formats import format_count, format_share
from benchmark.report.render.safe_text import shorten

MOST_LABELLED = 20  # classes whose names and numbers fit into a confusion matrix
_SHADES = ListedColormap([colours.COLOURS[name][0] for name in colours.HEAT])


def recall_map(
    classes: Sequence[str],
    train_counts: Sequence[int],
    strategies: Sequence[str],
    recall: np.ndarray,
    never_predicted: np.ndarray,
) -> Figure:
    """Draw recall (C, S) in [0, 1] as a heat map beside the number of training images.

    `never_predicted` (C, S) is the share of seeds that never predict a class: 1 is marked ×.
    """
    c, s = recall.shape
    longest = max((len(shorten(name, 34)) for name in strategies), default=0)
    left, bars, top = label_width(classes, 26), 104, round(26 + 3.2 * longest)
    free = PAGE_WIDTH - left - bars - 5 * longest
    width, height = int(np.clip(free // s, 26, 110)), 19
    with page_style():
        canvas = Canvas(left + bars + s * width + 5 * longest, top + c * height + 26)
        tail = canvas.axes(left, top, bars - 50, c * height)
        images = tail.barh(np.arange(c) + 0.5, train_counts, height=0.62, color=colours.PLAIN)
        tail.bar_label(images, fmt="{:,.0f}", padding=3, size=9, color=colours.MUTED)
        hide_frame(tail)
        tail.set(ylim=(c, 0), xlim=(0, max(train_counts, default=1)))
        set_row_labels(tail, classes, 26)
        tail.text(0, -0.25, "train", size=9, color=colours.MUTED, va="bottom")
        heat = canvas.axes(left + bars, top, s * width, c * height)
        numbers = np.where(never_predicted == 1, "×", np.vectorize(format_share)(recall, 2))
        _heat(heat, recall, gap=1.5, annot=numbers, size=9.5 if width >= 36 else 8)
        names = [shorten(name, 34) for name in strategies]
        heat.xaxis.tick_top()
        heat.tick_params(length=0)
        style: dict[str, Any] = {"size": 9.5, "color": colours.INK, "rotation": 32, "ha": "left"}
        heat.set_xticks(np.arange(s) + 0.3, names, **style)
        _scale(canvas, left + bars, top + c * height + 14)
        return canvas.figure


def confusion_maps(
    classes: Sequence[str], strategies: Sequence[str], shares: Sequence[np.ndarray]
) -> Figure:
    """Draw one map (C, C) a strategy: shares of a true class (row) by predicted class (column).

    With more than `MOST_LABELLED` classes nobody could read names and per cents, so they are left
    out.
    """
    c = len(classes)
    labelled = c <= MOST_LABELLED
    columns = min(2 if labelled else 3, len(shares))
    left = label_width(classes, 14) if labelled else 16
    below = round(8 + 5.2 * max((len(shorten(name, 14)) for name in classes), default=0))
    # whole pixels: sharp, short to write
    cell = max(20, 200 // max(c, 1)) if labelled else max(round(230 / c), 1)
    map_size, gap, top = c * cell, 20, 26
    column_width, row_height = left + map_size + gap, map_size + 40 + (below if labelled else 0)
    rows = -(-len(shares) // columns)
    with page_style():
        canvas = Canvas(columns * column_width, rows * row_height + 26)
        for index, (strategy, values) in enumerate(zip(strategies, shares, strict=True)):
            x, y = left + index % columns * column_width, top + index // columns * row_height
            axes = canvas.axes(x, y, map_size, map_size)
            nonzero = np.where(values == 0, np.nan, values)
            per_cent = np.char.mod("%.0f", 100 * values)
            _heat(axes, nonzero, annot=per_cent if labelled else None, size=8)
            axes.spines[:].set(visible=True, color=colours.FAINT, linewidth=0.8)
            axes.set_title(shorten(strategy, int(map_size / 6)), pad=5, size=10.5)
            if labelled:
                set_row_labels(axes, classes, 14, size=9)
                names = [shorten(name, 14) for name in classes]
                axes.set_xticks(np.arange(c) + 0.5, names, size=9, color=colours.INK, rotation=90)
                axes.tick_params(length=0)
            else:
                axes.set_xlabel("predicted, rarest last", size=9.5)
                axes.set_ylabel("true, rarest last", size=9.5)
        _scale(canvas, left, rows * row_height + 14)
        return canvas.figure


def curve_panels(
    curves: pd.DataFrame,
    strategies: Sequence[str],
    columns: Sequence[str],
    are_counts: bool,
    titles: Mapping[str, str],
) -> Figure:
    """Draw one panel per strategy: its own lines over those of all strategies, one line per seed.

    `columns` are one metric; or two, drawn solid and dashed, without the lines of other strategies.
    """
    panels_per_row = min(3, len(strategies))
    rows = -(-len(strategies) // panels_per_row)
    left, top, width, height = 46, 28, 250, 104
    curves = curves.astype(dict.fromkeys(columns, float))
    curves = curves.assign(line=curves.groupby(["strategy", "seed"]).ngroup())
    phase_ends = sorted(curves.groupby("phase")["step"].max()) if "phase" in curves else []
    values = curves[list(columns)].to_numpy()
    finite = values[np.isfinite(values)]  # a loss may diverge
    low, up = (finite.min(), finite.max()) if len(finite) else (0.0, 1.0)
    pad = max(0.05 * (up - low), 0.01)
    with page_style():
        canvas = Canvas(left + panels_per_row * (width + 26), top + rows * (height + 48) - 10)
        for index, strategy in enumerate(strategies):
            x, y = index % panels_per_row, index // panels_per_row
            axes = canvas.axes(left + x * (width + 26), top + y * (height + 48), width, height)
            mine = curves[curves["strategy"] == strategy]
            marker = "o" if mine["step"].nunique() == 1 else ""
            style: dict[str, Any] = {"linewidth": 1.5, "marker": marker, "markersize": 3}
            if len(columns) == 1:
                _lines(axes, curves, columns[0], color=colours.PLAIN, linewidth=0.6)
            else:
                _lines(axes, mine, columns[1], color=colours.SECOND, linestyle=(0, (4, 2)), **style)
            _lines(axes, mine, columns[0], color=colours.LINE, **style)
            for step in phase_ends[:-1]:
                axes.axvline(step, color=colours.MUTED, linewidth=1.1, linestyle=(0, (1, 2)))
            axes.set_title(shorten(titles[strategy], 40), pad=5, size=10.5)
            axes.set(xlim=(0, None), ylim=(low - pad, up + pad), xlabel="", ylabel="")
            axes.grid(axis="y", color=colours.FAINT, linewidth=0.4, alpha=0.6)
            axes.tick_params(length=0)
            axes.locator_params(axis="y", nbins=4, integer=are_counts)
            axes.locator_params(axis="x", nbins=5, integer=True)
            if x:
                axes.set_yticklabels([])
            if index + panels_per_row >= len(strategies):
                axes.set_xlabel("optimizer step")
    return canvas.figure


def seed_dots(
    rows: pd.DataFrame, strategies: Sequence[str], metrics: Sequence[tuple[str, str]]
) -> Figure:
    """Draw every seed as a ring and the mean as a bar, a panel for each (column, title)."""
    s = len(strategies)
    left, top, width, height = label_width(strategies, 34), 28, 230, 20
    with page_style():
        canvas = Canvas(left + len(metrics) * (width + 26), top + s * height + 20)
        for index, (column, title) in enumerate(metrics):
            axes = canvas.axes(left + index * (width + 26), top, width, s * height)
            dots: dict[str, Any] = {"x": rows[column].astype(float), "y": rows["strategy"]}
            dots |= {"order": strategies, "ax": axes}
            ring: dict[str, Any] = {"color": colours.PAPER, "edgecolor": colours.LINE}
            seaborn.stripplot(**dots, jitter=False, size=5.5, linewidth=1.1, **ring)
            bar: dict[str, Any] = {"color": colours.INK, "marker": "|", "linestyle": "none"}
            bar |= {"markersize": 14, "markeredgewidth": 2, "zorder": 4}
            seaborn.pointplot(**dots, errorbar=None, **bar)
            axes.set(ylim=(s - 0.4, -0.6), xlabel="", ylabel="")
            axes.grid(axis="y", color=colours.FAINT, linewidth=0.5)
            axes.spines["left"].set_visible(False)
            axes.margins(x=0.06)
            axes.tick_params(length=0)
            are_counts = bool((rows[column].dropna().astype(float) % 1 == 0).all())
            axes.locator_params(axis="x", nbins=6, integer=are_counts)
            axes.xaxis.set_major_formatter(_format_count_tick if are_counts else _format_share_tick)
            axes.set_title(title, pad=6, size=10.5)
            set_row_labels(axes, strategies if index == 0 else [""] * s, 34, first=0)
        return canvas.figure


def _format_count_tick(value: float, _: float) -> str:
    return format_count(value)


def _format_share_tick(value: float, _: float) -> str:
    return format_share(value, 2)


def _heat(
    axes: Axes, shares: np.ndarray, gap: float = 0, annot: Any = None, size: float = 9.5
) -> None:
    """Draw a shade for each share (rows, columns); NaN is left out. `gap` is in pixels."""
    levels = colours.colour_levels(shares)
    seaborn.heatmap(
        levels,
        vmin=-0.5,
        vmax=LEVELS - 0.5,
        cmap=_SHADES,
        mask=levels < 0,
        annot=annot,
        fmt="",
        annot_kws={"size": size, "va": "center_baseline"},
        cbar=False,
        xticklabels=False,
        yticklabels=False,
        ax=axes,
    )
    # an element a cell would make 9 MB with 60 classes and 20 strategies, so a shade is one path
    (mesh,) = axes.collections
    cell_paths = np.array(mesh.get_paths(), dtype=object)
    for level in np.unique(levels[levels >= 0]):
        path = Path.make_compound_path(*cell_paths[np.ravel(levels == level)])
        edge: dict[str, Any] = {"edgecolor": colours.PAPER, "linewidth": gap}
        axes.add_patch(PathPatch(path, facecolor=_SHADES(level), **edge))
    mesh.remove()
    for text, level in zip(axes.texts, levels[levels >= 0], strict=False):
        text.set_color(colours.ON_LOW if level < colours.INVERTED_FROM else colours.ON_HIGH)


def _lines(axes: Axes, curves: pd.DataFrame, column: str, **style: Any) -> None:
    """Draw the curves as one path with a gap between two, which is fast."""
    curves = curves[np.isfinite(curves[column])].sort_values(["line", "step"])
    ends = np.flatnonzero(np.diff(curves["line"])) + 1
    steps = np.insert(curves["step"].to_numpy(float), ends, np.nan)
    axes.plot(steps, np.insert(curves[column].to_numpy(float), ends, np.nan), **style)


def _scale(canvas: Canvas, x: float, y: float) -> None:
    axes = canvas.axes(x, y, LEVELS * 7, 8)
    _heat(axes, np.linspace(0, 1, LEVELS)[None])
    axes.text(-0.5, 0.5, "0", ha="right", va="center_baseline", size=9, color=colours.MUTED)
    axes.text(LEVELS + 0.5, 0.5, "1", va="center_baseline", size=9, color=colours.MUTED)
