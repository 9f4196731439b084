"""Numbers about predictions, always over the fixed list of C classes.

Library functions drop classes that are absent from labels or predictions unless told not to; every
call here says `labels=`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


def macro_f1(labels: Labels, predicted: Labels, classes: int) -> float:
    """Mean of the per-class F1 over all classes; 0 for a class never predicted or never right.

    Not the F1 of averaged precision and recall, which differs by up to 0.5 (Opitz & Burst,
    arXiv 1911.03347).
    """
    from sklearn.metrics import f1_score

    return float(
        f1_score(labels, predicted, labels=range(classes), average="macro", zero_division=0)
    )


def never_predicted(predicted: Labels, classes: int) -> NDArray[np.bool_]:
    """Return which classes no image was assigned to, (C,)."""
    return np.bincount(predicted, minlength=classes) == 0


def class_scores(labels: Labels, predicted: Labels, classes: int) -> dict[str, NDArray[Any]]:
    """Per-class numbers, each (C,): support, recall, precision, f1, predicted, recall_low, _high.

    Recall is NaN where the class has no image; `recall_low` and `recall_high` are its
    interval at 95 %, see `wilson`.
    """
    from sklearn.metrics import precision_recall_fscore_support

    from benchmark.statistics.proportion import wilson  # brings scipy.stats, 40 MB

    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=range(classes), zero_division=0
    )
    hits = np.bincount(labels[labels == predicted], minlength=classes)
    low, high = wilson(hits, support)
    return {
        "support": support,
        "recall": np.where(support > 0, recall, np.nan),
        "precision": precision,
        "f1": f1,
        "predicted": np.bincount(predicted, minlength=classes),
        "recall_low": low,
        "recall_high": high,
    }


def scores(
    labels: Labels,
    predicted: Labels,
    log_probabilities: NDArray[np.float64],
    train_counts: NDArray[np.int64],
) -> dict[str, float]:
    """All single numbers of one strategy on one split.

    Parameters
    ----------
    labels, predicted
        (N,), predictions after the strategy's decision.
    log_probabilities
        (N, C) of the network, before the decision: for log-loss and calibration.
    train_counts
        (C,): splits the classes into thirds of many, medium and few training images.
    """
    from imblearn.metrics import geometric_mean_score
    from sklearn.metrics import accuracy_score, matthews_corrcoef

    classes = len(train_counts)
    one = class_scores(labels, predicted, classes)
    recall, present = one["recall"], one["support"] > 0
    thirds = np.array_split(np.argsort(-train_counts, kind="stable"), 3)
    result = {
        "macro_f1": macro_f1(labels, predicted, classes),
        "never_predicted": float(never_predicted(predicted, classes).sum()),
        "zero_recall": float((recall[present] == 0).sum()),
        "balanced_accuracy": float(np.nanmean(recall)),
        "accuracy": float(accuracy_score(labels, predicted)),
        "worst_recall": float(np.nanmin(recall)),
        # 0 as soon as one class is never right
        "g_mean": float(
            geometric_mean_score(
                labels, predicted, labels=np.flatnonzero(present), average="multiclass"
            )
        ),
        "mcc": float(matthews_corrcoef(labels, predicted)),
        "log_loss": float(-log_probabilities[np.arange(len(labels)), labels].mean()),
        "ece": calibration_error(labels, log_probabilities),
    }
    for name, third in zip(("many", "medium", "few"), thirds, strict=True):
        values = recall[third]
        result[f"{name}_recall"] = float(np.nanmean(values)) if present[third].any() else np.nan
    return result


def calibration_error(
    labels: Labels, log_probabilities: NDArray[np.float64], bins: int = 15
) -> float:
    """Top-label expected calibration error over equal-width bins (Guo et al. 2017, eq. 3)."""
    confidence = np.exp(log_probabilities.max(axis=1))
    right = log_probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(labels))
