"""Reliability diagrams: is a network as often right as it says?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.report.render.canvas import (
    FAINT,
    LINE,
    PAPER,
    PLAIN,
    SECOND,
    Canvas,
    page_style,
    shorten,
)
from benchmark.report.render.formats import format_count

Reliability = Mapping[str, Sequence[float | None]]  # of `benchmark.evaluation.metrics.reliability`

# shape and filling tell them apart where colours don't
_RARE: dict[str, Any] = {"marker": "^", "color": LINE, "facecolor": LINE}
_OTHER: dict[str, Any] = {"marker": "o", "color": SECOND, "facecolor": PAPER}


def reliability_panels(reliability: Mapping[str, Reliability]) -> Figure:
    """Draw share right over confidence, a panel a strategy; a larger point stands for more images.

    Parameters
    ----------
    reliability
        For each strategy its `reliability` on the test images, `pooled_reliability` over seeds.

    Images called a class of the rare third are triangles, all others rings. Where no class is
    rare, all have one size, there are rings alone.
    """
    across = min(3, len(reliability))
    down = -(-len(reliability) // across)
    left, top, wide, high = 52, 28, 272, 206
    most = max(max(_numbers(one, "all_images").max() for one in reliability.values()), 1)
    rare_exist = any(_numbers(one, "rare_images").any() for one in reliability.values())
    with page_style():
        canvas = Canvas(left + across * (wide + 26), top + down * (high + 52) - 6)
        for place, (strategy, one) in enumerate(reliability.items()):
            x, y = place % across, place // across
            axes = canvas.axes(left + x * (wide + 26), top + y * (high + 52), wide, high)
            axes.plot([0, 1], [0, 1], color=PLAIN, linewidth=1)
            _points(axes, one, "other", most, _OTHER)
            _points(axes, one, "rare", most, _RARE)
            other = f"○ {_images(one, 'other')}" + (" called any other class" if rare_exist else "")
            axes.text(0.02, 1.21, other, color=SECOND, size=9.5)
            if rare_exist:
                axes.text(
                    0.02, 1.1, f"▲ {_images(one, 'rare')} called a rare class", color=LINE, size=9.5
                )
            axes.set_title(shorten(strategy, 44), pad=5, size=10.5)
            axes.set(xlim=(0, 1.02), ylim=(-0.03, 1.3))
            axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
            axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
            axes.grid(axis="y", color=FAINT, linewidth=0.4, alpha=0.6)
            axes.tick_params(length=0)
            if x:
                axes.set_yticklabels([])
            else:
                axes.set_ylabel("share right")
            if place + across >= len(reliability):
                axes.set_xlabel("confidence")
        return canvas.figure


def _points(axes: Axes, one: Reliability, name: str, most: float, look: dict[str, Any]) -> None:
    images = _numbers(one, f"{name}_images")
    there = images > 0
    confidence, right = (_numbers(one, f"{name}_{key}")[there] for key in ("confidence", "right"))
    if name == "other":  # a line through the few rare ones would show their chance
        axes.plot(confidence, right, color=look["color"], linewidth=0.8, zorder=3)
    axes.scatter(
        confidence,
        right,
        s=10 + 110 * np.sqrt(images[there] / most),
        marker=look["marker"],
        facecolor=look["facecolor"],
        edgecolor=look["color"],
        linewidth=1.2,
        zorder=4,
        clip_on=False,
    )


def _images(one: Reliability, name: str) -> str:
    number = _numbers(one, f"{name}_images").sum()
    return f"{format_count(number)} {'image' if number == 1 else 'images'}"


def _numbers(one: Reliability, key: str) -> np.ndarray:
    return np.array(one[key], dtype=float)  # None, as JSON has NaN, becomes NaN


CAPTION = (
    "Share of test images that are right over the network's confidence in the class it calls, "
    "before a decision fitted after training, in ten equal steps; below the diagonal it is too "
    "sure of itself. Larger: more images. Triangles: images called a class of the third with "
    "fewest training images."
)
