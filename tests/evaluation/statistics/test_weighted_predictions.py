"""Scores of counted images against scikit-learn's and imbalanced-learn's of the images."""

import warnings

import numpy as np
import pytest
from imblearn.metrics import classification_report_imbalanced
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.per_class import class_scores
from benchmark.evaluation.statistics.weighted_predictions import WeightedPredictions


def random_case(rng):
    """Labels and predictions in which classes may be absent, or never predicted."""
    classes, images = int(rng.integers(2, 18)), int(rng.integers(1, 60))
    present = rng.random(classes) < rng.uniform(0.2, 1)
    predictable = rng.random(classes) < rng.uniform(0.2, 1)
    present[rng.integers(classes)] = predictable[rng.integers(classes)] = True
    labels = rng.choice(np.flatnonzero(present), images)
    predicted = rng.choice(np.flatnonzero(predictable), (2, images))
    correct = rng.random((2, images)) < rng.random()
    return labels, np.where(correct & predictable[labels], labels, predicted), classes


def oracle(labels, predicted, classes):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes that are predicted and not there
        balanced = balanced_accuracy_score(labels, predicted)
    return (
        f1_score(labels, predicted, labels=range(classes), average="macro", zero_division=0),
        balanced,
        accuracy_score(labels, predicted),
    )


SLOW = [pytest.param(block, marks=pytest.mark.slow) for block in (1, 2, 3)]


@pytest.mark.parametrize("block", [0, *SLOW])
def test_estimates_equal_scikit_learns_on_random_cases(block):
    rng = np.random.default_rng(block)
    for _ in range(250):
        labels, predicted, classes = random_case(rng)
        scores = WeightedPredictions.count(labels, predicted, classes).estimates
        assert len(scores) == len(interval_metrics())
        for s in range(2):
            expected = oracle(labels, predicted[s], classes)
            np.testing.assert_allclose(scores[:, s], expected, rtol=0, atol=1e-12)


def test_recall_precision_and_f1_of_each_class_equal_imbalanced_learns():
    rng = np.random.default_rng(9)
    for _ in range(60):
        labels, predicted, classes = random_case(rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = classification_report_imbalanced(
                labels, predicted[0], labels=range(classes), output_dict=True, zero_division=0
            )
        scores = class_scores(labels, predicted[0], classes)
        for c in range(classes):
            assert scores["support"][c] == report[str(c)]["sup"]
            for ours, theirs in (("recall", "rec"), ("precision", "pre"), ("f1", "f1")):
                value = scores[ours][c] if scores["support"][c] or ours != "recall" else 0.0
                assert value == pytest.approx(report[str(c)][theirs], abs=1e-12)


def test_weights_stand_for_images():
    rng = np.random.default_rng(1)
    labels, predicted, classes = np.arange(40) % 4, rng.integers(0, 4, (2, 40)), 5
    weighted = WeightedPredictions.count(labels, predicted, classes)
    chosen = rng.choice(40, 40)
    weights = np.zeros(len(weighted.counts))
    for i in chosen:
        same = (weighted.labels == labels[i]) & (weighted.predicted == predicted[:, [i]]).all(0)
        weights[np.flatnonzero(same)] += 1
    scores = weighted.scores(weights[None])[..., 0]
    for s in range(2):
        expected = oracle(labels[chosen], predicted[s][chosen], classes)
        np.testing.assert_allclose(scores[:, s], expected, rtol=0, atol=1e-12)
