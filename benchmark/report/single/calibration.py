"""Calibration: how often a network is right when it states a confidence."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.metrics.calibration import pooled_reliability
from benchmark.report.render import colours
from benchmark.report.render.blocks import Block
from benchmark.report.render.canvas import Canvas, figure_block, page_style
from benchmark.report.render.safe_text import shorten
from benchmark.report.single.metric_tables import priors_table
from benchmark.report.single.shot_groups import few_images_phrase
from benchmark.report.single.strategies import probability_titles
from benchmark.system.text import pluralize

Reliability = Mapping[str, Sequence[float | None]]  # see `benchmark.evaluation.metrics.calibration`

# shape and filling differ, for readers who can't tell the colours apart
_STYLES = {
    "rare": {"marker": "^", "edgecolor": colours.LINE, "facecolor": colours.LINE},
    "other": {"marker": "o", "edgecolor": colours.SECOND, "facecolor": colours.PAPER},
}


def calibration_section(comparison: Comparison) -> Iterator[Block]:
    """Yield reliability diagrams, and the metrics that depend on the class prior."""
    if figure := draw_reliability(comparison):
        yield figure_block(
            "reliability",
            figure,
            "Share of correct test images by the network's confidence in the class it predicts, in "
            "ten equal steps, before a decision fitted after training, unless it corrects "
            "probabilities. Below the diagonal the network is overconfident. Larger points: more "
            "images. Triangles: images predicted as "
            f"a class {few_images_phrase(comparison)}.",
            "Accuracy by confidence, one panel per strategy; the tables of further metrics have "
            "the calibration errors, reliability.csv the points.",
        )
    if table := priors_table(comparison):
        yield table


def draw_reliability(comparison: Comparison) -> Figure | None:
    """Draw the reliability of every network, all seeds pooled; None where none finished."""
    by_strategy = comparison.findings.reliability
    pooled = {
        title: pooled_reliability(by_strategy[name])
        for name, title in probability_titles(comparison).items()
        if name in by_strategy
    }
    return reliability_panels(pooled) if pooled else None


def reliability_panels(reliability: Mapping[str, Reliability]) -> Figure:
    """Draw accuracy by confidence, one panel per strategy; a larger point stands for more images.

    Images predicted as a rare class are triangles, all others rings. Where no class is rare,
    because all have one size, there are only rings. `reliability` is `pooled_reliability` by title.
    """
    panels_per_row = min(3, len(reliability))
    rows = -(-len(reliability) // panels_per_row)
    left, top, width, height = 52, 28, 272, 206
    most = max(max(_numbers(bins, "all_images").max() for bins in reliability.values()), 1)
    rare_exist = any(_numbers(bins, "rare_images").any() for bins in reliability.values())
    with page_style():
        canvas = Canvas(left + panels_per_row * (width + 26), top + rows * (height + 52) - 6)
        for index, (title, bins) in enumerate(reliability.items()):
            x, y = index % panels_per_row, index // panels_per_row
            axes = canvas.axes(left + x * (width + 26), top + y * (height + 52), width, height)
            axes.plot([0, 1], [0, 1], color=colours.PLAIN, linewidth=1)
            _points(axes, bins, "other", most)
            _points(axes, bins, "rare", most)
            other = " predicted as another class" if rare_exist else ""
            other = f"○ {_images(bins, 'other')}{other}"
            axes.text(0.02, 1.21, other, color=colours.SECOND, size=9.5)
            if rare_exist:
                rare = f"▲ {_images(bins, 'rare')} predicted as a rare class"
                axes.text(0.02, 1.1, rare, color=colours.LINE, size=9.5)
            axes.set_title(shorten(title, 44), pad=5, size=10.5)
            axes.set(xlim=(0, 1.02), ylim=(-0.03, 1.3))
            ticks = [0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"]
            axes.set_xticks(*ticks)
            axes.set_yticks(*ticks)
            axes.grid(axis="y", color=colours.FAINT, linewidth=0.4, alpha=0.6)
            axes.tick_params(length=0)
            if x:
                axes.set_yticklabels([])
            else:
                axes.set_ylabel("accuracy")
            if index + panels_per_row >= len(reliability):
                axes.set_xlabel("confidence")
        return canvas.figure


def _points(axes: Axes, bins: Reliability, name: str, most: float) -> None:
    images = _numbers(bins, f"{name}_images")
    has_images = images > 0
    confidence, accuracy = (
        _numbers(bins, f"{name}_{key}")[has_images] for key in ("confidence", "accuracy")
    )
    if name == "other":  # a line through the few rare points would show noise
        axes.plot(confidence, accuracy, color=colours.SECOND, linewidth=0.8, zorder=3)
    size = 10 + 110 * np.sqrt(images[has_images] / most)
    style: dict[str, Any] = _STYLES[name] | {"linewidth": 1.2, "zorder": 4, "clip_on": False}
    axes.scatter(confidence, accuracy, s=size, **style)


def _images(bins: Reliability, name: str) -> str:
    return pluralize(int(_numbers(bins, f"{name}_images").sum()), "image", "images")


def _numbers(bins: Reliability, key: str) -> np.ndarray:
    return np.array(bins[key], dtype=float)  # None, as JSON has NaN, becomes NaN
