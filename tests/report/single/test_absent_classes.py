"""What a perfect classifier reaches where classes have no test image."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.report.single.absent_classes import (
    absent_classes,
    absent_classes_sentence,
    absent_from_validation_sentence,
)
from benchmark.report.single.verdict import verdict
from tests.report.fabricate import fabricate, with_manifest

FIVE = ("a", "b", "c", "d", "e")


def test_with_2_of_5_classes_absent_a_perfect_classifier_has_60_percent() -> None:
    comparison = fabricate(classes=FIVE, test_images={"d": 0, "e": 0})
    assert absent_classes(comparison) == [2]
    assert absent_classes_sentence(comparison) == (
        "2 of 5 classes have no test image: even a perfect classifier has a macro-F1 of .600, and "
        "never predicts them."
    )
    assert absent_classes_sentence(fabricate(classes=FIVE)) == ""


def test_seeds_that_differ_are_told() -> None:
    whole, part = (fabricate(classes=FIVE, test_images=absent) for absent in ({}, {"e": 0}))
    both = replace(whole, seed_predictions=[*whole.seed_predictions, *part.seed_predictions])
    assert absent_classes_sentence(both).startswith(
        "None to 1 of 5 classes has no test image: even a perfect classifier has a macro-F1 of "
        ".900, mean over seeds"
    )


def test_a_run_of_which_nothing_finished_says_nothing() -> None:
    failed = fabricate(strategies=("no_change",), failed=[("no_change", 0)])
    assert absent_classes_sentence(failed) == ""


def test_classes_without_validation_images_are_told() -> None:
    comparison = fabricate(classes=FIVE)
    assert absent_from_validation_sentence(comparison) == ""
    data = comparison.manifest.data
    data = replace(data, counts={**data.counts, "val": (3, 2, 1, 1, 0)})
    assert absent_from_validation_sentence(with_manifest(comparison, data=data)) == (
        "1 of 5 classes has no validation image: even a perfect classifier has a macro-F1 of .800 "
        "there, and never predicts them."
    )


@pytest.mark.parametrize(
    ("never", "never_present", "zero", "text"),
    [
        (1, 0, 0, "recognises images of all 4 classes with test images."),
        (0, 0, 0, "recognises images of all 4 classes with test images."),
        (2, 1, 1, "never predicts 1 of 4 classes with test images."),
        (1, 0, 1, "predicts all 4 classes with test images, but 1 of them only wrongly."),
    ],
)
def test_the_verdict_counts_no_class_without_test_images(
    never: int, never_present: int, zero: int, text: str
) -> None:
    """It said "all 5 classes" over a table in which one is never predicted."""
    comparison = fabricate(classes=FIVE, strategies=("no_change",), test_images={"e": 0})
    numbers = {"never_predicted": float(never), "zero_recall": float(zero)}
    comparison = replace(
        comparison,
        summary=comparison.summary.assign(**numbers),
        seed_rows=comparison.seed_rows.assign(**numbers, never_predicted_present=never_present),
    )
    assert verdict(comparison).startswith(f"Plain fine-tuning {text}")
