"""True and false predictions of each class, from which scores are computed.

The class list is fixed: a class without images or without predictions keeps its position.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]

SHOT_GROUPS = ("many", "medium", "few")  # classes by training images
MANY_ABOVE, FEW_BELOW = 100, 20  # training images: Liu et al. 2019 (OLTR), arXiv 1904.05160


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


def ratio(part: Floats, whole: Floats, without: float = 0.0) -> Floats:
    """Return part / whole, and `without` where there is no whole."""
    return np.divide(part, whole, out=np.full_like(part, without), where=whole > 0)


def _sums(labels: Labels, classes: int, weights: Floats | None) -> Floats:
    return np.bincount(labels, weights=weights, minlength=classes).astype(float)


def shot_groups(train_counts: Labels) -> Labels:
    """Return for each class (C,) the index of its group in SHOT_GROUPS.

    Groups are those of the literature, see `shot_groups_by_cuts`. Where one of them would be empty
    each is a third of the classes. Classes of one size then stay together, in the third of their
    middle one: where all classes are equally large all are in the middle, and none is rare.
    """
    groups = _groups_by_cuts(np.asarray(train_counts))
    return groups if _all_groups(groups) else _thirds(np.asarray(train_counts))


def shot_groups_by_cuts(train_counts: Labels) -> bool:
    """Return whether groups are those of the literature: > 100, 20 to 100, < 20 training images.

    Else they are thirds, because one of these groups has no class.
    """
    return _all_groups(_groups_by_cuts(np.asarray(train_counts)))


def _groups_by_cuts(train_counts: Labels) -> Labels:
    not_many = (train_counts <= MANY_ABOVE).astype(np.int64)
    return not_many + (train_counts < FEW_BELOW)


def _all_groups(groups: Labels) -> bool:
    return len(np.unique(groups)) == len(SHOT_GROUPS)


def _thirds(train_counts: Labels) -> Labels:
    thirds = np.array_split(train_counts, 3)
    third_of_rank = np.repeat(np.arange(3), [len(third) for third in thirds])  # largest first
    _, size = np.unique(-train_counts, return_inverse=True)
    size = size.ravel()
    same_size = np.bincount(size)  # classes of each size, largest size first
    middle = np.cumsum(same_size) - same_size + (same_size - 1) // 2
    return third_of_rank[middle[size]]
