"""Confidence against accuracy by bin: the points of a reliability diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmark.evaluation.metrics.calibration import bin_index
from benchmark.evaluation.metrics.class_counts import Floats, Labels
from benchmark.evaluation.metrics.shot_groups import SHOT_GROUPS, shot_groups


def reliability(
    labels: Labels, log_probabilities: Floats, train_counts: Labels, bins: int = 10
) -> dict[str, list[float]]:
    """Return confidence and accuracy of the top label, lists over equal-width bins.

    Keys are `all_`, `rare_` and `other_`, each followed by `images`, `confidence` or `accuracy`:
    images in the bin, their mean confidence and the share that is right, NaN where there is none.
    `rare` are images *predicted* to be of a class of the third with fewest training images. The
    predicted class decides, not the true one: a reader of a prediction knows only the former. And
    among images chosen by their true class even a perfectly calibrated classifier is overconfident
    where it errs.

    Parameters
    ----------
    labels
        (N,).
    log_probabilities
        (N, C) of the network, before the strategy's decision.
    train_counts
        (C,), see `shot_groups`.
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
            mean = np.divide(total, images, out=np.full(bins, np.nan), where=images > 0)
            result[f"{group}_{name}"] = mean.tolist()
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
            mean = np.divide(sums, total, out=np.full(len(total), np.nan), where=total > 0)
            result[f"{group}_{name}"] = mean.tolist()
    return result
