"""Stores of activations: a row for each image, computed once and read at every step.

A `DiskActivationStore` is a memory-mapped file that strategies, seeds, runs and processes share. A
`DeviceActivationStore` lies in the memory of the device and belongs to one process.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.storage.atomic import atomic
from benchmark.storage.lock import lock_handle, unlock_handle
from benchmark.system.memory import compute_in_batches
from benchmark.system.progress import Advance

Indices = NDArray[np.int64]  # of images in the image set
Compute = Callable[[Indices], Tensor]  # indices (B,) -> (B, *shape)

_FILE_TYPES = {"float32": np.float32, "bfloat16": np.uint16}  # numpy has no bfloat16
_BATCHES_BETWEEN_MARKS = 8


def row_bytes(shape: tuple[int, ...], dtype: str) -> int:
    """Return the size of one row."""
    return int(np.prod(shape)) * np.dtype(_FILE_TYPES[dtype]).itemsize


class ActivationStore(ABC):
    """Rows of one shape and type, filled on demand. Maps (C, H, W) are stored channels-last.

    `dtype` is ``float32`` or ``bfloat16``.
    """

    shared: bool  # between processes

    def __init__(self, rows: int, shape: tuple[int, ...], dtype: str) -> None:
        self.rows, self.shape, self.dtype = rows, shape, dtype
        self.bytes = rows * row_bytes(shape, dtype)
        self._stored_shape = (rows, *shape[1:], shape[0])  # (C, H, W) -> (N, H, W, C)

    @abstractmethod
    def finished(self) -> NDArray[np.bool_]:
        """Return which rows are stored, (N,)."""

    def missing(self, indices: Indices) -> Indices:
        """Return those of `indices` whose rows are not stored yet."""
        return indices[~self.finished()[indices]]

    @abstractmethod
    def fill(self, indices: Indices, compute: Compute, advance: Advance = lambda _: None) -> None:
        """Compute and store the missing rows of `indices`."""

    @abstractmethod
    def read(self, indices: Indices) -> Tensor:
        """Return rows (B, *shape) in the memory where they are stored; maps are channels-last."""


class DeviceActivationStore(ActivationStore):
    """Rows in the memory of a device. They end with the process."""

    shared = False

    def __init__(self, rows: int, shape: tuple[int, ...], dtype: str, device: str) -> None:
        super().__init__(rows, shape, dtype)
        self.device = device
        self._finished = np.zeros(rows, bool)
        self._values = torch.empty(self._stored_shape, dtype=getattr(torch, dtype), device=device)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as an empty store: each worker fills its own."""
        return DeviceActivationStore, (self.rows, self.shape, self.dtype, self.device)

    def finished(self) -> NDArray[np.bool_]:
        """Return which rows are stored, (N,)."""
        return self._finished

    def fill(self, indices: Indices, compute: Compute, advance: Advance = lambda _: None) -> None:
        """Compute and store the missing rows of `indices`."""
        for part, values in compute_in_batches(self.missing(indices), compute):
            rows = _channels_last(values).to(self._values.dtype)
            self._values.index_copy_(0, self._on_device(part), rows)
            self._finished[part] = True
            advance(len(part))

    def read(self, indices: Indices) -> Tensor:
        """Return rows (B, *shape) on the device, without synchronising."""
        return _channels_first(self._values.index_select(0, self._on_device(indices)))

    def _on_device(self, indices: Indices) -> Tensor:
        return torch.from_numpy(indices).to(self._values.device, non_blocking=True)


class DiskActivationStore(ActivationStore):
    """Rows in a file. The name of its folder changes with everything that the rows depend on.

    A row counts as stored only after it is on the disk and listed in ``finished.npy``. Processes
    that fill the store at the same time write the same bytes, because a row does not depend on the
    rows that are computed beside it. `lock` must live as long as the store.
    """

    shared = True

    def __init__(
        self, folder: Path, rows: int, shape: tuple[int, ...], dtype: str, lock: object = None
    ) -> None:
        super().__init__(rows, shape, dtype)
        self.folder, self.lock = folder, lock
        self._file = folder / "rows.bin"
        folder.mkdir(parents=True, exist_ok=True)
        with self._file.open("ab") as file:
            if file.tell() < self.bytes:  # a new file, or one that was cut short
                (folder / "finished.npy").unlink(missing_ok=True)
                file.truncate(self.bytes)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the path: neither the rows nor the lock are sent to a worker."""
        return DiskActivationStore, (self.folder, self.rows, self.shape, self.dtype)

    @cached_property
    def _values(self) -> NDArray[Any]:
        return np.memmap(self._file, _FILE_TYPES[self.dtype], "r", shape=self._stored_shape)

    def finished(self) -> NDArray[np.bool_]:
        """Return which rows are stored, (N,)."""
        path = self.folder / "finished.npy"
        return np.load(path) if path.exists() else np.zeros(self.rows, bool)

    def fill(self, indices: Indices, compute: Compute, advance: Advance = lambda _: None) -> None:
        """Compute and store the missing rows of `indices`; a file that vanishes is an error."""
        dtype = getattr(torch, self.dtype)
        written: list[Indices] = []
        with self._file.open("r+b") as file:
            for part, values in compute_in_batches(self.missing(indices), compute):
                rows = _channels_last(values.to("cpu", dtype)).contiguous()
                raw = rows.view(torch.uint16) if dtype == torch.bfloat16 else rows
                for index, row in zip(part, raw.numpy(), strict=True):
                    # not through the map: there a full disk kills the process
                    file.seek(int(index) * row.nbytes)
                    file.write(row.tobytes())
                advance(len(part))
                written.append(part)
                if len(written) == _BATCHES_BETWEEN_MARKS:
                    self._mark(written, file)
                    written = []
            if written:
                self._mark(written, file)

    def _mark(self, written: list[Indices], file: BinaryIO) -> None:
        """Flush the file, then list the rows as finished."""
        file.flush()
        handle = file.fileno()
        os.fsync(handle)
        lock_handle(handle)  # another process may be adding its own
        try:
            # else the rows would count as finished in a folder that was made after the removal
            if not os.fstat(handle).st_nlink:
                raise FileNotFoundError(f"{self._file} was removed while it was filled; run again")
            finished = self.finished()
            finished[np.concatenate(written)] = True
            with atomic(self.folder / "finished.npy") as temporary, temporary.open("wb") as marks:
                np.save(marks, finished)
        finally:
            unlock_handle(handle)

    def read(self, indices: Indices) -> Tensor:
        """Return rows (B, *shape) in the host's memory."""
        rows = torch.from_numpy(self._values[indices])
        if self.dtype == "bfloat16":
            rows = rows.view(torch.bfloat16)
        return _channels_first(rows)


def _channels_last(rows: Tensor) -> Tensor:
    return rows.permute(0, 2, 3, 1) if rows.ndim == 4 else rows  # (B, C, H, W) -> (B, H, W, C)


def _channels_first(rows: Tensor) -> Tensor:
    return rows.permute(0, 3, 1, 2) if rows.ndim == 4 else rows  # (B, H, W, C) -> (B, C, H, W)
