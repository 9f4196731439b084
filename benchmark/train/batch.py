"""The images of one training step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Batch:
    """B images to be shown."""

    positions: NDArray[np.int64]  # (B,) in the training split
    repeat_index: NDArray[np.int64]  # (B,) showing number of each within its pass
    augmented: NDArray[np.bool_]  # (B,) whether it is augmented

    def __len__(self) -> int:
        return len(self.positions)

    def parts(self, number: int) -> list[Batch]:
        """Cut into so many, whose sizes differ by one at most."""
        return [self.of(rows) for rows in np.array_split(np.arange(len(self)), number)]

    def of(self, rows: NDArray[np.int64]) -> Batch:
        """Return some of the images."""
        return Batch(self.positions[rows], self.repeat_index[rows], self.augmented[rows])
