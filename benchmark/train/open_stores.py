"""Opens stores of activations, each in the fastest place where it fits."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.storage.atomic import digest
from benchmark.storage.cache import cache_dir, lease, make_room
from benchmark.system.device import Device
from benchmark.system.memory import host_memory, is_out_of_memory, release_memory
from benchmark.train.activation_store import (
    ActivationStore,
    DeviceActivationStore,
    DiskActivationStore,
    row_bytes,
)
from benchmark.train.placement import SHARE_OF_HOST, MemoryBudget, Placement, gpu_budget_for

if TYPE_CHECKING:
    from torch import Tensor

IN_MEMORY = Path("/dev/shm")  # a file system in memory: what is there can be shared like files
IMAGES_A_COPY = 1024


@dataclass
class Stores:
    """Stores of one experiment.

    Parameters
    ----------
    about
        What the rows are of, for people.
    identity
        What the rows depend on, besides the block before which they are taken.
    rows
        Images in the set.
    device
        On which the rows are computed and used.
    gpu_room
        Bytes of its memory that are free for rows and pixels; 0 on a CPU, and where several
        processes train, each of which would need rows of its own.
    cache_limit
        Bytes of the cache on disk, see `make_room`.
    """

    about: str
    fingerprint: list[str]
    rows: int
    device: Device
    gpu_budget: int
    cache_limit: int | None

    def open(
        self, first: str, shape: tuple[int, ...], dtype: str
    ) -> tuple[ActivationStore | None, Placement]:
        """Open the store of inputs of the block `first`; None if there is no room anywhere."""
        folder = cache_dir() / "activations" / digest([*self.fingerprint, first, *shape])[:20]
        held = lease(folder, f"activations before {first} of {self.about}")

        def fits_on_disk(needed: int) -> bool:
            return make_room(needed - _disk_bytes(folder / "rows.bin"), self.cache_limit)

        needed = self.rows * row_bytes(shape, dtype)
        home = MemoryBudget(self.gpu_budget, fits_on_disk, _room_in_memory()).placement_for(needed)
        if home is Placement.DEVICE:
            try:
                resident = DeviceActivationStore(self.rows, shape, dtype, self.device.name)
            except RuntimeError as error:  # another program was faster
                if not is_out_of_memory(error):
                    raise
                self.gpu_budget = 0
                return self.open(first, shape, dtype)
            self.gpu_budget -= needed
            return resident, home
        if home is Placement.DISK:
            return DiskActivationStore(folder, self.rows, shape, dtype, held), home
        if home is Placement.MEMORY:
            own = SharedMemoryDir()
            return DiskActivationStore(own.path, self.rows, shape, dtype, own), home
        return None, home

    def pixels(self, array: NDArray[np.uint8]) -> NDArray[np.uint8] | Tensor:
        """Return images (N, H, W, 3) as they are, or on the GPU if there is room left for them."""
        if array.nbytes > self.gpu_budget:
            return array
        import torch

        try:
            resident = torch.empty(array.shape, dtype=torch.uint8, device=self.device.name)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return array
        self.gpu_budget -= array.nbytes
        for start in range(0, len(array), IMAGES_A_COPY):
            part = slice(start, start + IMAGES_A_COPY)
            resident[part] = torch.from_numpy(array[part].copy())
        return resident


def gpu_budget(device: Device, processes: int, batch_size: int, image_size: int) -> int:
    """Return the bytes for rows and pixels on the device; 0 if each process would need its own."""
    if device.type != "cuda" or processes > 1:
        return 0
    import torch

    release_memory()  # what torch only keeps would count as taken
    free, total = torch.cuda.mem_get_info(device.place)
    return gpu_budget_for(free, total, batch_size, image_size)


class SharedMemoryDir:
    """A folder that goes with this object; one of a process that was killed is removed by others.

    A lock on a file in it says that its owner lives.
    """

    START = "imbalance-bench-"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=self.START, dir=IN_MEMORY)
        self.path = Path(self._folder.name)
        self._lock = (self.path / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    @classmethod
    def remove_abandoned(cls) -> None:
        """Remove folders whose owner is gone."""
        for lock in IN_MEMORY.glob(f"{cls.START}*/lock"):
            try:
                with lock.open("r+") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(lock.parent, ignore_errors=True)
            except OSError:  # in use, or another user's
                continue


def _disk_bytes(path: Path) -> int:
    return path.stat().st_blocks * 512 if path.exists() else 0  # the file is sparse


def _room_in_memory() -> int:
    if not IN_MEMORY.is_dir():
        return 0
    SharedMemoryDir.remove_abandoned()
    return int(SHARE_OF_HOST * min(shutil.disk_usage(IN_MEMORY).free, host_memory()))
