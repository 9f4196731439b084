"""Reliability diagrams draw what was counted."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.evaluation.metrics.calibration import reliability
from benchmark.report.render.canvas import PAGE_WIDTH, to_svg
from benchmark.report.single.calibration import reliability_panels


def counted(seed: int, images: int = 300, classes: int = 6, balanced: bool = False):
    rng = np.random.default_rng(seed)
    counts = np.full(classes, 9) if balanced else np.arange(classes, 0, -1) * 10
    log_p = np.log(rng.dirichlet(np.full(classes, 0.5), images))
    return reliability(rng.integers(0, classes, images), log_p, counts)


def texts(figure, panel: int) -> list[str]:
    return [text.get_text() for text in figure.axes[panel].texts]


def test_points_lie_where_the_numbers_say() -> None:
    bins = counted(0)
    figure = reliability_panels({"no_change": bins, "focal_loss": counted(1)})
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["no_change", "focal_loss"]
    other, rare = figure.axes[0].collections
    for points, name in ((other, "other"), (rare, "rare")):
        has_images = np.array(bins[f"{name}_images"]) > 0
        expected = np.stack([bins[f"{name}_confidence"], bins[f"{name}_accuracy"]], 1)[has_images]
        np.testing.assert_allclose(points.get_offsets(), expected)
        order = np.argsort(np.array(bins[f"{name}_images"])[has_images])
        assert (np.diff(points.get_sizes()[order]) >= 0).all(), "more images, larger point"
    legend = texts(figure, 0)
    assert legend[0].startswith(f"○ {sum(bins['other_images'])} images")
    assert legend[1].startswith(f"▲ {sum(bins['rare_images'])} images")


def test_rare_and_other_differ_in_shape_not_in_colour_alone() -> None:
    other, rare = reliability_panels({"a": counted(0)}).axes[0].collections
    assert len(rare.get_paths()[0].vertices) < len(other.get_paths()[0].vertices)
    assert tuple(rare.get_facecolor()[0]) == tuple(rare.get_edgecolor()[0])
    assert tuple(other.get_facecolor()[0]) != tuple(other.get_edgecolor()[0])


def test_a_strategy_that_never_predicts_a_rare_class_has_no_triangle() -> None:
    bins = counted(0)
    never = {**bins, "rare_images": [0] * 10, "rare_confidence": [None] * 10}
    never["rare_accuracy"] = [None] * 10
    figure = reliability_panels({"a": bins, "b": never})
    assert len(figure.axes[1].collections[1].get_offsets()) == 0
    assert texts(figure, 1)[1] == "▲ 0 images predicted as a rare class"


def test_where_no_class_is_rare_only_one_kind_is_drawn() -> None:
    figure = reliability_panels({"a": counted(0, balanced=True)})
    assert texts(figure, 0) == ["○ 300 images"]


@pytest.mark.parametrize("strategies", [1, 2, 7])
def test_it_fits_the_page(strategies: int) -> None:
    figure = reliability_panels({f"s{k}": counted(k) for k in range(strategies)})
    assert figure.get_figwidth() * 72 <= PAGE_WIDTH
    assert len(figure.axes) == strategies


def test_the_same_numbers_give_the_same_bytes() -> None:
    drawn = {"a": counted(0), "b": counted(1)}
    first, second = (to_svg(reliability_panels(drawn), "reliability") for _ in range(2))
    assert first == second
