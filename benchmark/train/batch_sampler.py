"""Which images each training step shows, as a function of the step alone.

Nothing is carried from step to step, so a run that stopped anywhere goes on with exactly the images
it would have seen, and two strategies with the same sampler see the same batches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import Sampler

_DRAW = 1  # keeps these random numbers apart from those of other uses of a seed


class BatchSampler:
    """Passes of a sampler, one after the other, cut into full batches.

    Parameters
    ----------
    sampler
        Draws one pass: labels (N,), rng -> positions (M,).
    labels
        Labels of the training split, (N,).
    seed, batch_size
        Of the run.
    start
        Optimizer step at which the stream begins.
    """

    def __init__(
        self,
        sampler: Sampler,
        labels: NDArray[np.int64],
        seed: int,
        batch_size: int,
        start: int = 0,
    ) -> None:
        self.sampler, self.labels, self.seed = sampler, labels, seed
        self.batch_size, self.start = batch_size, start
        self._restart()

    def _restart(self) -> None:
        self._passes, self._first = 0, 0  # passes drawn, place of the present one in the stream
        self._positions = self._copies = np.empty(0, np.int64)

    def batch(self, step: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return positions in the training split (B,) and the showing number within its pass (B,).

        Raises
        ------
        ValueError
            If the sampler returns nothing, or positions outside the training split.
        """
        begin = (step - self.start) * self.batch_size
        if begin < self._first:
            self._restart()
        positions: list[NDArray[np.int64]] = []
        repeat_index: list[NDArray[np.int64]] = []
        missing = self.batch_size
        while missing:
            at = begin + self.batch_size - missing - self._first
            if at >= len(self._positions):
                self._next_pass()
                continue
            positions.append(self._positions[at : at + missing])
            repeat_index.append(self._copies[at : at + missing])
            missing -= len(positions[-1])
        return np.concatenate(positions), np.concatenate(repeat_index)

    def _next_pass(self) -> None:
        rng = np.random.default_rng([self.seed, _DRAW, self._passes])
        drawn = np.asarray(self.sampler(self.labels, rng))
        count = len(self.labels)
        if drawn.ndim != 1 or not drawn.size or not np.issubdtype(drawn.dtype, np.integer):
            raise ValueError(
                f"{_name(self.sampler)} must return a non-empty one-dimensional array of integers, "
                f"got shape {drawn.shape} of {drawn.dtype}"
            )
        if drawn.min() < 0 or drawn.max() >= count:
            raise ValueError(
                f"{_name(self.sampler)} drew positions {drawn.min()} to {drawn.max()}, but the "
                f"training split has 0 to {count - 1}; it may draw from nothing else"
            )
        self._first += len(self._positions)
        self._positions, self._copies = drawn.astype(np.int64), showing_numbers(drawn)
        self._passes += 1


def showing_numbers(drawn: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often each entry (M,) has stood in the array before it, (M,)."""
    order = np.argsort(drawn, kind="stable")
    grouped = drawn[order]
    begins = np.flatnonzero(np.r_[True, grouped[1:] != grouped[:-1]])
    lengths = np.diff(np.r_[begins, len(drawn)])
    numbers = np.empty(len(drawn), np.int64)
    numbers[order] = np.arange(len(drawn)) - np.repeat(begins, lengths)
    return numbers


def _name(sampler: Sampler) -> str:
    return getattr(sampler, "__qualname__", None) or type(sampler).__qualname__
