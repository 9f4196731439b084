"""A figure measured in pixels, in the style of the page, and its SVG.

Figures are made without pyplot, so no global state changes and no window opens. The same numbers
give the same bytes: identifiers are salted with the drawing's name, and no date is written. Text
stays text.
"""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.report.render import blocks
from benchmark.report.render.colours import FAINT, INK, MUTED, PAPER
from benchmark.report.render.safe_text import isolate, shorten
from benchmark.system.text import printable_lines

PAGE_WIDTH = 960  # pixels; a wider drawing scrolls on the page

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 11,
    "axes.linewidth": 0.8,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # the default position; to compute it takes 4 % of a report
    "axes.axisbelow": True,
    **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
    **dict.fromkeys(("xtick.labelsize", "ytick.labelsize"), 10),
    **dict.fromkeys(("text.color", "axes.titlecolor"), INK),
    **dict.fromkeys(("axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"), MUTED),
    **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), FAINT),
    **dict.fromkeys(("figure.facecolor", "axes.facecolor"), "none"),
}


def figure_block(name: str, figure: Figure, caption: str, alt: str) -> blocks.Figure:
    """Return a drawing as a block of the page."""
    return blocks.Figure(name, to_svg(figure, name), caption, alt)


def to_svg(figure: Figure, name: str) -> str:
    """Return a figure as an SVG document, the same bytes for the same drawing."""
    written = io.StringIO()
    with page_style():
        matplotlib.rcParams["svg.hashsalt"] = name  # restored with the other settings
        figure.savefig(written, format="svg")
    isolated = '<tspan style="unicode-bidi: isolate">', "</tspan>"
    return isolate(printable_lines(_tidy(written.getvalue())), *isolated)


def to_standalone_svg(svg: str) -> str:
    """Return a drawing as a file of its own: on paper colour, inverted in dark mode."""
    head, body = svg.split(">", 1)
    dark = "@media (prefers-color-scheme: dark) { svg { filter: invert(0.92) hue-rotate(180deg) } }"
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n{head}>\n<style>{dark}</style>\n'
        f'<rect width="100%" height="100%" style="fill: {PAPER}"/>{body}'
    )


@contextmanager
def page_style() -> Iterator[None]:
    """Draw in the style of the page; restore the user's own settings afterwards."""
    with style.context(_STYLE, after_reset=True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the fonts of the reader have them
        yield


class Canvas:
    """A figure measured in CSS pixels from its top left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / 72, height / 72), dpi=72)  # 1 pixel = 1/72 inch

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """Add axes whose top left corner is at x, y."""
        left, bottom = x / self.width, 1 - (y + height) / self.height
        return self.figure.add_axes((left, bottom, width / self.width, height / self.height))


def _tidy(svg: str) -> str:
    """Remove metadata, ids of groups and font lists: they cost bytes or collide on a page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"(<[^<>]*font: [\d.]+px) [^;\"<>]*", r"\1 sans-serif", svg)
    svg = re.sub(r'(<svg[^>]*?) width="([\d.]+)pt"', r'\1 width="\2"', svg)
    svg = re.sub(r'(<svg[^>]*?) height="([\d.]+)pt"', r'\1 height="\2"', svg)
    return re.sub(r"\n\s*", "\n", svg)


def hide_frame(axes: Axes) -> None:
    """Remove frame and ticks."""
    axes.spines[:].set_visible(False)
    axes.set(xticks=[], yticks=[])


def set_row_labels(
    axes: Axes, names: Sequence[str], longest: int, size: float = 10, first: float = 0.5
) -> None:
    """Name the rows at `first`, `first` + 1 and so on, each in `longest` letters at most."""
    labels = [shorten(name, longest) for name in names]
    axes.set_yticks(first + np.arange(len(names)), labels, size=size, color=INK)
    axes.tick_params(axis="y", length=0, pad=5)


def label_width(names: Sequence[str], longest: int) -> int:
    """Return the pixels that the names of rows take."""
    return round(18 + 6.3 * max((len(shorten(name, longest)) for name in names), default=0))
