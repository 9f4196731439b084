"""Where activations live: on the GPU, in a file, in memory, or nowhere, whichever fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

SHARE_OF_GPU = 0.9  # of its memory; other programs and the driver have the rest
GPU_FOR_TRAINING = 8 * 2**30  # bytes: the second half at 299 px, batch 64, with Adam, in bf16
GPU_AT_LEAST = 2 * 2**30  # bytes: weights, their moments, libraries
SHARE_OF_HOST = 0.5  # of its memory; training and the file cache need the rest


class Placement(Enum):
    """A place for activations, in words for the user."""

    DEVICE = "in the memory of the GPU"
    DISK = "in a memory-mapped file"
    MEMORY = "in memory"
    RECOMPUTE = "recomputed at every step"


@dataclass(frozen=True)
class MemoryBudget:
    """Bytes that there are for activations."""

    device: int  # 0 on a CPU, and where several processes share a GPU
    disk: Callable[[int], bool]  # whether so many fit into the cache; may make room for them
    memory: int  # of a file system in memory

    def placement_for(self, needed: int) -> Placement:
        """Return the fastest place in which so many bytes fit."""
        if needed <= self.device:
            return Placement.DEVICE
        if self.disk(needed):
            return Placement.DISK
        return Placement.MEMORY if needed <= self.memory else Placement.RECOMPUTE


def gpu_budget_for(free: int, total: int, batch_size: int, image_size: int) -> int:
    """Return the bytes of a GPU that training itself will not need.

    Args:
        free, total: bytes, as the driver tells.
        batch_size: images a step.
        image_size: their side in pixels; what training needs grows with the area.
    """
    training = GPU_FOR_TRAINING * (batch_size / 64) * (image_size / 299) ** 2
    taken = total - free
    return max(0, int(SHARE_OF_GPU * total - taken - max(GPU_AT_LEAST, training)))
