"""Does a training beat a decision that trains nothing? The report says how clear that is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.analysis.comparison import Comparison
from benchmark.report.single.posthoc import posthoc_section, posthoc_sentence, posthoc_table
from tests.report.fabricate import fabricate, with_predictions

NAMES = ("no_change", "threshold_moving", "moved_otherwise", "class_weights", "focal_loss")
SHARED = dict.fromkeys(NAMES[1:3], "no_change")


@pytest.fixture
def comparison() -> Comparison:
    """Two decisions on the baseline's network, and two trainings."""
    return fabricate(strategies=NAMES, shared=SHARED)


def with_validation(comparison: Comparison, **macro_f1: float) -> Comparison:
    rows = comparison.seed_rows.copy()
    for name, value in macro_f1.items():
        rows.loc[rows["strategy"] == name, "val_macro_f1"] = value
    return replace(comparison, seed_rows=rows)


def test_the_decision_is_chosen_on_validation(comparison: Comparison) -> None:
    for first, second in ((0.3, 0.4), (0.5, 0.4)):
        scores = {"no_change": 0.2, "threshold_moving": first, "moved_otherwise": second}
        chosen = with_validation(comparison, **scores)
        name = "threshold_moving" if first > second else "moved_otherwise"
        assert f"`{name}` on the network of `no_change`" in posthoc_sentence(chosen)


def test_where_validation_prefers_the_networks_own_decision_no_other_is_praised(
    comparison: Comparison,
) -> None:
    """Nobody would have used the adjustment, whatever its macro-F1 on the test images is."""
    for own in (0.5, 0.6):
        scores = {"no_change": own, "threshold_moving": 0.5, "moved_otherwise": 0.4}
        assert posthoc_sentence(with_validation(comparison, **scores)) == (
            "On the network of `no_change`, no decision that needs no training raises macro-F1 of "
            "validation images that it was not fitted to."
        )


def test_what_is_too_close_is_called_so(comparison: Comparison) -> None:
    scores = {"no_change": 0.3, "threshold_moving": 0.5, "moved_otherwise": 0.4}
    comparison = with_validation(comparison, **scores)
    alike = with_predictions(
        comparison, class_weights="threshold_moving", focal_loss="threshold_moving"
    )
    assert posthoc_sentence(alike).endswith(
        "Of 2 strategies with a training of their own, none scores higher and 2 are too "
        "close to tell."
    )
    right = with_predictions(comparison, class_weights=None, focal_loss="threshold_moving")
    assert posthoc_sentence(right).endswith(
        "own, 1 scores higher (`class_weights`) and 1 is too close to tell. One seed: that is of "
        "these networks."
    )
    adjusted_is_right = with_predictions(comparison, threshold_moving=None)
    assert posthoc_sentence(adjusted_is_right).endswith(
        "own, none scores higher and 2 score lower. One seed: that is of these networks."
    )


def test_without_a_decision_in_the_run_nothing_is_compared(comparison: Comparison) -> None:
    assert posthoc_sentence(fabricate(strategies=NAMES)) == ""
    assert posthoc_sentence(replace(comparison, baseline=None)) == ""


def test_a_strategy_that_failed_a_seed_is_not_counted() -> None:
    comparison = fabricate(
        strategies=NAMES, seeds=(0, 1), failed=(("focal_loss", 1),), shared=SHARED
    )
    assert "Of 1 strategy with a training of its own" in posthoc_sentence(comparison)


def test_shared_networks_are_listed_once(comparison: Comparison) -> None:
    table = posthoc_table(comparison)
    assert table is not None
    assert [row.cells[0].text for row in table.rows] == ["no_change", "class_weights", "focal_loss"]
    assert table.columns == ("Network of", "Its own decision", "free")
    bare = fabricate(strategies=NAMES, failed=[(name, 0) for name in NAMES])
    assert posthoc_table(bare) is None
    assert list(posthoc_section(bare)) == []
    assert posthoc_sentence(bare) == ""
