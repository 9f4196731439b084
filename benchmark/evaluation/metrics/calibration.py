"""Calibration of probabilities, whatever is decided from them: errors and their diagram."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmark.evaluation.metrics.class_counts import SHOT_GROUPS, Floats, Labels, shot_groups
from benchmark.evaluation.metrics.metric import Metric

BINS = 15  # of a calibration error


def calibration_error(
    labels: Labels, log_probabilities: Floats, weights: Floats | None = None
) -> float:
    """Top-label expected calibration error over equal-width bins (Guo et al. 2017, eq. 3).

    `weights` (N,), sum 1, say how much an image counts; None: all the same.
    """
    confidence = np.exp(log_probabilities.max(axis=1))
    right = log_probabilities.argmax(axis=1) == labels
    weighted = (right - confidence) * (1 / len(labels) if weights is None else weights)
    gap = np.bincount(bin_index(confidence, BINS), weights=weighted, minlength=BINS)
    return float(np.abs(gap).sum())


def classwise_calibration_error(labels: Labels, log_probabilities: Floats) -> float:
    """Mean over all classes of each class's calibration error against the rest.

    Static calibration error (Nixon et al. 2019, arXiv 1904.01685), the absolute form of the
    marginal error of Kumar et al. 2019 (arXiv 1909.10155): it covers probabilities that are not
    the largest, too. With many classes it is small, because most probabilities then are.
    """
    gaps = 0.0
    for c, log_p in enumerate(log_probabilities.T):
        probability = np.exp(log_p)
        error = (labels == c) - probability
        gap = np.bincount(bin_index(probability, BINS), weights=error, minlength=BINS)
        gaps += float(np.abs(gap).sum()) / len(labels)
    return gaps / log_probabilities.shape[1]


def bin_index(probability: Floats, bins: int) -> Labels:
    """Return for each probability its bin among so many of equal width; 1 is in the last."""
    return np.minimum((probability * bins).astype(int), bins - 1)


_network_metric = partial(Metric, better="lower", of_network=True)

CALIBRATION = (
    _network_metric(
        "log_loss",
        "Log-loss",
        "The mean of minus the logarithm of the true class's probability.",
        lambda split: float(-split.true_log_probability.mean()),
        format="number",
    ),
    _network_metric(
        "ece",
        "Calibration error",
        "How far the confidence in the predicted class is, on average, from how often it is right.",
        lambda split: calibration_error(split.labels, split.log_probabilities),
    ),
    _network_metric(
        "classwise_ece",
        "Class-wise calibration error",
        "The calibration error of the probability of every class, whether it is the largest or "
        "not, mean over classes.",
        lambda split: classwise_calibration_error(split.labels, split.log_probabilities),
    ),
)


def reliability(
    labels: Labels, log_probabilities: Floats, train_counts: Labels, bins: int = 10
) -> dict[str, list[float]]:
    """Return confidence and accuracy of the top label, lists over equal-width bins.

    Keys are `all_`, `rare_` and `other_`, each followed by `images`, `confidence` or `accuracy`:
    images in the bin, their mean confidence and the share that is right, NaN where there is none.
    `rare` are images *predicted* to be of a class with few training images, see `shot_groups`. The
    predicted class decides, not the true one: a reader of a prediction knows only the former. And
    among images chosen by their true class even a perfectly calibrated classifier is overconfident
    where it errs. `labels` are (N,), `log_probabilities` (N, C), `train_counts` (C,).
    """
    confidence, predicted = np.exp(log_probabilities.max(axis=1)), log_probabilities.argmax(axis=1)
    rare = shot_groups(train_counts)[predicted] == SHOT_GROUPS.index("few")
    result = {}
    for group, chosen in (("all", np.full(len(labels), True)), ("rare", rare), ("other", ~rare)):
        index = bin_index(confidence[chosen], bins)
        images = np.bincount(index, minlength=bins)
        sums = {
            "confidence": np.bincount(index, weights=confidence[chosen], minlength=bins),
            "accuracy": np.bincount(index, weights=(predicted == labels)[chosen], minlength=bins),
        }
        result[f"{group}_images"] = images.tolist()
        for name, total in sums.items():
            result[f"{group}_{name}"] = _divide(total, images).tolist()
    return result


def pooled_reliability(seeds: Sequence[Mapping[str, Sequence[Any]]]) -> dict[str, list[float]]:
    """Return the `reliability` of all images of several seeds; None stands for NaN in them."""
    result = {}
    for group in ("all", "rare", "other"):
        images = np.array([bins[f"{group}_images"] for bins in seeds], float)  # (seeds, bins)
        total = images.sum(axis=0)
        result[f"{group}_images"] = total.tolist()
        for name in ("confidence", "accuracy"):
            means = np.array([bins[f"{group}_{name}"] for bins in seeds], float)
            sums = np.where(images > 0, images * means, 0).sum(axis=0)
            result[f"{group}_{name}"] = _divide(sums, total).tolist()
    return result


def _divide(totals: np.ndarray, images: np.ndarray) -> Floats:
    """Return means (bins,), NaN without images."""
    return np.divide(totals, images, out=np.full(len(totals), np.nan), where=images > 0)
