"""Where activations are stored: the fastest of GPU, disk and memory that has room, or nowhere."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from benchmark.storage.atomic import digest
from benchmark.storage.cache import cache_dir, lease, make_room
from benchmark.storage.lock import PROCESSES_LOCK, lock_handle
from benchmark.storage.sizes import size_on_disk
from benchmark.storage.stored_array import StoredArray
from benchmark.system.device import Device
from benchmark.system.memory import host_memory, is_out_of_memory, release_memory
from benchmark.train.activation_store import (
    ActivationStore,
    DeviceActivationStore,
    DiskActivationStore,
    row_bytes,
)

GPU_FRACTION = 0.9  # of its memory; other programs and the driver have the rest
GPU_FOR_TRAINING = 8 * 2**30  # bytes: the second half at 299 px, batch 64, with Adam, in bf16
GPU_MINIMUM = 2 * 2**30  # bytes: weights, their moments, libraries
HOST_FRACTION = 0.5  # of its memory; training and the file cache need the rest
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- a file system in memory: processes can share its files
IMAGES_PER_COPY = 1024

T = TypeVar("T")


class Placement(Enum):
    """Where activations are stored; the value is shown to the user."""

    DEVICE = "in the memory of the GPU"
    DISK = "in a memory-mapped file"
    MEMORY = "in memory"
    RECOMPUTE = "recomputed at every step"


@dataclass
class StoreAllocator:
    """Allocates the stores of one experiment, each in the fastest placement in which it fits."""

    description: str  # what the rows are computed from, for people
    fingerprint: list[str]  # what the activations depend on, apart from the block they are fed to
    rows: int  # images in the set
    device: Device  # on which the rows are computed and used
    gpu_budget: int  # bytes of its memory, see the function `gpu_budget`
    cache_limit: int | None  # bytes of the cache on disk, see `make_room`

    def allocate(
        self, name: str, shape: tuple[int, ...], dtype: str
    ) -> tuple[ActivationStore | None, Placement]:
        """Return a store for rows that are named for people; None if it fits nowhere."""
        rows, needed = (self.rows, shape, dtype), self.rows * row_bytes(shape, dtype)
        store = self._on_gpu(needed, partial(DeviceActivationStore, *rows, self.device.name))
        if store is not None:
            return store, Placement.DEVICE
        folder = cache_dir() / "activations" / digest([*self.fingerprint, name, *shape])[:20]
        lock = lease(folder, f"{name} of {self.description}")
        file = folder / "rows.bin"
        stored = size_on_disk(file.stat()) if file.exists() else 0  # the file is sparse
        if make_room(needed - stored, self.cache_limit):
            return DiskActivationStore(folder, *rows, name, lock), Placement.DISK
        if needed <= _shared_memory_budget():
            own = SharedMemoryDir()
            return DiskActivationStore(own.path, *rows, name, own), Placement.MEMORY
        return None, Placement.RECOMPUTE

    def pixels(self, array: StoredArray) -> StoredArray | Tensor:
        """Return images (N, H, W, 3) on the GPU if they fit there, else the array itself."""
        empty = partial(torch.empty, array.shape, dtype=torch.uint8, device=self.device.name)
        pixels = self._on_gpu(array.nbytes, empty)
        if pixels is None:
            return array
        for start in range(0, len(array), IMAGES_PER_COPY):
            part = slice(start, start + IMAGES_PER_COPY)
            pixels[part] = torch.from_numpy(array[part].copy())
        return pixels

    def _on_gpu(self, needed: int, allocate: Callable[[], T]) -> T | None:
        """Return what `allocate` puts into the memory of the GPU; None if it does not fit."""
        if needed > self.gpu_budget:
            return None
        try:
            allocated = allocate()
        except RuntimeError as error:  # another program took the memory first
            if not is_out_of_memory(error):
                raise
            self.gpu_budget = 0
            return None
        self.gpu_budget -= needed
        return allocated


def gpu_budget(device: Device, processes: int, batch_size: int, image_size: int) -> int:
    """Return the bytes of the GPU that this one of `processes` on it has for rows and pixels."""
    if device.type != "cuda":
        return 0
    release_memory()  # unused memory that torch keeps would count as taken
    free, total = torch.cuda.mem_get_info(device.torch_device)
    return gpu_bytes_to_spare(free, total, batch_size, image_size, processes)


def gpu_bytes_to_spare(
    free: int, total: int, batch_size: int, image_size: int, processes: int = 1
) -> int:
    """Return the bytes of a process' share of a GPU that training itself will not need.

    `free` and `total` are bytes, as the driver reports them. The memory for training grows with the
    batch and the area of its images. What the other processes of the GPU have taken by now depends
    on the moment, so the share is one of all its memory, as far as that is free.
    """
    training = GPU_FOR_TRAINING * (batch_size / 64) * (image_size / 299) ** 2
    usable = min(GPU_FRACTION * total / processes, free - (1 - GPU_FRACTION) * total)
    return max(0, int(usable - max(GPU_MINIMUM, training)))


class SharedMemoryDir:
    """A folder in memory that is removed with this object.

    Its owner holds a lock on a file in it. A process that is killed leaves its folder behind, and
    the next one that looks for memory removes it.
    """

    PREFIX = "imbalance-bench-"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=self.PREFIX, dir=SHARED_MEMORY)
        self.path = Path(self._folder.name)
        self._lock = (self.path / "lock").open("w")
        lock_handle(self._lock.fileno())

    @classmethod
    def remove_abandoned(cls) -> None:
        """Remove folders whose owner has ended."""
        for lock in SHARED_MEMORY.glob(f"{cls.PREFIX}*/lock"):
            try:
                with lock.open("r+") as file:
                    if lock_handle(file.fileno(), wait=False):
                        shutil.rmtree(lock.parent, ignore_errors=True)
            except OSError:  # in use, or another user's
                continue


def _shared_memory_budget() -> int:
    if not (PROCESSES_LOCK and SHARED_MEMORY.is_dir()):
        return 0
    SharedMemoryDir.remove_abandoned()
    return int(HOST_FRACTION * min(shutil.disk_usage(SHARED_MEMORY).free, host_memory()))
