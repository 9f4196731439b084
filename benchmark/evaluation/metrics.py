"""Numbers about predictions, always over the fixed list of C classes.

Library functions drop classes that are absent from labels or predictions unless told not to; every
call here says `labels=`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
BINS = 15  # of a calibration error


def macro_f1(
    labels: Labels,
    predicted: Labels,
    classes: int,
    weights: NDArray[np.float64] | None = None,
) -> float:
    """Mean of the per-class F1 over all classes; 0 for a class never predicted or never right.

    Not the F1 of averaged precision and recall, which differs by up to 0.5 (Opitz & Burst,
    arXiv 1911.03347). `weights` (N,) say how much an image counts; None: all the same.
    """
    from sklearn.metrics import f1_score

    return float(
        f1_score(
            labels,
            predicted,
            labels=range(classes),
            average="macro",
            zero_division=0,
            sample_weight=weights,
        )
    )


def never_predicted(predicted: Labels, classes: int) -> NDArray[np.bool_]:
    """Return which classes no image was assigned to, (C,)."""
    return np.bincount(predicted, minlength=classes) == 0


def class_scores(
    labels: Labels, predicted: Labels, classes: int, groups: Sequence[int] | None = None
) -> dict[str, NDArray[Any]]:
    """Per-class numbers, each (C,): support, recall, precision, f1, predicted, recall_low, _high.

    Recall is NaN where the class has no image; `recall_low` and `recall_high` are its
    interval at 95 %, see `wilson`. Where images come in groups, (N,), it is that of as many
    independent images as say as much, see `design_effect`.
    """
    from sklearn.metrics import precision_recall_fscore_support

    from benchmark.evaluation.statistics.design_effect import design_effect
    from benchmark.evaluation.statistics.proportions import wilson  # brings scipy.stats, 40 MB

    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=range(classes), zero_division=0
    )
    hits = np.bincount(labels[labels == predicted], minlength=classes)
    if groups is None:
        low, high = wilson(hits, support)
    else:
        right = (labels == predicted).astype(float)
        effect = design_effect(right, labels, np.asarray(groups), classes)
        low, high = wilson(hits / effect, support / effect)
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

    Numbers that end in `_balanced` weigh every image by one over its class's images: what they
    would be if all classes that are there were equally frequent among the test images. Precision,
    log-loss and calibration depend on that, recall does not.
    """
    from imblearn.metrics import geometric_mean_score
    from sklearn.metrics import accuracy_score, matthews_corrcoef

    classes = len(train_counts)
    one = class_scores(labels, predicted, classes)
    recall, present = one["recall"], one["support"] > 0
    weights = balanced_weights(labels, classes)
    log_p = log_probabilities[np.arange(len(labels)), labels]
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
        "log_loss": float(-log_p.mean()),
        "ece": calibration_error(labels, log_probabilities),
        "classwise_ece": classwise_calibration_error(labels, log_probabilities),
        "macro_f1_balanced": macro_f1(labels, predicted, classes, weights),
        "log_loss_balanced": float(-(weights * log_p).sum()),
        "ece_balanced": calibration_error(labels, log_probabilities, weights),
    }
    thirds = shot_groups(train_counts)
    for place, name in enumerate(("many", "medium", "few")):
        values = recall[(thirds == place) & present]
        result[f"{name}_recall"] = float(values.mean()) if len(values) else np.nan
    return result


def balanced_weights(labels: Labels, classes: int) -> NDArray[np.float64]:
    """Return weights (N,) that sum to 1, and to the same in every class that is there."""
    counts = np.bincount(labels, minlength=classes)
    return 1 / (np.count_nonzero(counts) * counts[labels])


