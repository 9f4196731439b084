"""Drawings over several data sets: changes against the baseline, and the axis of mean ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.report.render.canvas import (
    FAINT,
    INK,
    LINE,
    MUTED,
    PAGE_WIDTH,
    SECOND,
    Canvas,
    hide_frame,
    label_width,
    page_style,
    set_row_labels,
    shorten,
)
from benchmark.report.render.formats import add_sign, format_share

NAME = 34  # letters of a strategy's name that are shown


def change_dots(
    strategies: Sequence[str],
    datasets: Sequence[str],
    changes: Sequence[Sequence[np.ndarray]],
    instead: Sequence[Sequence[str]],
) -> Figure:
    """Draw a panel a data set on one scale: a ring a seed, a bar from 0 to their mean.

    Parameters
    ----------
    strategies, datasets
        S and D names.
    changes
        For each strategy and data set (n,) differences from the baseline, one a seed; or none.
    instead
        (S, D) words that stand where there are none.
    """
    s, d = len(strategies), len(datasets)
    left, top, high, gap = label_width(strategies, NAME), 28, 22, 22
    across = min(d, 6)
    down = -(-d // across)
    wide = int(np.clip((PAGE_WIDTH - left) / across - gap, 105, 230))
    row = top + s * high + 34
    every = np.concatenate([np.ravel(one) for of in changes for one in of])
    low, up = min(every.min(initial=0), 0), max(every.max(initial=0), 0)
    pad = max(0.08 * (up - low), 0.005)
    with page_style():
        canvas = Canvas(left + across * (wide + gap), down * row - 12)
        for place, dataset in enumerate(datasets):
            x, y = left + place % across * (wide + gap), place // across * row + top
            axes = canvas.axes(x, y, wide, s * high)
            axes.set(xlim=(low - pad, up + pad), ylim=(s - 0.4, -0.6))
            axes.axvline(0, color=MUTED, linewidth=0.8)
            for k, (values, word) in enumerate(
                zip(
                    (of[place] for of in changes),
                    (of[place] for of in instead),
                    strict=True,
                )
            ):
                _change(axes, k, np.asarray(values, float), word)
            axes.set_title(shorten(dataset, int(wide / 6.2)), pad=6, size=10.5)
            axes.grid(axis="y", color=FAINT, linewidth=0.5)
            axes.spines["left"].set_visible(False)
            axes.tick_params(length=0)
            axes.locator_params(axis="x", nbins=4 if wide < 160 else 5)
            axes.xaxis.set_major_formatter(
                lambda value, _: add_sign(format_share(value, 2)) if value else "0"
            )
            labels = strategies if place % across == 0 else [""] * s
            set_row_labels(axes, labels, NAME, first=0)
        return canvas.figure


def rank_axis(
    strategies: Sequence[str], means: Sequence[float], groups: Sequence[Sequence[int]]
) -> Figure:
    """Draw strategies on an axis of mean ranks, the best to the right, with a bar for each group.

    The layout of critical-difference diagrams (Demšar 2006, JMLR 7, figure 1); `groups` hold
    places of strategies. A bar has a dot at each of its members: one may pass over a strategy.
    """
    s, ordered = len(strategies), sorted(range(len(strategies)), key=lambda k: (-means[k], k))
    halves = ordered[: s // 2], ordered[s // 2 :][::-1]  # left and right, outermost first
    side = label_width(strategies, NAME) + 34  # with the number
    wide, top, line, step = max(PAGE_WIDTH - 2 * side - 20, 300), 44, 19, 10
    begin = len(groups) * step + 22  # of the labels, below the axis
    with page_style():
        canvas = Canvas(2 * side + wide, top + begin + max(map(len, halves)) * line + 4)
        axes = canvas.axes(0, 0, canvas.width, canvas.height)
        axes.set(xlim=(0, canvas.width), ylim=(canvas.height, 0))
        hide_frame(axes)

        def at(rank: float) -> float:
            return side + wide * (s - rank) / max(s - 1, 1)

        axes.plot([at(s), at(1)], [top, top], color=MUTED, linewidth=1)
        for rank in range(1, s + 1):
            axes.plot([at(rank)] * 2, [top - 5, top], color=MUTED, linewidth=1)
            axes.text(at(rank), top - 9, str(rank), ha="center", va="bottom", size=10, color=MUTED)
        what: dict[str, Any] = {"ha": "right", "va": "top", "size": 9.5, "color": MUTED}
        axes.text(at(1), 4, "mean rank: best to the right", **what)
        for half, edge, sign in ((halves[0], side, -1), (halves[1], side + wide, 1)):
            for place, k in enumerate(half):
                x, y = at(means[k]), top + begin + place * line
                end = edge + sign * 8
                axes.plot([x, x, end], [top, y, y], color=MUTED, linewidth=0.9)
                axes.plot(x, top, "o", color=LINE, markersize=4.5, zorder=4)
                look: dict[str, Any] = {
                    "ha": "left" if sign > 0 else "right",
                    "va": "center_baseline",
                }
                number = f"{means[k]:.2f}"
                axes.text(end + sign * 5, y, number, size=9.5, color=MUTED, **look)
                name = shorten(strategies[k], NAME)
                axes.text(end + sign * 37, y, name, size=10, color=INK, **look)
        for place, members in enumerate(groups):
            y, ranks = top + 12 + place * step, [means[k] for k in members]
            axes.plot([at(max(ranks)), at(min(ranks))], [y, y], color=INK, linewidth=3.2)
            for mean in ranks:
                axes.plot(at(mean), y, "o", color=INK, markersize=5.5, zorder=4)
        return canvas.figure


def _change(axes: Axes, row: int, values: np.ndarray, word: str) -> None:
    values = values[np.isfinite(values)]
    if not len(values):
        low, up = axes.get_xlim()
        at_right = up >= -low
        axes.annotate(
            word,
            (0, row),
            (5 if at_right else -5, 0),
            textcoords="offset points",
            ha="left" if at_right else "right",
            va="center_baseline",
            size=9,
            color=MUTED,
        )
        return
    mean = values.mean()
    colour = SECOND if mean > 0 else LINE
    axes.plot([0, mean], [row, row], color=colour, linewidth=5, solid_capstyle="butt", zorder=3)
    if len(values) > 1:
        axes.plot(
            values,
            np.full(len(values), row),
            "o",
            markerfacecolor="none",  # or the bar could not be seen below them
            markeredgecolor=INK,
            markersize=4.5,
            markeredgewidth=0.9,
            zorder=4,
        )
