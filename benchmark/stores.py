"""Opens stores of activations, each in the fastest place where it fits."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.cache import cache_dir, lease, make_room
from benchmark.store import digest
from benchmark.train.home import SHARE_OF_HOST, Home, Room, room_on_gpu
from benchmark.train.memory import host_memory
from benchmark.train.rows import ResidentRows, Rows, RowStore, row_bytes

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
    identity: list[str]
    rows: int
    device: torch.device
    gpu_room: int
    cache_limit: int | None

    def open(
        self, first: str, shape: tuple[int, ...], dtype: torch.dtype
    ) -> tuple[Rows | None, Home]:
        """Open the store of inputs of the block `first`; None if there is no room anywhere."""
        folder = cache_dir() / "activations" / digest([*self.identity, first, *shape])[:20]
        held = lease(folder, f"activations before {first} of {self.about}")

        def fits_on_disk(needed: int) -> bool:
            return make_room(needed - _disk_bytes(folder / "rows.bin"), self.cache_limit)

        needed = self.rows * row_bytes(shape, dtype)
        home = Room(self.gpu_room, fits_on_disk, _room_in_memory()).home_of(needed)
        if home is Home.DEVICE:
            self.gpu_room -= needed
            return ResidentRows(self.rows, shape, dtype, self.device), home
        if home is Home.DISK:
            return RowStore(folder, self.rows, shape, dtype, held), home
        if home is Home.MEMORY:
            own = _folder_in_memory()
            return RowStore(Path(own.name), self.rows, shape, dtype, own), home
        return None, home

    def pixels(self, array: NDArray[np.uint8]) -> NDArray[np.uint8] | Tensor:
        """Return images (N, H, W, 3) as they are, or on the GPU if there is room left for them."""
        if array.nbytes > self.gpu_room:
            return array
        self.gpu_room -= array.nbytes
        resident = torch.empty(array.shape, dtype=torch.uint8, device=self.device)
        for start in range(0, len(array), IMAGES_A_COPY):
            part = slice(start, start + IMAGES_A_COPY)
            resident[part] = torch.from_numpy(array[part].copy())
        return resident


def gpu_room(device: torch.device, processes: int, batch_size: int, image_size: int) -> int:
    """Return the bytes for rows and pixels on the device; 0 if each process would need its own."""
    if device.type != "cuda" or processes > 1:
        return 0
    free, total = torch.cuda.mem_get_info(device)
    return room_on_gpu(free, total, batch_size, image_size)


def _folder_in_memory() -> tempfile.TemporaryDirectory[str]:
    """Make a folder that goes with this process, and remove those of processes that were killed."""
    start = f"imbalance-bench-{os.getuid()}-"
    for left in IN_MEMORY.glob(f"{start}*"):
        if not Path("/proc", left.name.removeprefix(start).split("-")[0]).exists():
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=f"{start}{os.getpid()}-", dir=IN_MEMORY)


def _disk_bytes(path: Path) -> int:
    return path.stat().st_blocks * 512 if path.exists() else 0  # the file is sparse


def _room_in_memory() -> int:
    if not IN_MEMORY.is_dir():
        return 0
    return int(SHARE_OF_HOST * min(shutil.disk_usage(IN_MEMORY).free, host_memory()))
