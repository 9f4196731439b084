"""The figures of a study: what each setting adds, and what each remedy buys.

Both are narrow, so that a telephone shows them whole. What is clear and what is not differ in shape
or hatching too, so that they can be told apart without colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.analysis.contrasts import direction
from benchmark.analysis.study import StudyTables
from benchmark.report.render import blocks, colours
from benchmark.report.render.canvas import (
    Canvas,
    figure_block,
    hide_frame,
    label_width,
    page_style,
    set_row_labels,
)
from benchmark.report.render.formats import add_sign, format_count, format_percent, format_share
from benchmark.report.render.safe_text import shorten
from benchmark.report.sweep.words import with_noun
from benchmark.system.text import join_names

FIGURES = ("shares", "remedies")
WIDTH = 366  # pixels: what a telephone of 400 shows
STEP = 44  # pixels of a bar with its label above it
LINE = 21  # pixels of a strategy
COUNTS = 98  # pixels of the counts beside it
NAME_LENGTH = 25  # letters of a strategy's name that are shown
TEXT = 11

Row = Mapping[Any, Any]


def share_figure(tables: StudyTables, metric: str = "accuracy") -> blocks.Figure | None:
    """Return the way from the run in question to that with all settings improved, step by step.

    None where fewer than two settings are improved.
    """
    rows = tables.shares[tables.shares["metric"] == metric].to_dict("records")
    if len(rows) < 2:
        return None
    rows.sort(key=lambda row: -row["effect"])
    start = float(tables.baseline.iloc[0][metric])
    parts = [f"{_plain(row)} {_signed(row['effect'])}" for row in rows]
    end = start + rows[0]["total"]
    alt = (
        f"Accuracy on test images rises or falls from {format_share(start)} to "
        f"{format_share(end)}: {join_names(parts)}."
    )
    caption = (
        "From the run in question to that with all settings improved: accuracy of the baseline on "
        "test images, and the part of each setting in the change. Lines are 95 % intervals of a "
        "part, or of the whole change. Grey: the interval includes 0. Hatched: it lowers accuracy."
    )
    return figure_block("shares", draw_shares(start, rows), caption, alt)


def draw_shares(start: float, rows: Sequence[Row]) -> Figure:
    """Draw a bar from 0 to the start, one for each part from where the last ended, and the end."""
    total, height = rows[0], STEP * (len(rows) + 2) + 24
    with page_style():
        canvas = Canvas(WIDTH, height)
        axes = canvas.axes(8, 0, WIDTH - 20, height - 22)
        axes.set(xlim=(0, 1), ylim=(len(rows) + 2, 0), yticks=[])
        axes.set_xticks(np.linspace(0, 1, 5), ["0", ".25", ".50", ".75", "1"], size=TEXT)
        axes.spines["left"].set_visible(False)
        for k in range(len(rows) + 2):  # not through the labels
            at_bar = (k + 0.46, k + 0.86)
            axes.vlines(np.linspace(0, 1, 5), *at_bar, color=colours.FAINT, linewidth=0.8, zorder=0)
        _bar(axes, 0, 0.0, start, "The run in question", format_share(start), colours.PLAIN)
        at = start
        for k, row in enumerate(rows, start=1):
            sign = direction(row["low"], row["high"])
            colour = {1: colours.SECOND, -1: colours.LINE, 0: colours.FAINT}[sign]
            share = format_percent(row["share"]) if row["share"] == row["share"] else ""
            value = _signed(row["effect"]) + (f", {share} of it" if share else "")
            label = f"with {_plain(row)}"
            _bar(axes, k, at, row["effect"], label, value, colour, row["effect"] < 0)
            _whisker(axes, k, at + row["low"], at + row["high"])
            at += row["effect"]
        end = start + total["total"]
        label = "with both" if len(rows) == 2 else f"with all {len(rows)}"
        _bar(axes, len(rows) + 1, 0.0, end, label, format_share(end), colours.PLAIN)
        bounds = (start + total[f"total_{bound}"] for bound in ("low", "high"))
        _whisker(axes, len(rows) + 1, *bounds)
        return canvas.figure


def _bar(
    axes: Axes,
    row: int,
    start: float,
    width: float,
    label: str,
    value: str,
    colour: str,
    is_hatched: bool = False,
) -> None:
    hatch: dict[str, Any] = {"hatch": "////", "edgecolor": colours.PAPER} if is_hatched else {}
    axes.barh(row + 0.66, width, left=start, height=0.34, color=colour, linewidth=0, **hatch)
    text: dict[str, Any] = {"size": TEXT, "color": colours.INK, "va": "center_baseline"}
    axes.text(0, row + 0.3, shorten(label, 40), **text)
    axes.text(1, row + 0.3, value, ha="right", **text)


def _whisker(axes: Axes, row: int, low: float, high: float) -> None:
    """Draw an interval on a bar: dark on a light rim, which both ends of it can be seen on."""
    low, high = np.clip((low, high), 0, 1)
    for colour, width in ((colours.PAPER, 4.0), (colours.INK, 1.4)):
        axes.plot([low, high], [row + 0.66] * 2, color=colour, linewidth=width, zorder=4)
    for end in (low, high):
        axes.plot([end] * 2, [row + 0.58, row + 0.74], color=colours.INK, linewidth=1.4, zorder=5)


def remedy_figure(tables: StudyTables) -> blocks.Figure | None:
    """Return what each remedy changes in macro-F1, with intervals, and what it never predicts."""
    rows = tables.remedies.dropna(subset=["macro_f1_change"])
    rows = rows.sort_values("macro_f1_change", ascending=False, kind="stable")
    if rows.empty:
        return None
    baseline = tables.baseline.iloc[0]
    own = rows.to_dict("records")
    best, worst = own[0], own[-1]
    alt = (
        f"Change of macro-F1 by {len(own)} strategies, from {best['strategy']} "
        f"({_signed(best['macro_f1_change'])}) to {worst['strategy']} "
        f"({_signed(worst['macro_f1_change'])}); the numbers are in the table."
    )
    caption = (
        "Macro-F1 of each strategy minus the baseline's, in the run in question, with 95 % "
        "intervals. Triangle up: clearly higher; down: clearly lower; circle: not clear."
    )
    never = float(baseline["never_predicted"])
    counts = [never, *(float(row["never_predicted"]) for row in own)]
    if any(counts):
        mean = ", mean over the seeds" if baseline["seeds"] > 1 else ""
        caption += f" On the right: classes that it never predicts{mean}."
    figure = draw_remedies(str(baseline["strategy"]), own, counts)
    return figure_block("remedies", figure, caption, alt)


def draw_remedies(baseline: str, rows: Sequence[Row], never: Sequence[float]) -> Figure:
    """Draw a line a strategy, the baseline first; `never` are its classes never predicted."""
    names = [baseline, *(str(row["strategy"]) for row in rows)]
    left, top, right = label_width(names, NAME_LENGTH), 24, COUNTS if any(never) else 8
    height = LINE * len(names)
    ends = [row[f"macro_f1_{end}"] for row in rows for end in ("low", "high")]
    low, high = min(0.0, *ends), max(0.0, *ends)
    margin = 0.06 * (high - low) or 0.05
    with page_style():
        canvas = Canvas(WIDTH, top + height + 24)
        axes = canvas.axes(left, top, WIDTH - left - right, height)
        axes.set(xlim=(low - margin, high + margin), ylim=(len(names), 0))
        set_row_labels(axes, names, NAME_LENGTH)
        axes.locator_params(axis="x", nbins=3)
        axes.xaxis.set_major_formatter(lambda value, _: _signed(value, 2) if value else "0")
        axes.spines["left"].set_visible(False)
        axes.set_title("Macro-F1, change", size=10, color=colours.MUTED)
        axes.axvline(0, color=colours.MUTED, linewidth=1)
        axes.plot(0, 0.5, marker="|", markersize=9, color=colours.INK)
        for k, row in enumerate(rows, start=1):
            _dot(axes, k + 0.5, *(row[f"macro_f1_{end}"] for end in ("change", "low", "high")))
        if any(never):
            counts = canvas.axes(WIDTH - right + 14, top, right - 14, height)
            _draw_counts(counts, never)
        return canvas.figure


def _draw_counts(axes: Axes, never: Sequence[float]) -> None:
    """Draw a bar with its number for each count."""
    hide_frame(axes)
    axes.set(xlim=(0, 1.6 * max(never)), ylim=(len(never), 0))
    axes.set_title("Never predicted", size=10, color=colours.MUTED)
    rows = np.arange(len(never)) + 0.5
    axes.barh(rows, never, height=0.5, color=colours.PLAIN, linewidth=0)
    for y, count in zip(rows, never, strict=True):
        at = count + 0.05 * max(never)  # a leading space is lost in SVG
        text: dict[str, Any] = {"size": 10, "color": colours.INK, "va": "center_baseline"}
        axes.text(at, y, format_count(count), **text)


def _dot(axes: Axes, y: float, value: float, low: float, high: float) -> None:
    sign = direction(low, high)
    colour = {1: colours.SECOND, -1: colours.LINE, 0: colours.PLAIN}[sign]
    marker = {1: "^", -1: "v", 0: "o"}[sign]
    axes.plot([low, high], [y, y], color=colour, linewidth=1.4)
    face = colour if sign else colours.PAPER
    axes.plot(value, y, marker=marker, markersize=6.5, color=colour, markerfacecolor=face)


def _plain(row: Row) -> str:
    """Return a setting with its value, without the marks of code, which a drawing does not know."""
    return with_noun(row["setting"], row["value"]).replace("`", "")


def _signed(value: float, digits: int = 3) -> str:
    return add_sign(format_share(value, digits))
