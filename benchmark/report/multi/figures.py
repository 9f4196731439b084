"""The figures of a report on several data sets: differences from the baseline, and mean ranks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.multi_dataset import MultiDatasetComparison
from benchmark.analysis.run_grid import NOT_RUN, RANKED_BY, RunGrid
from benchmark.evaluation.statistics.ranks import cliques
from benchmark.report.render import colours
from benchmark.report.render.canvas import (
    PAGE_WIDTH,
    Canvas,
    hide_frame,
    label_width,
    page_style,
    set_row_labels,
)
from benchmark.report.render.formats import add_sign, format_share
from benchmark.report.render.safe_text import shorten

FIGURES = ("differences", "ranks")
DATASETS_FOR_RANKS = 5  # with fewer, mean ranks mean little, and a picture would hide that


def all_figures(comparison: MultiDatasetComparison) -> dict[str, Figure]:
    """Draw what there are numbers for: differences and, from five data sets on, mean ranks."""
    figures = {}
    if drawing := draw_differences(comparison):
        figures["differences"] = drawing
    leaderboard = comparison.leaderboard[comparison.leaderboard["mean_rank"].notna()]
    if len(leaderboard) > 1 and leaderboard["ranked"].max() >= DATASETS_FOR_RANKS:
        strategies = comparison.common_strategies
        alike = cliques(len(strategies), comparison.pair_tests)
        figures["ranks"] = rank_axis(strategies, leaderboard["mean_rank"].tolist(), alike)
    return figures


def draw_differences(comparison: RunGrid) -> Figure | None:
    """Draw every strategy's differences from the baseline, a panel a run; None without any."""
    others = [name for name in comparison.strategies if name != comparison.baseline]
    if not others or not comparison.scores["difference"].notna().any():
        return None
    runs = comparison.runs
    differences = [[_differences(run, name) for run in runs] for name in others]
    missing = [[_reason_missing(run, name) for run in runs] for name in others]
    return difference_dots(others, comparison.names, differences, missing)


def _differences(run: Comparison, strategy: str) -> np.ndarray:
    """Return a strategy's differences (n,), one per seed; empty where it is not compared."""
    if strategy == run.baseline or not {strategy, run.baseline} <= {*run.finished_in_all_seeds}:
        return np.empty(0)
    return run.paired_differences(strategy, RANKED_BY)


def _reason_missing(run: Comparison, strategy: str) -> str:
    """Return why a strategy has no differences, in a word or two."""
    if strategy == run.baseline:
        return "baseline"
    statuses = dict(zip(run.summary["strategy"], run.summary["status"], strict=True))
    status = statuses.get(strategy, NOT_RUN)
    return "no baseline" if status == "ok" else status


NAME_LENGTH = 34  # letters of a strategy's name that are shown


