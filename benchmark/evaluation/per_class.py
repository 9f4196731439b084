"""The numbers of each class on one split."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics.class_counts import Floats, Labels, count_classes, ratio
from benchmark.evaluation.statistics.proportions import clopper_pearson, design_effect


def class_scores(
    labels: Labels, predicted: Labels, classes: int, groups: Sequence[int] | None = None
) -> dict[str, NDArray[Any]]:
    """Per-class numbers, each (C,): support, recall, precision, f1, predicted, recall_low, _high.

    Recall is NaN where the class has no image; `recall_low` and `recall_high` are its interval at
    95 %, see `clopper_pearson`. Where images come in groups, (N,), the interval is that of fewer
    independent images, see `design_effect`.
    """
    counts = count_classes(labels, predicted, classes)
    units = np.arange(len(labels)) if groups is None else np.asarray(groups)
    low, high = recall_interval(labels == predicted, labels, units, classes)
    return {
        "support": counts.support.astype(int),
        "recall": ratio(counts.true_positives, counts.support, np.nan),
        "precision": counts.precision,
        "f1": counts.f1,
        "predicted": counts.predicted.astype(int),
        "recall_low": low,
        "recall_high": high,
    }


def recall_interval(
    right: NDArray[np.bool_] | Floats, labels: Labels, groups: Labels, classes: int
) -> tuple[Floats, Floats]:
    """Return the bounds (C,) of the recalls at 95 %; NaN for a class without images.

    `right` (N,) says whether an image's prediction is right. Images of a group (N,) are right or
    wrong together.
    """
    effect = design_effect(right.astype(float), labels, groups, classes)
    hits = np.bincount(labels, weights=right, minlength=classes)
    return clopper_pearson(hits / effect, np.bincount(labels, minlength=classes) / effect)
