"""Training against test images: the numbers, and when they tell under- from over-fitting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmark.report.single.fit import fit_section, fit_sentence
from tests.report.fabricate import fabricate


def with_scores(comparison, train: float, test: float):
    """The comparison with these accuracies of every strategy."""
    rows = comparison.seed_rows.assign(train_accuracy=train, accuracy=test)
    return replace(comparison, seed_rows=rows)


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        (0.95, 0.60, "most of its errors come with new images (over-fitting)."),
        (0.65, 0.60, "on training images too (under-fitting, unless labels are wrong)."),
        (0.80, 0.60, ""),  # half of the errors are of either kind
        (0.99, 0.97, ""),  # hardly any errors
    ],
)
def test_errors_on_training_images_tell_under_from_over_fitting(train, test, words):
    sentence = fit_sentence(with_scores(fabricate(), train, test))
    assert sentence.endswith(words)
    assert bool(sentence) == bool(words)
    if words:
        assert f"wrong on {1 - train:.3f} of the training".replace("0.", ".") in sentence


def test_few_images_say_nothing():
    comparison = with_scores(fabricate(images=100), 0.75, 0.60)
    assert fit_sentence(comparison) == ""
    assert "under-fitting" in fit_sentence(with_scores(fabricate(images=50_000), 0.75, 0.60))


def test_wrong_labels_on_purpose_are_errors_too():
    comparison = with_scores(fabricate(), 0.65, 0.60)
    rows = comparison.seed_rows[["strategy", "seed"]].assign(images=9, as_given=0.5, as_right=0.5)
    noisy = replace(comparison, findings=replace(comparison.findings, wrong_labels=rows))
    assert fit_sentence(noisy).endswith("this does not tell under- from over-fitting.")


def test_every_strategy_has_a_row_and_so_has_the_null_row():
    comparison = with_scores(fabricate(null=True, failed=[("focal_loss", 0)]), 0.95, 0.60)
    sentence, table = fit_section(comparison)
    assert [row.cells[0].text for row in table.rows] == comparison.finished_rows
    assert "focal_loss" not in comparison.finished_rows
    assert [cell.text for cell in table.rows[0].cells[1:4]] == [".950", ".600", "+.350"]
    assert sentence.text.startswith("`no_change` is wrong on .050 of the training images")


def test_nothing_finished_or_no_baseline():
    assert list(fit_section(fabricate(failed=[(n, 0) for n in fabricate().strategies]))) == []
    comparison = with_scores(fabricate(baseline=None), 0.95, 0.60)
    assert fit_sentence(comparison) == ""
    missing = fabricate().seed_rows.assign(train_accuracy=np.nan)
    assert list(fit_section(replace(fabricate(), seed_rows=missing))) == []
