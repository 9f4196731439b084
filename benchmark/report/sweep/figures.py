"""The figure of a sweep: the rank of every strategy under every value, joined by lines."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from benchmark.analysis.axis_ranking import AxisRanking
from benchmark.report.render import colours
from benchmark.report.render.canvas import (
    PAGE_WIDTH,
    Canvas,
    hide_frame,
    label_width,
    page_style,
)
from benchmark.report.render.safe_text import shorten

NAME_LENGTH = 34  # letters of a strategy's name that are shown
LINE_HEIGHT = 20  # pixels of a position
EMPHASISED = 3  # strategies at most, those whose rank changes most


def draw_ranks(axis: AxisRanking) -> Figure | None:
    """Draw a slope chart of ranks; None for fewer than two strategies."""
    if len(axis.strategies) < 2:
        return None
    changes = axis.rank_changes.sort_values(ascending=False, kind="stable")
    emphasised = [str(name) for name in changes.index[:EMPHASISED] if changes[name] > 0]
    ranks = {name: axis.ranks_of(name) for name in axis.strategies}
    return rank_slopes(axis.values, ranks, emphasised)


def rank_slopes(
    values: Sequence[str], ranks: dict[str, list[float]], emphasised: Sequence[str]
) -> Figure:
    """Draw a line a strategy through its positions under each of D values.

    `ranks` (D,) of each strategy may be shared; positions are not, so that no two names collide.
    """
    columns = [_positions([own[k] for own in ranks.values()]) for k in range(len(values))]
    margin, top = label_width(list(ranks), NAME_LENGTH) + 28, 34
    width = min(PAGE_WIDTH - 2 * margin, 260 * (len(values) - 1))
    at = [margin + width * k / (len(values) - 1) for k in range(len(values))]
    with page_style():
        canvas = Canvas(2 * margin + width, top + LINE_HEIGHT * len(ranks) + 4)
        axes = canvas.axes(0, 0, canvas.width, canvas.height)
        axes.set(xlim=(0, canvas.width), ylim=(canvas.height, 0))
        hide_frame(axes)
        for x, value in zip(at, values, strict=True):
            axes.text(x, 4, shorten(value, 24), ha="center", va="top", size=11, color=colours.INK)
        for row, (name, own) in enumerate(ranks.items()):
            y = [top + LINE_HEIGHT * (positions[row] + 0.5) for positions in columns]
            is_strong = name in emphasised
            line: dict[str, Any] = {"color": colours.SECOND if is_strong else colours.PLAIN}
            line |= {"linewidth": 2.8 if is_strong else 1.1, "zorder": 4 if is_strong else 3}
            axes.plot(at, y, marker="o", markersize=5, **line)
            text: dict[str, Any] = {"va": "center_baseline", "size": 10, "color": colours.INK}
            label = shorten(name, NAME_LENGTH)
            axes.text(at[0] - 10, y[0], f"{label}  {own[0]:g}", ha="right", **text)
            axes.text(at[-1] + 10, y[-1], f"{own[-1]:g}  {label}", ha="left", **text)
        return canvas.figure


def _positions(ranks: Sequence[float]) -> list[int]:
    """Return the position of each rank, from 0; of equal ranks the first comes first."""
    order = sorted(range(len(ranks)), key=lambda k: (ranks[k], k))
    return [order.index(k) for k in range(len(ranks))]
