"""What a training has used and how it went, counted as it goes; part of every checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALLEST_MICRO_BATCH = 2  # batch norm takes no average of one


@dataclass
class Tally:
    """Budget and learning curve of one network. N training images, C classes."""

    drawn: NDArray[np.int64]  # (C,) images shown, by class
    seen: NDArray[np.bool_]  # (N,) training images shown at least once
    views: int = 0  # altered images shown
    micro_batches: int = 1  # parts that a batch is cut into since memory ran out
    seconds: float = 0.0  # of training steps, without validation
    loss_sum: float = 0.0  # over the steps since the last validation
    loss_steps: int = 0
    curve: list[dict[str, Any]] = field(default_factory=list)  # one entry a validation

    @classmethod
    def empty(cls, classes: int, images: int) -> Tally:
        """Nothing shown yet."""
        return cls(np.zeros(classes, np.int64), np.zeros(images, bool))

    def count(self, positions: NDArray[np.int64], labels: NDArray[np.int64], altered: int) -> None:
        """Add a batch: positions (B,) in the training split, labels (B,), how many are altered."""
        np.add.at(self.drawn, labels, 1)
        self.seen[positions] = True
        self.views += altered

    def parts(self, batch_size: int) -> int:
        """Return into how many parts a batch is cut, none of them too small."""
        return max(1, min(self.micro_batches, batch_size // SMALLEST_MICRO_BATCH))

    def micro_batch(self, batch_size: int) -> int:
        """Return how many images pass the network at once, at most."""
        return -(-batch_size // self.parts(batch_size))

    def to_json(self) -> dict[str, Any]:
        """Return everything, for a file."""
        return {
            "drawn": self.drawn.tolist(),
            "seen": np.packbits(self.seen).tobytes().hex(),
            "images": len(self.seen),
            "views": self.views,
            "micro_batches": self.micro_batches,
            "seconds": self.seconds,
            "loss": [self.loss_sum, self.loss_steps],
            "curve": self.curve,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Tally:
        """Read what `to_json` gave."""
        bits = np.frombuffer(bytes.fromhex(value["seen"]), np.uint8)
        seen = np.unpackbits(bits, count=value["images"]).astype(bool)
        loss_sum, loss_steps = value["loss"]
        return cls(
            np.asarray(value["drawn"], np.int64),
            seen,
            value["views"],
            value["micro_batches"],
            value["seconds"],
            loss_sum,
            loss_steps,
            value["curve"],
        )
