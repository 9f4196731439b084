"""The numbers of each class on one split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics.class_counts import Labels, count_classes
from benchmark.evaluation.statistics.design_effect import design_effect
from benchmark.evaluation.statistics.proportions import wilson


def class_scores(
    labels: Labels, predicted: Labels, classes: int, groups: Sequence[int] | None = None
) -> dict[str, NDArray[Any]]:
    """Per-class numbers, each (C,): support, recall, precision, f1, predicted, recall_low, _high.

    Recall is NaN where the class has no image; `recall_low` and `recall_high` are its interval at
    95 %, see `wilson`. Where images come in groups, (N,), the interval is that of fewer
    independent images, see `design_effect`.
    """
    counts = count_classes(labels, predicted, classes)
    hits, support = counts.true_positives, counts.support
    if groups is None:
        low, high = wilson(hits, support)
    else:
        right = (labels == predicted).astype(float)
        effect = design_effect(right, labels, np.asarray(groups), classes)
        low, high = wilson(hits / effect, support / effect)
    return {
        "support": support.astype(int),
        "recall": np.where(support > 0, counts.recall, np.nan),
        "precision": counts.precision,
        "f1": counts.f1,
        "predicted": counts.predicted.astype(int),
        "recall_low": low,
        "recall_high": high,
    }
