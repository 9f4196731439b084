"""Intervals: against SciPy's, and how often they hold the truth."""

import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap
from sklearn.metrics import f1_score

from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.statistics.bootstrap import bca, bootstrap, jackknife, variance
from benchmark.evaluation.statistics.weighted_predictions import WeightedPredictions

ONE_TEST_SET = np.array([40, 30, 30])
RECALL = np.array([0.9, 0.6, 0.4])


def classify(rng, counts, recall, strategies=1):
    """Labels (N,) and predictions (S, N) with the given recalls; errors fall on other classes."""
    labels = np.repeat(np.arange(len(counts)), counts)
    others = (labels + rng.integers(1, len(counts), (strategies, len(labels)))) % len(counts)
    return labels, np.where(rng.random(others.shape) < recall[labels], labels, others)


def interval(labels, predicted, classes, rng, draws=2000):
    predictions = WeightedPredictions.count(labels, predicted, classes)
    return bca(
        predictions,
        predictions.estimates,
        bootstrap(predictions, rng, draws),
        jackknife(predictions),
    )


def true_macro_f1(counts, recall):
    """Of infinitely many images in these proportions."""
    share = counts / counts.sum()
    wrong = share * (1 - recall) / (len(counts) - 1)
    called = share * recall + wrong.sum() - wrong
    return np.mean(2 * share * recall / (share + called))


def test_bounds_are_those_of_scipys_bca():
    rng = np.random.default_rng(0)
    labels, predicted = classify(rng, ONE_TEST_SET, RECALL)
    low, high = interval(labels, predicted, 3, rng, draws=20_000)

    def macro_f1(*samples):
        truth = np.repeat(np.arange(3), [len(sample) for sample in samples])
        return f1_score(truth, np.concatenate(samples), average="macro")

    theirs = scipy_bootstrap(
        [predicted[0][labels == c] for c in range(3)],
        macro_f1,
        n_resamples=1000,
        method="BCa",
        vectorized=False,
        rng=np.random.default_rng(1),
    ).confidence_interval
    width = theirs.high - theirs.low
    assert low[0, 0] == pytest.approx(theirs.low, abs=0.08 * width)
    assert high[0, 0] == pytest.approx(theirs.high, abs=0.08 * width)


def test_the_jackknifes_variance_is_that_of_redrawn_test_sets():
    rng = np.random.default_rng(1)
    labels, predicted = classify(rng, 3 * ONE_TEST_SET, RECALL, strategies=2)
    for groups in (None, np.arange(len(labels)) // 4):
        predictions = WeightedPredictions.count(labels, predicted, 3, groups)
        drawn, values = (
            bootstrap(predictions, rng, 4000),
            variance(predictions, jackknife(predictions)),
        )
        np.testing.assert_allclose(np.sqrt(values), drawn.std(-1), rtol=0.08)
    alone = WeightedPredictions.count(np.array([0, 1]), np.array([[0, 1]]), 2)
    assert (variance(alone, jackknife(alone)) == 0).all()


def test_the_acceleration_shifts_the_bounds_as_the_formula_says():
    """One class, one share: for a mean, a is the skewness over 6 root n (Efron & Tibshirani)."""
    from benchmark.evaluation.statistics.bootstrap import _acceleration

    labels = np.zeros(50, int)
    predicted = (np.arange(50) >= 40).astype(int)[None]
    predictions = WeightedPredictions.count(labels, predicted, 2)
    p = 0.8
    skewness = (1 - 2 * p) / np.sqrt(p * (1 - p))
    values = _acceleration(predictions, jackknife(predictions)[2, 0])
    assert values == pytest.approx(skewness / (6 * np.sqrt(50)), rel=1e-6)


@pytest.mark.parametrize(
    ("estimate", "shares"),
    [
        (0.5, (0.0027, 0.9349)),  # a alone: the estimate is the median of the draws
        (0.6, (0.0205, 0.9721)),  # with a bias of .253, which is the quantile of .6
    ],
)
def test_bounds_are_the_quantiles_of_the_formula(estimate, shares):
    """Efron & Tibshirani 1993, eq. 14.10: Phi(b + (b + z) / (1 - a (b + z))) for z = +-1.96.

    Of 16 images 15 are right, so a is (1 - 2p) / sqrt(p (1 - p)) / (6 sqrt(16)) = -.1506. The draws
    are even from 0 to 1: a quantile is the share itself.
    """
    labels = np.zeros(16, int)
    predictions = WeightedPredictions.count(labels, (np.arange(16) == 15).astype(int)[None], 2)
    left_out = jackknife(predictions)[list(interval_metrics()).index("accuracy"), 0]
    bounds = bca(predictions, np.array(estimate), np.linspace(0, 1, 10_001), left_out)
    assert bounds == pytest.approx(shares, abs=1e-3)


def test_an_interval_covers_the_truth_as_often_as_it_says():
    """More cases of it are in test_simulations.py."""
    rng = np.random.default_rng(2)
    truth, covered = true_macro_f1(ONE_TEST_SET, RECALL), []
    for _ in range(200):
        labels, predicted = classify(rng, ONE_TEST_SET, RECALL)
        low, high = interval(labels, predicted, 3, rng, draws=1000)
        covered.append(low[0, 0] <= truth <= high[0, 0])
    assert np.mean(covered) >= 0.90  # .95 within three standard errors


def test_the_interval_of_a_difference_uses_the_same_images():
    """Two strategies that are alike on every image differ by nothing, and surely so."""
    rng = np.random.default_rng(3)
    labels, predicted = classify(rng, ONE_TEST_SET, RECALL)
    predictions = WeightedPredictions.count(labels, np.repeat(predicted, 2, axis=0), 3)
    drawn, left_out, value = (
        bootstrap(predictions, rng, 500),
        jackknife(predictions),
        predictions.estimates,
    )
    low, high = bca(
        predictions, *((part[:, 0] - part[:, 1])[:, None] for part in (value, drawn, left_out))
    )
    assert not low.any()
    assert not high.any()
    assert (drawn[0, 0] != drawn[0, 0, 0]).any()


@pytest.mark.parametrize("predicted", [[0, 0, 1, 1, 2], [0, 0, 0, 0, 0], [1, 1, 0, 0, 0]])
def test_extremes_and_classes_of_one_image_give_finite_bounds(predicted):
    labels = np.array([0, 0, 1, 1, 2])
    low, high = interval(labels, np.array([predicted]), 4, np.random.default_rng(4))
    assert np.isfinite(low).all()
    assert (low <= high).all()
