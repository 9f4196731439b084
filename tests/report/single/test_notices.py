"""Warnings about numbers that mislead, and what a quick look leaves out."""

from __future__ import annotations

from dataclasses import replace

from benchmark.report.single.notices import highlights, warnings
from tests.report.fabricate import STRATEGIES, fabricate


def warnings_with(comparison, text: str) -> list[str]:
    return [warning for warning in warnings(comparison) if text in warning]


def test_few_test_images_are_warned_of() -> None:
    few = fabricate(classes=("a", "b"), seeds=(0, 1, 2), images=3200)
    assert few.test_units == [few.test_counts[0] / 3, 7]
    assert warnings_with(few, "1 of 2 classes has fewer than 8 test images (the fewest: 7)")
    many = fabricate(classes=("a", "b"), seeds=(0, 1, 2), images=5096)
    assert not warnings_with(many, "fewer than 8")


def test_few_groups_are_warned_of_however_many_images_they_hold() -> None:
    many = fabricate(classes=("a", "b"), images=5096 * 3, groups=7)
    (warning,) = warnings_with(many, "fewer than 8")
    assert "2 of 2 classes have fewer than 8 groups of test images (the fewest: 7)" in warning


def test_failures_are_named_with_their_seeds_and_many_are_counted() -> None:
    partly = fabricate(seeds=(0, 1), failed=[("focal_loss", 1)])
    assert warnings_with(
        partly, "Failed: `focal_loss` on 1 of 2 seeds. The errors are listed below"
    )
    assert warnings_with(partly, "such rows compare different seeds")
    all_failed = fabricate(failed=[(name, 0) for name in STRATEGIES])
    assert warnings_with(all_failed, "Failed: 6 strategies.")


def test_micro_batches_are_warned_of() -> None:
    comparison = fabricate()
    assert not warnings_with(comparison, "micro-batches")
    rows = comparison.seed_rows.copy()
    rows.loc[1, "micro_batch"] = 16
    (warning,) = warnings_with(replace(comparison, seed_rows=rows), "micro-batches")
    assert warning.startswith("Memory ran out: `class_weights` trained in micro-batches of 16 ")


def test_a_message_of_the_run_is_shown_once() -> None:
    message = "2 files could not be read"
    assert warnings_with(fabricate(messages=(message, message)), message) == [message]


def test_a_quick_look_has_no_further_results() -> None:
    assert list(highlights(fabricate(quick=True))) == []
    assert len(list(highlights(fabricate()))) == 3
