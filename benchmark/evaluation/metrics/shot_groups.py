"""Classes of many, medium and few training images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHOT_GROUPS = ("many", "medium", "few")


def shot_groups(train_counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each class (C,) the index of its group in SHOT_GROUPS; each is a third of all.

    Classes of one size stay together, in the third of their middle one: where all classes are
    equally large all are in the middle, and none is rare.
    """
    order = np.argsort(-train_counts, kind="stable")
    thirds = np.array_split(order, 3)
    third_of_rank = np.repeat(np.arange(3), [len(third) for third in thirds])
    _, size = np.unique(-train_counts, return_inverse=True)
    size = size.ravel()
    same_size = np.bincount(size)  # classes of each size, largest size first
    middle = np.cumsum(same_size) - same_size + (same_size - 1) // 2
    return third_of_rank[middle[size]]
