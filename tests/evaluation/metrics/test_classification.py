"""Metrics of predicted classes in cases worked by hand, on a fixed class list."""

import warnings

import numpy as np
import pytest

from benchmark.evaluation.metrics.class_counts import count_classes
from benchmark.evaluation.metrics.classification import (
    accuracy,
    macro_f1,
    mean_recall,
    never_predicted,
)
from benchmark.evaluation.metrics.registry import METRICS, evaluate
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


def test_a_perfect_classifier_has_1_over_the_classes_present_and_60_percent_over_all():
    labels = np.array([0, 1, 2, 2])
    metrics = evaluate(labels, labels, np.log(np.full((4, 5), 0.2)), np.full(5, 9))
    assert metrics["macro_f1"] == pytest.approx(0.6)
    assert metrics["macro_f1_present"] == 1
    assert metrics["never_predicted"] == 2
    assert metrics["never_predicted_present"] == metrics["zero_recall"] == 0


def test_a_split_without_images_has_no_metrics_and_warns_of_nothing():
    nothing = np.empty(0, int)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics = evaluate(nothing, nothing, np.empty((0, 3)), np.array([5, 4, 3]))
        counts = count_classes(nothing, nothing, 3)
        assert np.isnan([mean_recall(counts), accuracy(counts)]).all()
    assert list(metrics) == list(METRICS)
    assert np.isnan(list(metrics.values())).all()


def test_quadratic_kappa_of_a_hand_worked_case():
    """Three grades: the errors cost 1 and 4; those by chance are counted (Cohen 1968)."""
    labels, predicted = np.array([0, 1, 2, 2]), np.array([0, 0, 2, 0])
    metrics = evaluate(labels, predicted, np.log(np.full((4, 3), 1 / 3)), np.full(3, 9))
    by_chance = sum((a - b) ** 2 for a in labels for b in predicted) / 4
    assert metrics["quadratic_kappa"] == pytest.approx(1 - 5 / by_chance)
    same = np.zeros(4, int)
    alone = evaluate(same, same, np.log(np.full((4, 3), 1 / 3)), np.full(3, 9))
    assert np.isnan(alone["quadratic_kappa"])
