"""Does a training beat a correction that trains nothing? Said with the doubt that is left."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fabricate import fabricate

from benchmark.analysis.comparison import Comparison
from benchmark.report.single.posthoc import corrected_words

NAMES = ("no_change", "threshold_moving", "moved_otherwise", "class_weights", "focal_loss")


@pytest.fixture
def comparison() -> Comparison:
    """Two decisions on the baseline's network, and two trainings."""
    made = fabricate(strategies=NAMES)
    for name in NAMES[1:3]:
        made.manifest["networks"][name] = made.manifest["networks"]["no_change"]
    return made


def with_predictions(comparison: Comparison, **like: str) -> Comparison:
    """Give strategies the predictions of another, or those that are all right."""
    frame = comparison.predictions.copy()
    for name, other in like.items():
        mine = frame["strategy"] == name
        source = frame[frame["strategy"] == other]
        values = source["label"] if other == "no_change" else source["predicted"]
        frame.loc[mine, "predicted"] = values.to_numpy()
    return replace(comparison, predictions=frame)


def with_validation(comparison: Comparison, **macro_f1: float) -> Comparison:
    rows = comparison.seed_rows.copy()
    for name, value in macro_f1.items():
        rows.loc[rows["strategy"] == name, "val_macro_f1"] = value
    return replace(comparison, seed_rows=rows)


def test_the_correction_is_chosen_on_validation(comparison: Comparison) -> None:
    for first, second in ((0.3, 0.4), (0.5, 0.4)):
        chosen = with_validation(comparison, threshold_moving=first, moved_otherwise=second)
        name = "threshold_moving" if first > second else "moved_otherwise"
        assert f"`{name}` on the network of `no_change`" in corrected_words(chosen)


def test_what_can_t_be_told_apart_is_called_so(comparison: Comparison) -> None:
    comparison = with_validation(comparison, threshold_moving=0.5, moved_otherwise=0.4)
    alike = with_predictions(
        comparison, class_weights="threshold_moving", focal_loss="threshold_moving"
    )
    assert corrected_words(alike).endswith(
        "of 2 strategies that train otherwise none scores clearly higher and 2 can't be told apart "
        "from it."
    )
    right = with_predictions(comparison, class_weights="no_change", focal_loss="threshold_moving")
    assert corrected_words(right).endswith(
        "otherwise 1 scores clearly higher (`class_weights`) and 1 can't be told apart from it."
    )
    free_is_right = with_predictions(comparison, threshold_moving="no_change")
    assert "none scores clearly higher and 2 clearly lower." in corrected_words(free_is_right)


def test_without_a_correction_in_the_run_nothing_is_said(comparison: Comparison) -> None:
    networks = {name: {"0": f"of {name}"} for name in NAMES}
    assert (
        corrected_words(replace(comparison, manifest=comparison.manifest | {"networks": networks}))
        == ""
    )
    assert corrected_words(replace(comparison, baseline=None)) == ""


def test_a_strategy_that_failed_a_seed_is_not_counted() -> None:
    made = fabricate(strategies=NAMES, seeds=(0, 1), failed=(("focal_loss", 1),))
    made.manifest["networks"]["threshold_moving"] = made.manifest["networks"]["no_change"]
    made.manifest["networks"]["moved_otherwise"] = made.manifest["networks"]["no_change"]
    assert "of 1 strategy that trains otherwise" in corrected_words(made)
