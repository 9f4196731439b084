"""How each figure is drawn: matplotlib figures, in light colours, and their SVG.

Drawn without pyplot, so nothing global changes and nothing opens. The same numbers give the same
bytes: identifiers are salted by the drawing's name and no date is written. Text stays text.
"""

from __future__ import annotations

import io
import itertools
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from benchmark.report.blocks import printable
from benchmark.report.colours import COLOURS, HEAT, INVERTED_FROM, LEVELS, levels
from benchmark.report.formats import share

INK, PAPER, MUTED, FAINT, LINE, SECOND, ON_LOW, ON_HIGH = (
    COLOURS[name][0]
    for name in ("ink", "paper", "muted", "faint", "line", "second", "on-low", "on-high")
)

_SETTINGS = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.8,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


def recall_map(
    classes: Sequence[str],
    train_counts: Sequence[int],
    strategies: Sequence[str],
    recall: np.ndarray,
    never: np.ndarray,
) -> Figure:
    """Draw recall (C, S) in [0, 1] as a heat map beside the number of training images.

    `never` (C, S) is the share of seeds in which a class was never predicted: 1 is marked ×.
    """
    c, s = recall.shape
    longest = max((len(_short(name, 34)) for name in strategies), default=0)
    left, bars, top = _label_width(classes, 26), 104, 26 + 3.2 * longest
    wide, high = float(np.clip(440 / s, 40, 72)), 19
    with _settings():
        canvas = _Canvas(left + bars + s * wide + 5 * longest, top + c * high + 26)
        tail = canvas.axes(left, top, bars - 50, c * high)
        most = max(train_counts, default=1)
        tail.barh(np.arange(c), train_counts, height=0.62, color=FAINT)
        for row, images in enumerate(train_counts):
            tail.text(images + 0.04 * most, row, f"{images:,}", va="center", size=9, color=MUTED)
        _bare(tail)
        tail.set(ylim=(c - 0.5, -0.5), xlim=(0, most))
        _row_labels(tail, classes, 26)
        tail.text(0, -0.75, "train", size=9, color=MUTED, va="bottom")
        heat = canvas.axes(left + bars, top, s * wide, c * high)
        _tiles(heat, recall, gap=0.04)
        _bare(heat)
        heat.set(ylim=(c - 0.5, -0.5), xlim=(-0.5, s - 0.5))
        shades = levels(recall)
        for row, column in np.ndindex(c, s):
            value = float(recall[row, column])
            if np.isfinite(value):
                text = "×" if never[row, column] == 1 else share(value, 2)
                ink = ON_LOW if shades[row, column] < INVERTED_FROM else ON_HIGH
                heat.text(column, row, text, ha="center", va="center_baseline", size=9.5, color=ink)
        for column, strategy in enumerate(strategies):
            heat.text(column - 0.2, -0.75, _short(strategy, 34), size=9.5, rotation=32, va="bottom")
        _scale(canvas, left + bars, top + c * high + 14)
        return canvas.figure


