"""How well a trained network fits its own training images: the train side of the train/test gap."""

from dataclasses import dataclass

import numpy as np

from benchmark.evaluation.metrics.class_counts import Floats, Labels, count_classes

IMAGES_PER_CLASS = 50  # of the training split, at most: a sample says how well a class is learnt


@dataclass(frozen=True)
class TrainingFit:
    """Scores on training images, as they are (not augmented), by the network in evaluation mode."""

    images: int  # that the scores are estimated from, see `execution.outputs.sample_classes`
    accuracy: float
    macro_f1: float
    log_loss: float


@dataclass(frozen=True)
class WrongLabelFit:
    """What a network makes of training images whose labels were made wrong on purpose.

    A network that has learnt the wrong labels by heart predicts them; one that has learnt what the
    classes look like predicts the right ones (Arpit et al. 2017).
    """

    images: int  # that the shares are estimated from
    as_given: float  # share that is predicted as its wrong label says
    as_right: float  # share that is predicted as the right label says


def training_fit(
    labels: Labels, predicted: Labels, log_p_of_label: Floats, train_counts: Labels
) -> TrainingFit:
    """Estimate the scores on all training images from a sample of each class.

    Parameters
    ----------
    labels, predicted
        Of the sampled images, (N,); `predicted` after the decision.
    log_p_of_label
        Log-probability of each image's own class, (N,).
    train_counts
        All training images by class, (C,). An image counts for as many as it was sampled from, so
        the scores are those of the training distribution.
    """
    classes, weight = len(train_counts), _weights(labels, train_counts)
    counts = count_classes(labels, predicted, classes, weight)
    return TrainingFit(
        images=len(labels),
        accuracy=float(counts.true_positives.sum() / weight.sum()),
        macro_f1=float(counts.f1.mean()),
        log_loss=float(np.average(-log_p_of_label, weights=weight)),
    )


def wrong_label_fit(
    labels: Labels, right_labels: Labels, predicted: Labels, train_counts: Labels
) -> WrongLabelFit | None:
    """Estimate, from a sample, what is predicted of the training images with a wrong label.

    Parameters are those of `training_fit`; `right_labels` (N,) are the right ones. None without a
    wrong one.
    """
    wrong, weight = labels != right_labels, _weights(labels, train_counts)
    if not wrong.any():
        return None
    return WrongLabelFit(
        images=int(wrong.sum()),
        as_given=float(np.average(predicted[wrong] == labels[wrong], weights=weight[wrong])),
        as_right=float(np.average(predicted[wrong] == right_labels[wrong], weights=weight[wrong])),
    )


def _weights(labels: Labels, train_counts: Labels) -> Floats:
    """Return for how many training images each sampled one counts, (N,)."""
    sampled = np.bincount(labels, minlength=len(train_counts))
    return np.asarray((train_counts / np.maximum(sampled, 1))[labels])
