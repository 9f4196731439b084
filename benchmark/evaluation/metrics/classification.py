"""Metrics of the predicted classes, after the strategy's decision."""

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics.class_counts import (
    SHOT_GROUPS,
    ClassCounts,
    Floats,
    Labels,
    count_classes,
    ratio,
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
    """Balanced accuracy (...): mean recall over the classes that have images; NaN without any."""
    return ratio(counts.recall.sum(-1), (counts.support > 0).sum(-1), np.nan)


def accuracy(counts: ClassCounts) -> Floats:
    """Share (...) of all images that are right; NaN without images."""
    return ratio(counts.true_positives.sum(-1), counts.support.sum(-1), np.nan)


def correlation(counts: ClassCounts) -> Floats:
    """Matthews' correlation (...) of true and predicted classes; 0 where one of them is constant.

    Gorodkin 2004, from the sums alone: scikit-learn's `matthews_corrcoef`, which warns where all
    images are of one class.
    """
    support, predicted, images = counts.support, counts.predicted, counts.support.sum(-1)
    covariance = counts.true_positives.sum(-1) * images - (support * predicted).sum(-1)
    variances = [images**2 - (n**2).sum(-1) for n in (support, predicted)]
    return ratio(covariance, np.sqrt(variances[0] * variances[1]))


def never_predicted(predicted: Labels, classes: int) -> NDArray[np.bool_]:
    """Return which classes no image was assigned to, (C,)."""
    return np.bincount(predicted, minlength=classes) == 0


def _never_predicted_present(split: SplitPredictions) -> float:
    never = never_predicted(split.predicted, len(split.train_counts))
    return float((never & split.present).sum())


def _geometric_mean(split: SplitPredictions) -> float:
    with np.errstate(divide="ignore"):  # log 0: a class that is never recognised
        return float(np.exp(np.log(split.counts.recall[split.present]).mean()))


def _quadratic_kappa(split: SplitPredictions) -> float:
    """Return scikit-learn's `cohen_kappa_score`, from moments: to import it takes each process 1 s.

    What chance errs is what independent draws differ: E (X - Y)² = Var X + Var Y + (E X - E Y)².
    """
    labels, predicted = split.labels, split.predicted
    by_chance = labels.var() + predicted.var() + (labels.mean() - predicted.mean()) ** 2
    return float(1 - ((labels - predicted) ** 2).mean() / by_chance) if by_chance else np.nan


def _shot_group_recall(split: SplitPredictions, group: str) -> float:
    in_group = shot_groups(split.train_counts) == SHOT_GROUPS.index(group)
    recall = split.counts.recall[in_group & split.present]
    return float(recall.mean()) if len(recall) else np.nan


_SHOTS = "the cuts of Liu et al. 2019, or thirds of the classes where these leave a group empty"

CLASSIFICATION = (
    Metric(
        "macro_f1",
        "Macro-F1",
        "F1 of each class, then the plain mean over the whole class list, however rare a class "
        "is. A class that is never predicted counts as 0; it does not drop out. Neither does a "
        "class without test images, so that with 2 of 5 absent a perfect classifier has .60.",
        lambda split: float(mean_f1(split.counts)),
        main=True,
        of_counts=mean_f1,
        of_classes=lambda counts: (counts.f1, np.ones_like(counts.f1)),
    ),
    Metric(
        "macro_f1_present",
        "Macro-F1, present classes",
        "Macro-F1 over the classes that have test images: a perfect classifier has 1. It is shown "
        "where a class has none.",
        lambda split: float(split.counts.f1[split.present].mean()),
        present_form_of="macro_f1",
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
        "never_predicted_present",
        "Never predicted, present classes",
        "Classes that have test images, none of which, nor of any other class, was assigned to "
        "them. It is shown where a class has no test image: never to predict that one is right.",
        _never_predicted_present,
        format="count",
        better="lower",
        present_form_of="never_predicted",
    ),
    Metric(
        "zero_recall",
        "Zero recall",
        "Classes of which no test image was recognised. This includes every class with test images "
        "that is never predicted, and those predicted only for images of other classes.",
        lambda split: float((split.counts.recall[split.present] == 0).sum()),
        format="count",
        better="lower",
        main=True,
    ),
    Metric(
        "balanced_accuracy",
        "Balanced accuracy",
        "Mean recall over the classes that have test images. The test images keep the natural "
        "distribution, so helping rare classes tends to raise balanced accuracy and to lower "
        "accuracy: look at both.",
        lambda split: float(mean_recall(split.counts)),
        main=True,
        of_counts=mean_recall,
        of_classes=lambda counts: (counts.recall, (counts.support > 0).astype(float)),
        balanced_form_of="accuracy",
    ),
    Metric(
        "accuracy",
        "Accuracy",
        "Share of all test images that are right. Classes with many test images dominate it.",
        lambda split: float(accuracy(split.counts)),
        main=True,
        of_counts=accuracy,
        of_classes=lambda counts: (counts.true_positives, counts.support),
    ),
    Metric(
        "mcc",
        "MCC",
        "Matthews' correlation of true and predicted classes: 0 for guessing, 1 if all are right.",
        lambda split: float(correlation(split.counts)),
        main=True,
    ),
    Metric(
        "worst_recall",
        "Worst-class recall",
        "Lowest recall of any class that has test images.",
        lambda split: float(split.counts.recall[split.present].min()),
        main=True,
    ),
    Metric(
        "many_recall",
        "Recall, many images",
        f"Mean recall over the classes with more than 100 training images, by {_SHOTS}.",
        lambda split: _shot_group_recall(split, "many"),
    ),
    Metric(
        "medium_recall",
        "Recall, medium",
        f"Mean recall over the classes with 20 to 100 training images, by {_SHOTS}.",
        lambda split: _shot_group_recall(split, "medium"),
    ),
    Metric(
        "few_recall",
        "Recall, few images",
        f"Mean recall over the classes with fewer than 20 training images, by {_SHOTS}.",
        lambda split: _shot_group_recall(split, "few"),
    ),
    Metric(
        "g_mean",
        "Geometric mean",
        "The geometric mean of the recalls: 0 as soon as one class is never recognised.",
        _geometric_mean,
    ),
    Metric(
        "quadratic_kappa",
        "Quadratic kappa",
        "Cohen's kappa with quadratic weights: agreement beyond chance, where an error costs the "
        "square of its distance in the class list. It means something for grades that the list has "
        "in their order, as 0 to 4; it is shown where all class names begin or end with numbers "
        "that rise, and is in seeds.csv always.",
        _quadratic_kappa,
    ),
)
