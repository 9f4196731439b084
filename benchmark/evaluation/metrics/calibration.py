"""Metrics of the network's probabilities, before the strategy's decision."""

from __future__ import annotations

import numpy as np

from benchmark.evaluation.metrics.class_counts import Floats, Labels
from benchmark.evaluation.metrics.metric import Metric

BINS = 15  # of a calibration error


def calibration_error(
    labels: Labels, log_probabilities: Floats, weights: Floats | None = None, bins: int = BINS
) -> float:
    """Top-label expected calibration error over equal-width bins (Guo et al. 2017, eq. 3).

    `weights` (N,), sum 1, say how much an image counts; None: all the same.
    """
    confidence = np.exp(log_probabilities.max(axis=1))
    right = log_probabilities.argmax(axis=1) == labels
    weighted = (right - confidence) * (1 / len(labels) if weights is None else weights)
    gap = np.bincount(bin_index(confidence, bins), weights=weighted, minlength=bins)
    return float(np.abs(gap).sum())


def classwise_calibration_error(
    labels: Labels, log_probabilities: Floats, bins: int = BINS
) -> float:
    """Mean over all classes of each class's calibration error against the rest.

    Static calibration error (Nixon et al. 2019, arXiv 1904.01685), the absolute form of the
    marginal error of Kumar et al. 2019 (arXiv 1909.10155): it covers probabilities that are not
    the largest, too. With many classes it is small, because most probabilities then are.
    """
    gaps = 0.0
    for c, log_p in enumerate(log_probabilities.T):
        probability = np.exp(log_p)
        error = (labels == c) - probability
        gap = np.bincount(bin_index(probability, bins), weights=error, minlength=bins)
        gaps += float(np.abs(gap).sum()) / len(labels)
    return gaps / log_probabilities.shape[1]


def bin_index(probability: Floats, bins: int) -> Labels:
    """Return for each probability its bin among so many of equal width; 1 is in the last."""
    return np.minimum((probability * bins).astype(int), bins - 1)


CALIBRATION = (
    Metric(
        "log_loss",
        "Log-loss",
        "The mean of minus the logarithm of the true class's probability.",
        lambda split: float(-split.true_log_probability.mean()),
        format="number",
        better="lower",
        of_network=True,
    ),
    Metric(
        "ece",
        "Calibration error",
        "How far the confidence in the predicted class is, on average, from how often it is right.",
        lambda split: calibration_error(split.labels, split.log_probabilities),
        better="lower",
        of_network=True,
    ),
    Metric(
        "classwise_ece",
        "Class-wise calibration error",
        "The calibration error of the probability of every class, whether it is the largest or "
        "not, mean over classes.",
        lambda split: classwise_calibration_error(split.labels, split.log_probabilities),
        better="lower",
        of_network=True,
    ),
)