def confusion_maps(
    classes: Sequence[str], strategies: Sequence[str], shares: Sequence[np.ndarray]
) -> Figure:
    """Draw one map (C, C) a strategy: what share of a true class (row) was called what (column)."""
    c = len(classes)
    names = c <= 30  # more could not be read
    left = _label_width(classes, 16) if names else 16
    side = float(np.clip(11.5 * c, 150, 230))
    across = min(3, len(shares))
    down = -(-len(shares) // across)
    gap, top, row = 20, 26, side + 40
    with _settings():
        canvas = _Canvas(left + across * (side + gap), down * row + 26)
        for place, (strategy, values) in enumerate(zip(strategies, shares, strict=True)):
            x, y = left + place % across * (side + gap), top + place // across * row
            axes = canvas.axes(x, y, side, side)
            _tiles(axes, values, skip_zero=True)
            axes.set(xlim=(-0.5, c - 0.5), ylim=(c - 0.5, -0.5), xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color=FAINT, linewidth=0.8)
            axes.set_title(_short(strategy, int(side / 6)), pad=5, size=10.5)
            if place % across == 0 and names:
                _row_labels(axes, classes, 16, size=min(9.5, side / c))
            if place >= len(shares) - across:
                axes.set_xlabel("predicted", size=9.5)
            if place % across == 0 and not names:
                axes.set_ylabel("true, rarest last", size=9.5)
        _scale(canvas, left, down * row + 14)
        return canvas.figure


def curve_panels(
    curves: pd.DataFrame, strategies: Sequence[str], columns: Sequence[str], whole: bool = False
) -> Figure:
    """Draw a panel a strategy: its own lines over everybody's, one line a seed.

    `columns` holds one metric, or a solid and a dashed one; then the others are left out.
    `whole` says that the values are counts.
    """
    across = min(3, len(strategies))
    down = -(-len(strategies) // across)
    left, top, wide, high = 46, 28, 250, 104
    lines = {name: _by_seed(curves, name, columns) for name in strategies}
    phase_ends = sorted(curves.groupby("phase")["step"].max()) if "phase" in curves else []
    every = curves[list(columns)].to_numpy(float)
    low, up = float(np.nanmin(every)), float(np.nanmax(every))
    pad = max(0.05 * (up - low), 0.01)
    with _settings():
        canvas = _Canvas(left + across * (wide + 26), top + down * (high + 48) - 10)
        for place, strategy in enumerate(strategies):
            x, y = place % across, place // across
            axes = canvas.axes(left + x * (wide + 26), top + y * (high + 48), wide, high)
            if len(columns) == 1:
                for steps, values in itertools.chain.from_iterable(lines.values()):
                    axes.plot(steps, values[0], color=FAINT, linewidth=0.7)
            for steps, values in lines[strategy]:
                point = "o" if len(steps) == 1 else ""
                look: dict[str, Any] = {"linewidth": 1.5, "marker": point, "markersize": 3}
                axes.plot(steps, values[0], color=LINE, **look)
                if len(columns) == 2:
                    axes.plot(steps, values[1], color=SECOND, linestyle=(0, (4, 2)), **look)
            for step in phase_ends[:-1]:
                axes.axvline(step, color=FAINT, linewidth=0.8, linestyle=(0, (1, 2)))
            axes.set_title(_short(strategy, 36), pad=5, size=10.5)
            axes.set(xlim=(0, None), ylim=(low - pad, up + pad))
            axes.grid(axis="y", color=FAINT, linewidth=0.4, alpha=0.6)
            axes.tick_params(length=0)
            axes.locator_params(axis="y", nbins=4, integer=whole)
            axes.locator_params(axis="x", nbins=5, integer=True)
            if x:
                axes.set_yticklabels([])
            if place + across >= len(strategies):
                axes.set_xlabel("optimizer step")
    return canvas.figure


def seed_dots(
    rows: pd.DataFrame, strategies: Sequence[str], metrics: Sequence[tuple[str, str]]
) -> Figure:
    """Draw every seed as a ring and the mean as a bar, a panel for each (column, title)."""
    s = len(strategies)
    left, top, wide, high = _label_width(strategies, 34), 28, 230, 20
    with _settings():
        canvas = _Canvas(left + len(metrics) * (wide + 26), top + s * high + 20)
        for place, (column, title) in enumerate(metrics):
            axes = canvas.axes(left + place * (wide + 26), top, wide, s * high)
            for row, strategy in enumerate(strategies):
                values = rows.loc[rows["strategy"] == strategy, column].dropna().to_numpy(float)
                axes.axhline(row, color=FAINT, linewidth=0.5)
                axes.plot(
                    values,
                    np.full(len(values), row),
                    "o",
                    markersize=5.5,
                    markeredgewidth=1.1,
                    markerfacecolor=PAPER,
                    markeredgecolor=LINE,
                )
                if len(values):
                    axes.plot([values.mean()] * 2, [row - 0.36, row + 0.36], color=INK, linewidth=2)
            axes.set(ylim=(s - 0.4, -0.6), yticks=[])
            axes.spines["left"].set_visible(False)
            axes.margins(x=0.06)
            axes.tick_params(length=0)
            axes.locator_params(axis="x", nbins=6)
            axes.set_title(title, pad=6, size=10.5)
            if place == 0:
                _row_labels(axes, strategies, 34)
        return canvas.figure


def to_svg(figure: Figure, name: str) -> str:
    """Return a figure as an SVG document, the same bytes for the same drawing."""
    written = io.StringIO()
    with _settings():
        matplotlib.rcParams["svg.hashsalt"] = name  # undone with the other settings
        figure.savefig(written, format="svg")
    return _tidy(written.getvalue())


def standalone(svg: str) -> str:
    """Return a drawing as a file of its own: on paper colour, inverted where the reader is dark."""
    head, body = svg.split(">", 1)
    dark = "@media (prefers-color-scheme: dark) { svg { filter: invert(0.92) hue-rotate(180deg) } }"
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n{head}>\n<style>{dark}</style>\n'
        f'<rect width="100%" height="100%" style="fill: {PAPER}"/>{body}'
    )


@contextmanager
def _settings() -> Iterator[None]:
    with style.context(_SETTINGS, after_reset=True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the reader's fonts have it
        yield


class _Canvas:
    """A figure measured in CSS pixels from its top left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / 72, height / 72), dpi=72)  # 1 pixel = 1/72 inch

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        left, bottom = x / self.width, 1 - (y + height) / self.height
        return self.figure.add_axes((left, bottom, width / self.width, height / self.height))


def _tidy(svg: str) -> str:
    """Drop what only costs bytes or collides on a page: metadata, ids of groups, font lists."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"(font: [\d.]+px) [^;\"]*", r"\1 sans-serif", svg)
    svg = re.sub(r'(<svg[^>]*?) width="([\d.]+)pt"', r'\1 width="\2"', svg)
    svg = re.sub(r'(<svg[^>]*?) height="([\d.]+)pt"', r'\1 height="\2"', svg)
    return re.sub(r"\n\s*", "\n", svg)


def _tiles(axes: Axes, values: np.ndarray, gap: float = 0.0, skip_zero: bool = False) -> None:
    """Fill a cell for each value; cells of one level are one path, which keeps the file small."""
    half = 0.5 - gap / 2
    square = np.array([(-half, -half), (half, -half), (half, half), (-half, half), (0, 0)])
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    shades = levels(np.where(values == 0, np.nan, values) if skip_zero else values)
    for place in range(LEVELS):
        rows, columns = np.nonzero(shades == place)
        if len(rows):
            corners = np.stack([columns, rows], axis=1)[:, None] + square  # (cells, 5, 2)
            path = Path(corners.reshape(-1, 2), codes * len(rows))  # (cells * 5, 2)
            axes.add_patch(PathPatch(path, facecolor=COLOURS[HEAT[place]][0], linewidth=0))


def _scale(canvas: _Canvas, x: float, y: float) -> None:
    axes = canvas.axes(x, y, LEVELS * 7, 8)
    _tiles(axes, np.linspace(0, 1, LEVELS)[None])
    _bare(axes)
    axes.set(xlim=(-0.5, LEVELS - 0.5), ylim=(-0.5, 0.5))
    axes.text(-1, 0, "0", ha="right", va="center_baseline", size=9, color=MUTED)
    axes.text(LEVELS, 0, "1", va="center_baseline", size=9, color=MUTED)


def _bare(axes: Axes) -> None:
    axes.spines[:].set_visible(False)
    axes.set(xticks=[], yticks=[])


def _row_labels(axes: Axes, names: Sequence[str], longest: int, size: float = 10) -> None:
    axes.set_yticks(range(len(names)))
    axes.set_yticklabels([_short(name, longest) for name in names], size=size, color=INK)
    axes.tick_params(axis="y", length=0, pad=5)


def _label_width(names: Sequence[str], longest: int) -> float:
    return 18 + 6.3 * max((len(_short(name, longest)) for name in names), default=0)


def _short(name: str, longest: int) -> str:
    name = " ".join(printable(name).split())
    if len(name) <= longest:
        return name
    end = longest // 2  # variants of one strategy differ in their last parameter
    return f"{name[: longest - end - 1]}…{name[-end:]}"


def _by_seed(
    curves: pd.DataFrame, strategy: str, columns: Sequence[str]
) -> list[tuple[np.ndarray, list[np.ndarray]]]:
    mine = curves[curves["strategy"] == strategy].sort_values("step")
    return [
        (rows["step"].to_numpy(float), [rows[name].to_numpy(float) for name in columns])
        for _, rows in mine.groupby("seed")
    ]