def shot_groups(train_counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each class (C,) whether it is of the third with most images, 0, or fewest, 2.

    Classes of one size stay together, in the third that their middle one is in: where all classes
    are equally large all are in the middle, and none is rare.
    """
    order = np.argsort(-train_counts, kind="stable")
    third = np.repeat(np.arange(3), [len(part) for part in np.array_split(order, 3)])  # by rank
    _, size = np.unique(-train_counts, return_inverse=True)
    size = size.ravel()
    many = np.bincount(size)  # classes of each size, largest size first
    middle = np.cumsum(many) - many + (many - 1) // 2
    return third[middle[size]]


def calibration_error(
    labels: Labels,
    log_probabilities: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
    bins: int = BINS,
) -> float:
    """Top-label expected calibration error over equal-width bins (Guo et al. 2017, eq. 3).

    `weights` (N,), sum 1, say how much an image counts; None: all the same.
    """
    confidence = np.exp(log_probabilities.max(axis=1))
    right = log_probabilities.argmax(axis=1) == labels
    weighted = (right - confidence) * (1 / len(labels) if weights is None else weights)
    gap = np.bincount(_bin(confidence, bins), weights=weighted, minlength=bins)
    return float(np.abs(gap).sum())


def classwise_calibration_error(
    labels: Labels, log_probabilities: NDArray[np.float64], bins: int = BINS
) -> float:
    """Mean over all classes of each one's calibration error against the rest.

    Static calibration error (Nixon et al. 2019, arXiv 1904.01685), the absolute form of the
    marginal one of Kumar et al. 2019 (arXiv 1909.10155): also of probabilities that are not the
    largest. It is small where classes are many, as most probabilities then are.
    """
    gaps = 0.0
    for c, log_p in enumerate(log_probabilities.T):
        probability = np.exp(log_p)
        away = (labels == c) - probability
        gap = np.bincount(_bin(probability, bins), weights=away, minlength=bins)
        gaps += float(np.abs(gap).sum()) / len(labels)
    return gaps / log_probabilities.shape[1]


def reliability(
    labels: Labels,
    log_probabilities: NDArray[np.float64],
    train_counts: NDArray[np.int64],
    bins: int = 10,
) -> dict[str, list[float]]:
    """Return what a reliability diagram shows of the top label, lists over equal-width bins.

    Keys are `all_`, `rare_` and `other_`, each with `images`, `confidence` and `right` behind:
    images in the bin, their mean confidence and the share that is right, NaN where there is none.
    `rare` are images *called* a class of the third with fewest training images. By the called
    class, not the true one: who reads a prediction knows that class alone, and among images chosen
    by their true class even a perfectly calibrated classifier is too sure of itself where it errs.

    Parameters
    ----------
    labels
        (N,).
    log_probabilities
        (N, C) of the network, before the strategy's decision.
    train_counts
        (C,), see `shot_groups`.
    """
    confidence, called = np.exp(log_probabilities.max(axis=1)), log_probabilities.argmax(axis=1)
    rare = shot_groups(train_counts)[called] == 2
    result = {}
    for name, chosen in (("all", np.full(len(labels), True)), ("rare", rare), ("other", ~rare)):
        place = _bin(confidence[chosen], bins)
        images = np.bincount(place, minlength=bins)
        sums = {
            "confidence": np.bincount(place, weights=confidence[chosen], minlength=bins),
            "right": np.bincount(place, weights=(called == labels)[chosen], minlength=bins),
        }
        result[f"{name}_images"] = images.tolist()
        for key, total in sums.items():
            mean = np.divide(total, images, out=np.full(bins, np.nan), where=images > 0)
            result[f"{name}_{key}"] = mean.tolist()
    return result


def pooled_reliability(seeds: Sequence[dict[str, list[Any]]]) -> dict[str, list[float]]:
    """Return the `reliability` of all images of several seeds; None stands for NaN in them."""
    result = {}
    for name in ("all", "rare", "other"):
        images = np.array([one[f"{name}_images"] for one in seeds], float)  # (seeds, bins)
        total = images.sum(axis=0)
        result[f"{name}_images"] = total.tolist()
        for key in ("confidence", "right"):
            means = np.array([one[f"{name}_{key}"] for one in seeds], float)
            sums = np.where(images > 0, images * means, 0).sum(axis=0)
            mean = np.divide(sums, total, out=np.full(len(total), np.nan), where=total > 0)
            result[f"{name}_{key}"] = mean.tolist()
    return result


def _bin(probability: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    return np.minimum((probability * bins).astype(int), bins - 1)
