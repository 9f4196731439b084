"""The images of each training step, as a function of the step alone.

Nothing is carried from step to step. So an interrupted run continues with exactly the images that
it would have drawn, and two strategies with the same sampler get the same batches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import Sampler

_DRAW = 1  # separates these random numbers from those of other uses of a seed


@dataclass(frozen=True)
class Batch:
    """B images of one training step."""

    positions: NDArray[np.int64]  # (B,) in the training split
    repeat_index: NDArray[np.int64]  # (B,) how often each was drawn before in the same epoch
    augmented: NDArray[np.bool_]  # (B,) whether it is augmented

    def __len__(self) -> int:
        return len(self.positions)

    def micro_batches(self, count: int) -> list[Batch]:
        """Cut into `count` batches whose sizes differ by one at most."""
        return [self.select(rows) for rows in np.array_split(np.arange(len(self)), count)]

    def select(self, rows: NDArray[np.int64]) -> Batch:
        """Return the batch of these rows."""
        return Batch(self.positions[rows], self.repeat_index[rows], self.augmented[rows])


@dataclass
class BatchSampler:
    """Epochs of a sampler, joined end to end and cut into full batches."""

    sampler: Sampler  # draws one epoch: labels (N,), rng -> rows (M,)
    labels: NDArray[np.int64]  # (N,) of the rows that it draws from
    seed: int
    batch_size: int
    start: int = 0  # optimizer step at which the first epoch begins
    # (N,) of these rows in the training split; None: they are all of it, in order
    positions: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        self._restart()

    def _restart(self) -> None:
        self._epochs, self._first = 0, 0  # epochs drawn, images before the last of them
        self._positions = self._repeat_index = np.empty(0, np.int64)

    def batch(self, step: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return positions in the training split (B,) and the repeat index of each (B,)."""
        begin = (step - self.start) * self.batch_size
        if begin < self._first:
            self._restart()
        positions: list[NDArray[np.int64]] = []
        repeat_index: list[NDArray[np.int64]] = []
        missing = self.batch_size
        while missing:
            offset = begin + self.batch_size - missing - self._first
            if offset >= len(self._positions):
                self._next_epoch()
                continue
            positions.append(self._positions[offset : offset + missing])
            repeat_index.append(self._repeat_index[offset : offset + missing])
            missing -= len(positions[-1])
        return np.concatenate(positions), np.concatenate(repeat_index)

    def _next_epoch(self) -> None:
        rng = np.random.default_rng([self.seed, _DRAW, self._epochs])
        drawn = np.asarray(self.sampler(self.labels.copy(), rng))
        count = len(self.labels)
        if drawn.ndim != 1 or not drawn.size or not np.issubdtype(drawn.dtype, np.integer):
            raise ValueError(
                f"the sampler {_name(self.sampler)} must return a non-empty one-dimensional array "
                f"of integers, got shape {drawn.shape} of {drawn.dtype}"
            )
        if drawn.min() < 0 or drawn.max() >= count:
            raise ValueError(
                f"the sampler {_name(self.sampler)} drew positions {drawn.min()} to "
                f"{drawn.max()}, but the training split has 0 to {count - 1}; a sampler must draw "
                "from the training split"
            )
        self._first += len(self._positions)
        rows = drawn.astype(np.int64)
        self._positions = rows if self.positions is None else self.positions[rows]
        self._repeat_index = repeat_indices(drawn)
        self._epochs += 1


def repeat_indices(drawn: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often each entry of `drawn` (M,) occurs before its position, (M,)."""
    order = np.argsort(drawn, kind="stable")
    grouped = drawn[order]
    begins = np.flatnonzero(np.r_[True, grouped[1:] != grouped[:-1]])
    lengths = np.diff(np.r_[begins, len(drawn)])
    numbers = np.empty(len(drawn), np.int64)
    numbers[order] = np.arange(len(drawn)) - np.repeat(begins, lengths)
    return numbers


def _name(sampler: Sampler) -> str:
    return getattr(sampler, "__qualname__", None) or type(sampler).__qualname__
