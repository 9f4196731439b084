"""The figure of a sweep: metrics against the values of a setting, a panel for the other values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.analysis.sweep import SweepComparison
from benchmark.analysis.value_order import values_in_order
from benchmark.report.render import colours
from benchmark.report.render.canvas import PAGE_WIDTH, Canvas, page_style
from benchmark.report.render.safe_text import shorten
from benchmark.report.sweep.words import noun

PANELS_PER_ROW = 4  # fit beside each other
ROW_HEIGHT, LEFT, RIGHT, TOP, GAP = 150, 62, 12, 44, 26  # pixels
# colour, mark and width of the first strategies beside the baseline; the others are grey
_STYLES = (
    (colours.LINE, "s", 1.6),
    (colours.SECOND, "^", 1.6),
    (colours.PLAIN, "D", 1.6),
    (colours.MUTED, "v", 1.6),
)
_BASELINE, _REST = (colours.INK, "o", 2.2), (colours.FAINT, "", 1.0)
LEGEND_COLUMNS = 3

Style = tuple[str, str, float]
# column of `SweepComparison.cells` -> its name beside the panels
METRICS = {
    "macro_f1": "Macro-F1, test",
    "never_predicted": "Classes never predicted",
    "gap": "Accuracy, train − test",
}


METRIC_FIGURES = {"macro_f1": "macro-f1", "never_predicted": "never-predicted", "gap": "gap"}


@dataclass(frozen=True)
class Panel:
    """Lines over the values of a setting, where the other settings have one value each."""

    title: str
    lines: Mapping[str, Sequence[float]]  # strategy -> (V,), NaN where it did not finish


def draw_multiples(comparison: SweepComparison, metric: str) -> Figure | None:
    """Draw a metric of `cells` against the values of the setting that has most; None without runs.

    One panel for each combination of the other settings, all on one scale.
    """
    setting = max(comparison.settings, key=lambda s: len(comparison.values_of(s)))
    values, panels = in_order(comparison, setting), panels_of(comparison, setting, metric)
    if len(values) < 2 or not panels:
        return None
    return small_multiples(values, panels, METRICS[metric], noun(setting), comparison.baseline)


def in_order(comparison: SweepComparison, setting: str) -> tuple[str, ...]:
    """Return the values of a setting from small to large; without an order, as they were given."""
    return values_in_order(comparison, setting) or comparison.values_of(setting)


def panels_of(comparison: SweepComparison, setting: str, metric: str) -> list[Panel]:
    """Return the panels of a metric: strategies' lines over the values of a setting."""
    k = comparison.settings.index(setting)
    values = in_order(comparison, setting)
    cells = comparison.cells.set_index([comparison.axis, "strategy"])[metric].astype(float)
    names = dict(zip(comparison.values, comparison.names, strict=True))
    others = dict.fromkeys((own[:k], own[k + 1 :]) for own in comparison.values)
    others_named = [s for s in comparison.settings if s != setting]
    panels = []
    for before, after in others:
        runs = [names.get((*before, value, *after)) for value in values]
        lines = {
            strategy: [float(cells.get((run, strategy), np.nan)) for run in runs]
            for strategy in comparison.strategies
        }
        pairs = zip(others_named, (*before, *after), strict=True)
        panels.append(Panel(", ".join(f"{noun(s)} {value}" for s, value in pairs), lines))
    return panels


def small_multiples(
    values: Sequence[str],
    panels: Sequence[Panel],
    metric: str,
    title: str,
    baseline: str | None,
) -> Figure:
    """Draw the panels in rows of PANELS_PER_ROW on one scale, and a legend of the strategies."""
    styles = styles_of(list(panels[0].lines), baseline)
    rows, number = -(-len(panels) // PANELS_PER_ROW), min(len(panels), PANELS_PER_ROW)
    width = min(300.0, (PAGE_WIDTH - LEFT - RIGHT - GAP * (number - 1)) / number)
    legend = 22 * -(-len(_labels(styles)) // LEGEND_COLUMNS) + 14
    lines = [line for panel in panels for line in panel.lines.values()]
    finite = [value for line in lines for value in line if np.isfinite(value)] or [0.0, 1.0]
    least = 1.0 if metric == METRICS["never_predicted"] else 0.1  # half a class is no range
    low, span = min(finite), max(max(finite) - min(finite), least)
    margin = 0.08 * span
    with page_style():
        whole = max(LEFT + number * width + (number - 1) * GAP + RIGHT, 560)
        canvas = Canvas(whole, legend + rows * (ROW_HEIGHT + TOP + GAP) + 6)
        for index, panel in enumerate(panels):
            row, column = divmod(index, PANELS_PER_ROW)
            x, y = LEFT + column * (width + GAP), legend + TOP + row * (ROW_HEIGHT + TOP + GAP)
            axes = canvas.axes(x, y - 14, width, ROW_HEIGHT)
            axes.set_ylim(low - margin, low + span + margin)
            _draw_panel(axes, values, panel, styles)
            axes.set_xlabel(title, size=9.5, labelpad=2)
            if column == 0:
                axes.set_ylabel(metric, size=9.5)
            else:
                axes.set_yticklabels([])
        _draw_legend(canvas, styles)
        return canvas.figure


def styles_of(strategies: Sequence[str], baseline: str | None) -> dict[str, Style]:
    """Return the style of each strategy's line."""
    others = [name for name in strategies if name != baseline]
    styles = dict.fromkeys(others, _REST) | dict(zip(others, _STYLES, strict=False))
    return {name: _BASELINE if name == baseline else styles[name] for name in strategies}


def _draw_panel(
    axes: Axes, values: Sequence[str], panel: Panel, styles: Mapping[str, Style]
) -> None:
    """Draw one line a strategy, those with a style of their own on top."""
    at = np.arange(len(values))
    for name, (colour, mark, width) in styles.items():
        line, order = panel.lines[name], 3 if (colour, mark, width) == _REST else 4
        axes.plot(at, line, color=colour, marker=mark, markersize=5, linewidth=width, zorder=order)
    axes.set_xticks(at, [shorten(value, 12) for value in values], size=9)
    axes.set_xlim(-0.25, len(values) - 0.75)
    axes.tick_params(axis="both", length=3)
    if panel.title:
        axes.set_title(shorten(panel.title, 42), size=9.5)


def _labels(styles: Mapping[str, Style]) -> list[tuple[str, Style]]:
    """Return the entries of the legend: each strategy with its style, and the rest together."""
    labels = [(name, style) for name, style in styles.items() if style != _REST]
    rest = len(styles) - len(labels)
    return labels + [(f"{rest} more", _REST)] * (rest > 0)


def _draw_legend(canvas: Canvas, styles: Mapping[str, Style]) -> None:
    axes = canvas.axes(0, 0, canvas.width, canvas.height)
    axes.set(xlim=(0, canvas.width), ylim=(canvas.height, 0))
    axes.axis("off")
    step = canvas.width / LEGEND_COLUMNS
    for index, (name, (colour, mark, width)) in enumerate(_labels(styles)):
        row, column = divmod(index, LEGEND_COLUMNS)
        x, y = 12 + column * step, 14 + 22 * row
        axes.plot([x, x + 26], [y, y], color=colour, linewidth=width)
        axes.plot(x + 13, y, color=colour, marker=mark, markersize=5)
        label = shorten(name, 26)
        axes.text(x + 34, y, label, size=9.5, color=colours.INK, va="center_baseline")
