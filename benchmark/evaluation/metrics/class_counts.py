"""True and false predictions of each class, from which scores are computed.

The class list is fixed: a class without images or without predictions keeps its position.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]

SHOT_GROUPS = ("many", "medium", "few")  # classes by training images


@dataclass(frozen=True)
class ClassCounts:
    """Counts, or sums of weights, each (..., C); the leading axes are those of a resampling."""

    true_positives: Floats
    false_negatives: Floats
    false_positives: Floats

    @property
    def support(self) -> Floats:
        """Images of each class, (..., C)."""
        return self.true_positives + self.false_negatives

    @property
    def predicted(self) -> Floats:
        """Images that were predicted to be of each class, (..., C)."""
        return self.true_positives + self.false_positives

    @property
    def recall(self) -> Floats:
        """Share of a class's images that are predicted so, (..., C); 0 without images."""
        return ratio(self.true_positives, self.support)

    @property
    def precision(self) -> Floats:
        """Share of a class's predictions that are right, (..., C); 0 without predictions."""
        return ratio(self.true_positives, self.predicted)

    @property
    def f1(self) -> Floats:
        """Harmonic mean of recall and precision, (..., C); 0 where neither exists."""
        return ratio(2 * self.true_positives, self.support + self.predicted)


def count_classes(
    labels: Labels, predicted: Labels, classes: int, weights: Floats | None = None
) -> ClassCounts:
    """Count labels and predictions (N,); weights (N,) say how much an image counts."""
    right = labels == predicted
    hits = _sums(labels[right], classes, None if weights is None else weights[right])
    return ClassCounts(
        hits, _sums(labels, classes, weights) - hits, _sums(predicted, classes, weights) - hits
    )


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _sums(labels: Labels, classes: int, weights: Floats | None) -> Floats:
    return np.bincount(labels, weights=weights, minlength=classes).astype(float)


def shot_groups(train_counts: Labels) -> Labels:
    """Return for each class (C,) the index of its group in SHOT_GROUPS; each is a third of all.

    Classes of one size stay together, in the third of their middle one: where all classes are
    equally large all are in the middle, and none is rare.
    """
    thirds = np.array_split(train_counts, 3)
    third_of_rank = np.repeat(np.arange(3), [len(third) for third in thirds])  # largest first
    _, size = np.unique(-train_counts, return_inverse=True)
    size = size.ravel()
    same_size = np.bincount(size)  # classes of each size, largest size first
    middle = np.cumsum(same_size) - same_size + (same_size - 1) // 2
    return third_of_rank[middle[size]]
