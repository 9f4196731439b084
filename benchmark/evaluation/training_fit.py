"""How well a trained network fits its own training images: the train side of the train/test gap."""

from dataclasses import dataclass

import numpy as np

from benchmark.evaluation.metrics.class_counts import Floats, Labels, count_classes


@dataclass(frozen=True)
class TrainingFit:
    """Scores on training images, as they are (not augmented), by the network in evaluation mode."""

    images: int  # that the scores are estimated from, see `execution.outputs.sample_classes`
    accuracy: float
    macro_f1: float
    log_loss: float


def training_fit(
    labels: Labels, predicted: Labels, log_probabilities: Floats, train_counts: Labels
) -> TrainingFit:
    """Estimate the scores on all training images from a sample of each class.

    Parameters
    ----------
    labels, predicted
        Of the sampled images, (N,); `predicted` after the decision.
    log_probabilities
        (N, C).
    train_counts
        All training images by class, (C,). An image counts for as many as it was sampled from, so
        the scores are those of the training distribution.
    """
    classes = len(train_counts)
    sampled = np.bincount(labels, minlength=classes)
    weight = (train_counts / np.maximum(sampled, 1))[labels]  # (N,)
    counts = count_classes(labels, predicted, classes, weight)
    loss = -log_probabilities[np.arange(len(labels)), labels]
    return TrainingFit(
        images=len(labels),
        accuracy=float(counts.true_positives.sum() / weight.sum()),
        macro_f1=float(counts.f1.mean()),
        log_loss=float(np.average(loss, weights=weight)),
    )
