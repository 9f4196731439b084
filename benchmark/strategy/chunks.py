"""Arrays of all images and classes, computed a few images at a time: no copy of all is made."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

CHUNK = 2**20  # numbers that are computed with at once: more take memory and save no time


def chunks(given: NDArray[np.floating]) -> list[slice]:
    """Return positions of N images in turn, as many at a time as have CHUNK numbers of (N, W)."""
    step = max(1, CHUNK // max(1, given.shape[1]))
    return [slice(start, start + step) for start in range(0, max(1, len(given)), step)]


def highest_class(
    given: NDArray[np.floating], scores: Callable[[slice], NDArray[np.floating]]
) -> NDArray[np.int64]:
    """Return the class with the highest score of each of N images, (N,).

    `scores` makes them of some rows of what is `given` (N, W), positions -> (n, C).
    """
    labels = np.empty(len(given), np.int64)
    for images in chunks(given):
        labels[images] = scores(images).argmax(1)
    return labels