def difference_dots(
    strategies: Sequence[str],
    runs: Sequence[str],
    differences: Sequence[Sequence[np.ndarray]],
    missing: Sequence[Sequence[str]],
) -> Figure:
    """Draw one panel per run on one scale: one ring per seed, a bar from 0 to their mean.

    `differences` from the baseline are (S, D) arrays (n,), one number per seed. Where they are
    empty, the word in `missing` (S, D) is shown.
    """
    s, d = len(strategies), len(runs)
    left, top, row_height, gap = label_width(strategies, NAME_LENGTH), 28, 22, 22
    columns = min(d, 6)
    rows = -(-d // columns)
    width = int(np.clip((PAGE_WIDTH - left) / columns - gap, 105, 230))
    panel_height = top + s * row_height + 34
    limits = _limits(differences)
    with page_style():
        canvas = Canvas(left + columns * (width + gap), rows * panel_height - 12)
        for k, run in enumerate(runs):
            x, y = left + k % columns * (width + gap), k // columns * panel_height + top
            axes = canvas.axes(x, y, width, s * row_height)
            axes.set(xlim=limits, ylim=(s - 0.4, -0.6))
            axes.axvline(0, color=colours.MUTED, linewidth=0.8)
            for row in range(s):
                _draw_differences(
                    axes, row, np.asarray(differences[row][k], float), missing[row][k]
                )
            axes.set_title(shorten(run, int(width / 6.2)), pad=6, size=10.5)
            axes.grid(axis="y", color=colours.FAINT, linewidth=0.5)
            axes.spines["left"].set_visible(False)
            axes.tick_params(length=0)
            axes.locator_params(axis="x", nbins=4 if width < 160 else 5)
            axes.xaxis.set_major_formatter(
                lambda value, _: add_sign(format_share(value, 2)) if value else "0"
            )
            labels = strategies if k % columns == 0 else [""] * s
            set_row_labels(axes, labels, NAME_LENGTH, first=0)
        return canvas.figure


def _limits(differences: Sequence[Sequence[np.ndarray]]) -> tuple[float, float]:
    values = np.concatenate([np.ravel(cell) for row in differences for cell in row])
    values = values[np.isfinite(values)]
    low, high = min(values.min(initial=0), 0), max(values.max(initial=0), 0)
    margin = max(0.08 * (high - low), 0.005)
    return low - margin, high + margin


def _draw_differences(axes: Axes, row: int, values: np.ndarray, missing: str) -> None:
    values = values[np.isfinite(values)]
    if not len(values):
        low, high = axes.get_xlim()
        to_the_right = high >= -low
        offset, ha = (5, "left") if to_the_right else (-5, "right")
        style: dict[str, Any] = {"va": "center_baseline", "size": 9, "color": colours.MUTED}
        axes.annotate(missing, (0, row), (offset, 0), textcoords="offset points", ha=ha, **style)
        return
    mean = values.mean()
    colour = colours.SECOND if mean > 0 else colours.LINE
    axes.plot([0, mean], [row, row], color=colour, linewidth=5, solid_capstyle="butt", zorder=3)
    if len(values) > 1:
        ring: dict[str, Any] = {"markeredgecolor": colours.INK, "markeredgewidth": 0.9, "zorder": 4}
        ring |= {"markerfacecolor": "none", "markersize": 4.5}  # a filled ring would hide the bar
        axes.plot(values, np.full(len(values), row), "o", **ring)


def rank_axis(
    strategies: Sequence[str], means: Sequence[float], groups: Sequence[Sequence[int]]
) -> Figure:
    """Draw strategies on an axis of mean ranks, the best to the right, with a bar for each group.

    The layout of critical-difference diagrams (Demšar 2006, JMLR 7, figure 1). `groups` hold
    indices of strategies. A bar has a dot at each of its members: it may pass over others.
    """
    s, ordered = len(strategies), sorted(range(len(strategies)), key=lambda k: (-means[k], k))
    halves = ordered[: s // 2], ordered[s // 2 :][::-1]  # left and right, outermost first
    margin = label_width(strategies, NAME_LENGTH) + 34  # with the number
    width, top, line, step = max(PAGE_WIDTH - 2 * margin - 20, 300), 44, 19, 10
    begin = len(groups) * step + 22  # of the labels, below the axis
    with page_style():
        canvas = Canvas(2 * margin + width, top + begin + max(map(len, halves)) * line + 4)
        axes = canvas.axes(0, 0, canvas.width, canvas.height)
        axes.set(xlim=(0, canvas.width), ylim=(canvas.height, 0))
        hide_frame(axes)

        def at(rank: float) -> float:
            return margin + width * (s - rank) / max(s - 1, 1)

        muted: dict[str, Any] = {"color": colours.MUTED}
        axes.plot([at(s), at(1)], [top, top], **muted, linewidth=1)
        for rank in range(1, s + 1):
            axes.plot([at(rank)] * 2, [top - 5, top], **muted, linewidth=1)
            axes.text(at(rank), top - 9, str(rank), ha="center", va="bottom", size=10, **muted)
        title = "mean rank: best to the right"
        axes.text(at(1), 4, title, ha="right", va="top", size=9.5, **muted)
        for half, edge, direction in ((halves[0], margin, -1), (halves[1], margin + width, 1)):
            for row, k in enumerate(half):
                x, y, end = at(means[k]), top + begin + row * line, edge + direction * 8
                axes.plot([x, x, end], [top, y, y], **muted, linewidth=0.9)
                axes.plot(x, top, "o", color=colours.LINE, markersize=4.5, zorder=4)
                _draw_label(axes, end, y, direction, f"{means[k]:.2f}", strategies[k])
        for row, members in enumerate(groups):
            y, ranks = top + 12 + row * step, [means[k] for k in members]
            axes.plot([at(max(ranks)), at(min(ranks))], [y, y], color=colours.INK, linewidth=3.2)
            for mean in ranks:
                axes.plot(at(mean), y, "o", color=colours.INK, markersize=5.5, zorder=4)
        return canvas.figure


def _draw_label(axes: Axes, x: float, y: float, direction: int, number: str, name: str) -> None:
    style: dict[str, Any] = {"ha": "left" if direction > 0 else "right", "va": "center_baseline"}
    axes.text(x + direction * 5, y, number, size=9.5, color=colours.MUTED, **style)
    name = shorten(name, NAME_LENGTH)
    axes.text(x + direction * 37, y, name, size=10, color=colours.INK, **style)
