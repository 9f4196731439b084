"""What a training has used and how it went, counted as it goes; part of every checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.train.stage_monitor import StageMonitor

SMALLEST_MICRO_BATCH = 2  # batch norm takes no average of one


@dataclass
class TrainingStats:
    """Budget and learning curve of one network. N training images, C classes."""

    classes: int
    seen: NDArray[np.bool_]  # (N,) training images shown at least once
    stages_measured: list[StageMonitor] = field(default_factory=list)  # one a stretch
    views: int = 0  # altered images shown
    micro_batches: int = 1  # parts that a batch is cut into since memory ran out
    seconds: float = 0.0  # of training steps, without validation
    loss_sum: float = 0.0  # over the steps since the last validation
    loss_steps: int = 0
    curve: list[dict[str, Any]] = field(default_factory=list)  # one entry a validation

    @classmethod
    def empty(cls, classes: int, images: int) -> TrainingStats:
        """Nothing shown yet."""
        return cls(classes, np.zeros(images, bool))

    @property
    def drawn(self) -> NDArray[np.int64]:
        """Images shown, by class, (C,)."""
        return sum((one.drawn for one in self.stages_measured), np.zeros(self.classes, np.int64))

    def watch(self, start: int) -> StageMonitor:
        """Return what is seen of the stretch that begins at step `start`."""
        if not self.stages_measured or self.stages_measured[-1].start != start:
            self.stages_measured.append(StageMonitor.empty(start, self.classes))
        return self.stages_measured[-1]

    def parts(self, batch_size: int) -> int:
        """Return into how many parts a batch is cut, none of them too small."""
        return max(1, min(self.micro_batches, batch_size // SMALLEST_MICRO_BATCH))

    def micro_batch(self, batch_size: int) -> int:
        """Return how many images pass the network at once, at most."""
        return -(-batch_size // self.parts(batch_size))

    def to_json(self) -> dict[str, Any]:
        """Return everything, for a file."""
        return {
            "classes": self.classes,
            "seen": np.packbits(self.seen).tobytes().hex(),
            "images": len(self.seen),
            "stages_measured": [one.to_json() for one in self.stages_measured],
            "views": self.views,
            "micro_batches": self.micro_batches,
            "seconds": self.seconds,
            "loss": [self.loss_sum, self.loss_steps],
            "curve": self.curve,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> TrainingStats:
        """Read what `to_json` gave."""
        bits = np.frombuffer(bytes.fromhex(value["seen"]), np.uint8)
        seen = np.unpackbits(bits, count=value["images"]).astype(bool)
        loss_sum, loss_steps = value["loss"]
        return cls(
            value["classes"],
            seen,
            [StageMonitor.from_json(one) for one in value["stages_measured"]],
            value["views"],
            value["micro_batches"],
            value["seconds"],
            loss_sum,
            loss_steps,
            value["curve"],
        )
