"""How each figure is drawn: seaborn on matplotlib figures, in light colours, and their SVG.

Figures are made without pyplot and seaborn is handed their axes, so nothing global changes and
nothing opens. The same numbers give the same bytes: identifiers are salted by the drawing's name
and no date is written. Text stays text.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import seaborn
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
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
PAGE = 960  # pixels a drawing may be wide before the page scrolls it
_SHADES = ListedColormap([COLOURS[name][0] for name in HEAT])

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
    left, bars, top = _label_width(classes, 26), 104, round(26 + 3.2 * longest)
    free = PAGE - left - bars - 5 * longest
    wide, high = int(np.clip(free // s, 40, 110)), 19
    with _settings():
        canvas = _Canvas(left + bars + s * wide + 5 * longest, top + c * high + 26)
        tail = canvas.axes(left, top, bars - 50, c * high)
        images = tail.barh(np.arange(c) + 0.5, train_counts, height=0.62, color=FAINT)
        tail.bar_label(images, fmt="{:,.0f}", padding=3, size=9, color=MUTED)
        _bare(tail)
        tail.set(ylim=(c, 0), xlim=(0, max(train_counts, default=1)))
        _row_labels(tail, classes, 26)
        tail.text(0, -0.25, "train", size=9, color=MUTED, va="bottom")
        heat = canvas.axes(left + bars, top, s * wide, c * high)
        numbers = np.where(never == 1, "×", np.vectorize(share)(recall, 2))
        _heat(heat, recall, gap=1.5, annot=numbers)
        names = [_short(name, 34) for name in strategies]
        heat.xaxis.tick_top()
        heat.tick_params(length=0)
        heat.set_xticks(np.arange(s) + 0.3, names, size=9.5, color=INK, rotation=32, ha="left")
        _scale(canvas, left + bars, top + c * high + 14)
        return canvas.figure


def confusion_maps(
    classes: Sequence[str], strategies: Sequence[str], shares: Sequence[np.ndarray]
) -> Figure:
    """Draw one map (C, C) a strategy: what share of a true class (row) was called what (column)."""
    c = len(classes)
    names = c <= 30  # more could not be read
    left = _label_width(classes, 16) if names else 16
    cell = max(round(np.clip(11.5 * c, 150, 230) / c), 1)  # whole pixels: sharp, short to write
    side = c * cell
    across = min(3, len(shares))
    down = -(-len(shares) // across)
    gap, top, row = 20, 26, side + 40
    with _settings():
        canvas = _Canvas(left + across * (side + gap), down * row + 26)
        for place, (strategy, values) in enumerate(zip(strategies, shares, strict=True)):
            x, y = left + place % across * (side + gap), top + place // across * row
            axes = canvas.axes(x, y, side, side)
            _heat(axes, np.where(values == 0, np.nan, values))
            axes.spines[:].set(visible=True, color=FAINT, linewidth=0.8)
            axes.set_title(_short(strategy, int(side / 6)), pad=5, size=10.5)
            if place % across == 0 and names:
                _row_labels(axes, classes, 16, size=min(9.5, cell))
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
    curves = curves.astype(dict.fromkeys(columns, float))
    curves = curves.assign(line=curves.groupby(["strategy", "seed"]).ngroup())
    phase_ends = sorted(curves.groupby("phase")["step"].max()) if "phase" in curves else []
    every = curves[list(columns)].to_numpy()
    every = every[np.isfinite(every)]  # a loss may diverge
    low, up = every.min(), every.max()
    pad = max(0.05 * (up - low), 0.01)
    with _settings():
        canvas = _Canvas(left + across * (wide + 26), top + down * (high + 48) - 10)
        for place, strategy in enumerate(strategies):
            x, y = place % across, place // across
            axes = canvas.axes(left + x * (wide + 26), top + y * (high + 48), wide, high)
            mine = curves[curves["strategy"] == strategy]
            marker = "o" if mine["step"].nunique() == 1 else ""
            look: dict[str, Any] = {"linewidth": 1.5, "marker": marker, "markersize": 3}
            if len(columns) == 1:
                _lines(axes, curves, columns[0], color=FAINT, linewidth=0.7)
            else:
                _lines(axes, mine, columns[1], color=SECOND, linestyle=(0, (4, 2)), **look)
            _lines(axes, mine, columns[0], color=LINE, **look)
            for step in phase_ends[:-1]:
                axes.axvline(step, color=FAINT, linewidth=0.8, linestyle=(0, (1, 2)))
            axes.set_title(_short(strategy, 36), pad=5, size=10.5)
            axes.set(xlim=(0, None), ylim=(low - pad, up + pad), xlabel="", ylabel="")
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
            dots: dict[str, Any] = {"x": rows[column].astype(float), "y": rows["strategy"]}
            dots |= {"order": strategies, "ax": axes}
            ring: dict[str, Any] = {"size": 5.5, "linewidth": 1.1}
            bar: dict[str, Any] = {"markersize": 14, "markeredgewidth": 2, "zorder": 4}
            seaborn.stripplot(**dots, jitter=False, color=PAPER, edgecolor=LINE, **ring)
            seaborn.pointplot(**dots, errorbar=None, linestyle="none", color=INK, marker="|", **bar)
            axes.set(ylim=(s - 0.4, -0.6), xlabel="", ylabel="")
            axes.grid(axis="y", color=FAINT, linewidth=0.5)
            axes.spines["left"].set_visible(False)
            axes.margins(x=0.06)
            axes.tick_params(length=0)
            axes.locator_params(axis="x", nbins=6)
            axes.set_title(title, pad=6, size=10.5)
            _row_labels(axes, strategies if place == 0 else [""] * s, 34, first=0)
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


def _heat(axes: Axes, shares: np.ndarray, gap: float = 0, annot: Any = None) -> None:
    """Draw a shade for each share (rows, columns); NaN is left out. `gap` is in pixels."""
    places = levels(shares)
    seaborn.heatmap(
        places,
        vmin=-0.5,
        vmax=LEVELS - 0.5,
        cmap=_SHADES,
        mask=places < 0,
        annot=annot,
        fmt="",
        annot_kws={"size": 9.5, "va": "center_baseline"},
        cbar=False,
        xticklabels=False,
        yticklabels=False,
        ax=axes,
    )
    # an element a cell would make 9 MB of 60 classes and 20 strategies, so a shade is one path
    (mesh,) = axes.collections
    cells = np.array(mesh.get_paths(), dtype=object)
    for place in np.unique(places[places >= 0]):
        path = Path.make_compound_path(*cells[np.ravel(places == place)])
        axes.add_patch(PathPatch(path, facecolor=_SHADES(place), edgecolor=PAPER, linewidth=gap))
    mesh.remove()
    for text, place in zip(axes.texts, places[places >= 0], strict=False):
        text.set_color(ON_LOW if place < INVERTED_FROM else ON_HIGH)


def _lines(axes: Axes, curves: pd.DataFrame, column: str, **look: Any) -> None:
    curves = curves[np.isfinite(curves[column])]
    if len(curves):  # seaborn fails on none
        seaborn.lineplot(curves, x="step", y=column, units="line", estimator=None, ax=axes, **look)


def _scale(canvas: _Canvas, x: float, y: float) -> None:
    axes = canvas.axes(x, y, LEVELS * 7, 8)
    _heat(axes, np.linspace(0, 1, LEVELS)[None])
    axes.text(-0.5, 0.5, "0", ha="right", va="center_baseline", size=9, color=MUTED)
    axes.text(LEVELS + 0.5, 0.5, "1", va="center_baseline", size=9, color=MUTED)


def _bare(axes: Axes) -> None:
    axes.spines[:].set_visible(False)
    axes.set(xticks=[], yticks=[])


def _row_labels(
    axes: Axes, names: Sequence[str], longest: int, size: float = 10, first: float = 0.5
) -> None:
    labels = [_short(name, longest) for name in names]
    axes.set_yticks(first + np.arange(len(names)), labels, size=size, color=INK)
    axes.tick_params(axis="y", length=0, pad=5)


def _label_width(names: Sequence[str], longest: int) -> int:
    return round(18 + 6.3 * max((len(_short(name, longest)) for name in names), default=0))


def _short(name: str, longest: int) -> str:
    name = " ".join(printable(name).split())
    if len(name) <= longest:
        return name
    end = longest // 2  # variants of one strategy differ in their last parameter
    return f"{name[: longest - end - 1]}…{name[-end:]}"
