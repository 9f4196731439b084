"""Log probabilities with an offset for each class, where one class is moved after another.

N images, C classes. A move changes one class, so what depends on all of them, the two highest
scores of an image and its sum of exponentials, is kept and mended, not computed again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.chunks import chunks

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


class MovedScores:
    """The scores log p_c + offset_c of N images.

    Parameters
    ----------
    log_p
        (N, C) log probabilities.
    offset
        (C,) of the first scores.
    """

    def __init__(self, log_p: Floats, offset: Floats) -> None:
        self.offset = offset.copy()  # (C,) now
        self._log_p = np.ascontiguousarray(log_p.T)  # (C, N): the scores of a class side by side
        images = len(log_p)
        self._first, self._second = (np.empty(images, np.int64) for _ in range(2))  # classes
        self._highest, self._next = (np.empty(images) for _ in range(2))  # their scores
        self._reference, self._total = (np.empty(images) for _ in range(2))

    def begin_sweep(self) -> None:
        """Compute what is kept from the scores, so that no rounding adds up over sweeps."""
        for chunk in chunks(self._log_p.T):
            images = np.arange(len(self._first))[chunk]
            scores = self._find_highest(images)
            self._reference[images] = self._highest[images]
            self._total[images] = np.exp(scores - self._reference[images]).sum(0)

    def scores_of(self, k: int) -> Floats:
        """Return the scores of class k, (N,)."""
        return self._log_p[k] + self.offset[k]

    def rivals_of(self, k: int) -> tuple[Labels, Floats]:
        """Return the highest of the other classes, of equal ones the first, and its score, (N,)."""
        is_k = self._first == k
        return (
            np.where(is_k, self._second, self._first),
            np.where(is_k, self._next, self._highest),
        )

    def exponentials(self, k: int) -> tuple[Floats, Floats]:
        """Return the exponentials of class k and their sum over the others, (N,) each.

        Both are divided by that of a score that was the image's highest. What the sum loses of its
        digits where class k has nearly all of it, is lost in the sum of both as well.
        """
        own = np.exp(self.scores_of(k) - self._reference)
        return own, (self._total - own).clip(min=0)

    def move(self, k: int, step: float) -> None:
        """Add a step to the offset of class k."""
        if not step:
            return
        before, rest = self.exponentials(k)
        self.offset[k] += step
        self._total = rest + before * np.exp(step)
        is_high = (self._first == k) | (self._second == k)
        self._find_highest(np.flatnonzero(is_high | (self.scores_of(k) >= self._next)))

    def _find_highest(self, images: Labels) -> Floats:
        """Find the two highest scores of M images (M,) again; return all their scores (C, M)."""
        scores = self._log_p[:, images] + self.offset[:, None]
        columns = np.arange(len(images))
        self._first[images] = first = scores.argmax(0)
        self._highest[images] = highest = scores[first, columns]
        scores[first, columns] = -np.inf
        self._second[images] = second = scores.argmax(0)
        self._next[images] = scores[second, columns]
        scores[first, columns] = highest
        return scores
