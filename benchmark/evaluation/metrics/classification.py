"""Metrics of the predicted classes, after the strategy's decision."""

import numpy as np
from imblearn.metrics import geometric_mean_score
from numpy.typing import NDArray
from sklearn.metrics import matthews_corrcoef

from benchmark.evaluation.metrics.class_counts import (
    SHOT_GROUPS,
    ClassCounts,
    Floats,
    Labels,
    count_classes,
    shot_groups,
)
from benchmark.evaluation.metrics.metric import Metric, SplitPredictions


def macro_f1(
    labels: Labels, predicted: Labels, classes: int, weights: Floats | None = None
) -> float:
    """Mean of the per-class F1 over all classes; weights (N,) say how much an image counts."""
    return float(mean_f1(count_classes(labels, predicted, classes, weights)))


def mean_f1(counts: ClassCounts) -> Floats:
    """Macro-F1 (...): 0 enters for a class that is never predicted or never right.

    Not the F1 of averaged precision and recall, which differs by up to 0.5 (Opitz & Burst,
    arXiv 1911.03347).
    """
    return counts.f1.mean(-1)


def mean_recall(counts: ClassCounts) -> Floats:
    """Balanced accuracy (...): mean recall over the classes that have images."""
    return counts.recall.sum(-1) / (counts.support > 0).sum(-1)


def accuracy(counts: ClassCounts) -> Floats:
    """Share (...) of all images that are right."""
    return counts.true_positives.sum(-1) / counts.support.sum(-1)


def never_predicted(predicted: Labels, classes: int) -> NDArray[np.bool_]:
    """Return which classes no image was assigned to, (C,)."""
    return np.bincount(predicted, minlength=classes) == 0


def _geometric_mean(split: SplitPredictions) -> float:
    present = np.flatnonzero(split.present)
    return float(
        geometric_mean_score(split.labels, split.predicted, labels=present, average="multiclass")
    )


def _shot_group_recall(split: SplitPredictions, group: str) -> float:
    in_group = shot_groups(split.train_counts) == SHOT_GROUPS.index(group)
    recall = split.counts.recall[in_group & split.present]
    return float(recall.mean()) if len(recall) else np.nan


CLASSIFICATION = (
    Metric(
        "macro_f1",
        "Macro-F1",
        "F1 of each class, then the plain mean over the whole class list, however rare a class "
        "is. A class that is never predicted counts as 0; it does not drop out.",
        lambda split: float(mean_f1(split.counts)),
        main=True,
        bootstrap=mean_f1,
    ),
    Metric(
        "never_predicted",
        "Never predicted",
        "Classes that no test image was assigned to: the classifier ignores them.",
        lambda split: float(never_predicted(split.predicted, len(split.train_counts)).sum()),
        format="count",
        better="lower",
        main=True,
    ),
    Metric(
        "zero_recall",
        "Zero recall",
        "Classes of which no test image was recognised. This includes every class that is never "
        "predicted, and those predicted only for images of other classes.",
        lambda split: float((split.counts.recall[split.present] == 0).sum()),
        format="count",
        better="lower",
        main=True,
    ),
    Metric(
        "balanced_accuracy",
        "Balanced accuracy",
        "Mean recall over classes. The test images keep the natural distribution, so helping rare "
        "classes tends to raise balanced accuracy and to lower accuracy: look at both.",
        lambda split: float(mean_recall(split.counts)),
        main=True,
        bootstrap=mean_recall,
        balanced_form_of="accuracy",
    ),
    Metric(
        "accuracy",
        "Accuracy",
        "Share of all test images that are right. Classes with many test images dominate it.",
        lambda split: float(accuracy(split.counts)),
        main=True,
        bootstrap=accuracy,
    ),
    Metric(
        "worst_recall",
        "Worst-class recall",
        "Lowest recall of any class.",
        lambda split: float(split.counts.recall[split.present].min()),
        main=True,
    ),
    Metric(
        "many_recall",
        "Recall, many images",
        "Mean recall over the third of the classes with the most training images.",
        lambda split: _shot_group_recall(split, "many"),
    ),
    Metric(
        "medium_recall",
        "Recall, medium",
        "Mean recall over the middle third of the classes by training images.",
        lambda split: _shot_group_recall(split, "medium"),
    ),
    Metric(
        "few_recall",
        "Recall, few images",
        "Mean recall over the third of the classes with the fewest training images.",
        lambda split: _shot_group_recall(split, "few"),
    ),
    Metric(
        "g_mean",
        "Geometric mean",
        "The geometric mean of the recalls: 0 as soon as one class is never recognised.",
        _geometric_mean,
    ),
    Metric(
        "mcc",
        "MCC",
        "Matthews' correlation of true and predicted classes: 0 for guessing, 1 if all are right.",
        lambda split: float(matthews_corrcoef(split.labels, split.predicted)),
    ),
)
