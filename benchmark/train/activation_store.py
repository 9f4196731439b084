"""Rows of activations, computed once and read at every step.

`DiskActivationStore` keeps them in a file that is read through a memory map: shared by strategies, seeds, runs
and processes. `DeviceActivationStore` keeps them in the memory of the device, for one process.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.storage.atomic import atomic
from benchmark.system.memory import in_full_batches
from benchmark.system.progress import Advance

if TYPE_CHECKING:
    from torch import Tensor

    Compute = Callable[[NDArray[np.int64]], Tensor]  # indices (B,) -> (B, *shape)

_ON_DISK = {"float32": np.float32, "bfloat16": np.uint16}  # numpy has no bfloat16
_BATCHES_BETWEEN_MARKS = 8


class ActivationStore(Protocol):
    """N rows of one shape and type, filled on demand."""

    shared: bool  # by processes
    bytes: int  # of all rows

    def missing(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of `indices` whose rows are not there yet."""

    def fill(
        self, indices: NDArray[np.int64], compute: Compute, advance: Advance = lambda _: None
    ) -> None:
        """Compute those rows of `indices` that are missing."""

    def read(self, indices: NDArray[np.int64]) -> Tensor:
        """Return rows (B, *shape) where they are kept; maps are channels-last in memory."""


def row_bytes(shape: tuple[int, ...], dtype: str) -> int:
    """Return the size of one row."""
    return int(np.prod(shape)) * np.dtype(_ON_DISK[dtype]).itemsize


class DeviceActivationStore:
    """Rows in the memory of a device; gone with the process.

    Parameters
    ----------
    rows
        N.
    shape
        Of one row. Maps (C, H, W) are kept channels-last.
    dtype
        float32 or bfloat16.
    device
        By its name.
    """

    shared = False

    def __init__(self, rows: int, shape: tuple[int, ...], dtype: str, device: str) -> None:
        import torch

        self._made = (rows, shape, dtype, device)
        self.bytes = rows * row_bytes(shape, dtype)
        self._finished = np.zeros(rows, bool)
        stored = (*shape[1:], shape[0])  # (C, H, W) -> (H, W, C)
        self._values = torch.empty((rows, *stored), dtype=getattr(torch, dtype), device=device)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as an empty store: a worker fills one of its own."""
        return DeviceActivationStore, self._made

    def missing(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of `indices` whose rows are not there yet."""
        return indices[~self._finished[indices]]

    def fill(
        self, indices: NDArray[np.int64], compute: Compute, advance: Advance = lambda _: None
    ) -> None:
        """Compute those rows of `indices` that are missing."""
        for part, values in in_full_batches(self.missing(indices), compute):
            rows = _channels_last(values).to(self._values.dtype)
            self._values.index_copy_(0, self._places(part), rows)
            self._finished[part] = True
            advance(len(part))

    def read(self, indices: NDArray[np.int64]) -> Tensor:
        """Return rows (B, *shape) on the device, without waiting for it."""
        return _channels_first(self._values.index_select(0, self._places(indices)))

    def _places(self, indices: NDArray[np.int64]) -> Tensor:
        import torch

        return torch.from_numpy(indices).to(self._values.device, non_blocking=True)


class DiskActivationStore:
    """Rows in a file, in a folder whose name changes with whatever the rows depend on.

    A row counts only once it is on the disk and the list of finished rows says so. Processes that
    fill at the same time write the same bytes: what a row holds does not depend on the rows
    computed beside it.

    Parameters
    ----------
    folder
        Its own.
    rows
        N.
    shape
        Of one row. Maps (C, H, W) are kept channels-last.
    dtype
        float32 or bfloat16.
    held
        What must live as long as the store, like a lock on its folder; never sent to a worker.
    """

    shared = True

    def __init__(
        self,
        folder: Path,
        rows: int,
        shape: tuple[int, ...],
        dtype: str,
        held: object = None,
    ) -> None:
        self.held = held
        self.folder, self.rows, self.shape, self.dtype = folder, rows, shape, dtype
        self._stored = (*shape[1:], shape[0])  # (C, H, W) -> (H, W, C)
        self._row = row_bytes(shape, dtype)
        self.bytes = rows * self._row
        folder.mkdir(parents=True, exist_ok=True)
        with self._file.open("ab") as file:
            if file.tell() < self.bytes:  # new, or somebody cut it short
                (folder / "finished.npy").unlink(missing_ok=True)
                file.truncate(self.bytes)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the path: the rows themselves, and what is held, are never sent to a worker."""
        return DiskActivationStore, (self.folder, self.rows, self.shape, self.dtype)

    @property
    def _file(self) -> Path:
        return self.folder / "rows.bin"

    @cached_property
    def _values(self) -> NDArray[Any]:
        return np.memmap(self._file, _ON_DISK[self.dtype], "r", shape=(self.rows, *self._stored))

    def _finished(self) -> NDArray[np.bool_]:
        path = self.folder / "finished.npy"
        return np.load(path) if path.exists() else np.zeros(self.rows, bool)

    def missing(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of `indices` whose rows are not there yet."""
        return indices[~self._finished()[indices]]

    def fill(
        self, indices: NDArray[np.int64], compute: Compute, advance: Advance = lambda _: None
    ) -> None:
        """Compute those rows of `indices` that are missing."""
        import torch

        dtype = getattr(torch, self.dtype)
        written: list[NDArray[np.int64]] = []
        with self._file.open("r+b") as file:
            for part, values in in_full_batches(self.missing(indices), compute):
                rows = _channels_last(values.to("cpu", dtype)).contiguous()
                raw = rows.view(torch.uint16) if dtype == torch.bfloat16 else rows
                for index, row in zip(part, raw.numpy(), strict=True):
                    # not through the map: there a full disk kills the process
                    os.pwrite(file.fileno(), row.tobytes(), int(index) * self._row)
                advance(len(part))
                written.append(part)
                if len(written) == _BATCHES_BETWEEN_MARKS:
                    self._mark(written, file.fileno())
                    written = []
            if written:
                self._mark(written, file.fileno())

    def _mark(self, written: list[NDArray[np.int64]], handle: int) -> None:
        os.fsync(handle)
        fcntl.flock(handle, fcntl.LOCK_EX)  # another process may be adding its own
        try:
            if not os.fstat(handle).st_nlink:  # or rows would count in a folder made since
                raise FileNotFoundError(f"{self._file} was removed while it was filled; run again")
            finished = self._finished()
            finished[np.concatenate(written)] = True
            with (
                atomic(self.folder / "finished.npy") as temporary,
                temporary.open("wb") as file,
            ):
                np.save(file, finished)
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)

    def read(self, indices: NDArray[np.int64]) -> Tensor:
        """Return rows (B, *shape) in the host's memory."""
        import torch

        rows = torch.from_numpy(self._values[indices])
        if self.dtype == "bfloat16":
            rows = rows.view(torch.bfloat16)
        return _channels_first(rows)


def _channels_last(rows: Tensor) -> Tensor:
    return rows.permute(0, 2, 3, 1) if rows.ndim == 4 else rows  # (B, C, H, W) -> (B, H, W, C)


def _channels_first(rows: Tensor) -> Tensor:
    return rows.permute(0, 3, 1, 2) if rows.ndim == 4 else rows  # (B, H, W, C) -> (B, C, H, W)
