"""Metrics against libraries and hand-worked cases, on a fixed class list."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

from benchmark.metrics import calibration_error, class_scores, macro_f1, never_predicted, scores


def test_a_class_that_is_never_predicted_counts_as_zero():
    labels, predicted = np.array([0, 0, 1, 2]), np.array([0, 0, 0, 2])
    assert macro_f1(labels, predicted, 3) == pytest.approx((0.8 + 0 + 1) / 3)
    assert never_predicted(predicted, 3).tolist() == [False, True, False]


def test_a_class_without_test_images_stays_in_the_list():
    labels, predicted = np.array([0, 0, 1]), np.array([0, 0, 1])
    assert macro_f1(labels, predicted, 4) == pytest.approx(0.5)
    assert np.isnan(class_scores(labels, predicted, 4)["recall"][2:]).all()


def test_never_predicted_and_zero_recall_are_different_numbers():
    labels, predicted = np.array([0, 1, 2, 2]), np.array([1, 0, 2, 2])
    log_p = np.log(np.full((4, 3), 1 / 3))
    result = scores(labels, predicted, log_p, np.array([5, 4, 3]))
    assert result["never_predicted"] == 0
    assert result["zero_recall"] == 2
    assert result["worst_recall"] == 0
    assert result["g_mean"] == 0


def test_wilson_interval_of_none_in_ten():
    labels, predicted = np.zeros(10, int), np.ones(10, int)
    one = class_scores(labels, predicted, 2)
    assert one["recall_low"][0] == 0
    assert one["recall_high"][0] == pytest.approx(0.278, abs=5e-4)  # published: .278
    assert np.isnan(one["recall_high"][1])


@pytest.mark.parametrize("seed", range(50))
def test_against_the_confusion_matrix(seed):
    rng = np.random.default_rng(seed)
    classes, n = int(rng.integers(2, 12)), int(rng.integers(5, 200))
    labels = rng.integers(0, rng.integers(1, classes + 1), n)
    predicted = rng.integers(0, rng.integers(1, classes + 1), n)
    matrix = confusion_matrix(labels, predicted, labels=range(classes))
    hits, truth, called = np.diag(matrix), matrix.sum(1), matrix.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        f1 = np.nan_to_num(2 * hits / (truth + called))
        recall = hits / truth
    log_p = np.log(rng.dirichlet(np.ones(classes), n))
    result = scores(labels, predicted, log_p, rng.integers(1, 99, classes))
    assert result["macro_f1"] == pytest.approx(f1.mean(), abs=1e-12)
    assert result["never_predicted"] == (called == 0).sum()
    assert result["zero_recall"] == ((hits == 0) & (truth > 0)).sum()
    assert result["balanced_accuracy"] == pytest.approx(
        balanced_accuracy_score(labels, predicted), abs=1e-12
    )
    assert result["worst_recall"] == np.nanmin(recall)
    expected = np.prod(recall[truth > 0]) ** (1 / (truth > 0).sum())
    assert result["g_mean"] == pytest.approx(expected, abs=1e-9)


def test_calibration_error_of_a_hand_worked_case():
    log_p = np.log([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    labels = np.array([0, 1, 0, 0])
    # |0.5 - 0.9| and |1 - 0.6|, each for half of the images
    assert calibration_error(labels, log_p) == pytest.approx(0.4)


def test_groups_are_thirds_by_training_size():
    labels = np.arange(6)
    predicted = np.array([0, 1, 0, 0, 4, 4])
    log_p = np.log(np.full((6, 6), 1 / 6))
    result = scores(labels, predicted, log_p, np.array([60, 50, 40, 30, 20, 10]))
    assert [result[f"{g}_recall"] for g in ("many", "medium", "few")] == [1.0, 0.0, 0.5]
