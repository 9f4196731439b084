"""Metrics of predicted classes in cases worked by hand, on a fixed class list."""

import numpy as np
import pytest

from benchmark.evaluation.metrics.classification import macro_f1, never_predicted
from benchmark.evaluation.metrics.registry import evaluate
from benchmark.evaluation.per_class import class_scores


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
    metrics = evaluate(labels, predicted, log_p, np.array([5, 4, 3]))
    assert metrics["never_predicted"] == 0
    assert metrics["zero_recall"] == 2
    assert metrics["worst_recall"] == 0
    assert metrics["g_mean"] == 0


def test_groups_are_thirds_by_training_size():
    labels = np.arange(6)
    predicted = np.array([0, 1, 0, 0, 4, 4])
    log_p = np.log(np.full((6, 6), 1 / 6))
    metrics = evaluate(labels, predicted, log_p, np.array([60, 50, 40, 30, 20, 10]))
    assert [metrics[f"{group}_recall"] for group in ("many", "medium", "few")] == [1.0, 0.0, 0.5]
