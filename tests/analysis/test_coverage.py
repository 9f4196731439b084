"""Error against coverage: whose images, and with which threshold."""

import numpy as np
import pytest

from benchmark.analysis.coverage import COVERAGES, MAX_ERRORS
from benchmark.evaluation.abstention import choose_threshold
from benchmark.evaluation.metrics.class_counts import shot_groups
from tests.report.fabricate import with_confidence


@pytest.fixture(scope="module")
def comparison():
    return with_confidence(strategies=("no_change", "focal_loss"), seeds=(0, 1))


def rows_of(comparison, strategy="no_change", seed=0, **values):
    frame = comparison.findings.coverage
    for column, value in {"strategy": strategy, "seed": seed, **values}.items():
        frame = frame[frame[column] == value]
    return frame


def test_all_images_kept_have_the_error_of_all(comparison):
    accuracy = comparison.seed_rows.set_index(["strategy", "seed"])["accuracy"]
    for (strategy, seed), value in accuracy.items():
        whole = rows_of(comparison, strategy, seed, kept_by="coverage", target=1.0, group="all")
        assert whole["error"].item() == pytest.approx(1 - value)
        assert whole["coverage"].item() == 1


def test_thresholds_are_fitted_to_cross_fitted_validation_images(comparison):
    predictions = comparison.predictions
    mine = predictions[(predictions["strategy"] == "no_change") & (predictions["seed"] == 0)]
    val, test = (mine[mine["split"] == split] for split in ("val", "test"))
    # the fabricated rule labels validation images as the cross-fitted ones do, but for every third
    correct = (val["label"] == val["predicted"]).to_numpy(copy=True)
    correct[::3] = False
    for max_error in MAX_ERRORS:
        threshold = choose_threshold(correct, val["confidence"].to_numpy(float), max_error)
        row = rows_of(comparison, kept_by="max_error", target=max_error, group="all")
        assert row["threshold"].item() == threshold
        assert row["coverage"].item() == (test["confidence"] >= threshold).mean()


def test_rare_images_are_those_of_rare_classes_by_their_true_label(comparison):
    few = shot_groups(np.array(comparison.train_counts)) == 2
    rare = [name for name, is_few in zip(comparison.classes, few, strict=True) if is_few]
    images = dict(zip(comparison.classes, comparison.test_counts, strict=True))
    expected = sum(images[name] for name in rare) / len(comparison.seeds)
    assert set(rows_of(comparison, group="rare")["images"]) == {expected}
    per_class = comparison.per_class
    mine = per_class[(per_class["strategy"] == "no_change") & (per_class["seed"] == 0)]
    mine = mine[mine["class"].isin(rare)].astype({"recall": float, "test_count": float})
    recall = (mine["recall"] * mine["test_count"]).sum() / expected
    whole = rows_of(comparison, kept_by="coverage", target=1.0, group="rare")
    assert whole["error"].item() == pytest.approx(1 - recall)


def test_a_group_without_test_images_has_no_rows():
    names = ("many", "some", "few")
    comparison = with_confidence(classes=names, test_images={"few": 0})
    assert set(comparison.findings.coverage["group"]) == {"all"}


def test_without_cross_fitted_images_there_are_errors_at_shares_alone():
    comparison = with_confidence(is_cross_fitted=False)
    assert set(comparison.findings.coverage["kept_by"]) == {"coverage"}
    assert len(rows_of(comparison, group="all")) == len(COVERAGES)


def test_a_network_without_numbers_is_least_confident():
    comparison = with_confidence(confidence=None)
    rows = rows_of(comparison, kept_by="coverage", group="all")
    assert np.ptp(rows["error"].astype(float)) < 1e-9
