"""Stores of activations: a row for each image, computed once and read at every step.

A `DiskActivationStore` is a file that strategies, seeds, runs and processes share. A
`DeviceActivationStore` lies in the memory of the device and belongs to one process.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.storage.lock import locked
from benchmark.storage.row_file import RowFile
from benchmark.storage.stored_array import open_array
from benchmark.system.memory import compute_in_batches
from benchmark.system.progress import Advance

Indices = NDArray[np.int64]  # of images in the image set
Compute = Callable[[Indices], Tensor]  # indices (B,) -> (B, *shape)

_FILE_TYPES = {"float32": np.float32, "bfloat16": np.uint16}  # numpy has no bfloat16


def row_bytes(shape: tuple[int, ...], dtype: str) -> int:
    """Return the size of one row."""
    return int(np.prod(shape)) * np.dtype(_FILE_TYPES[dtype]).itemsize


class ActivationStore(ABC):
    """Rows of one shape and type, filled on demand. Maps (C, H, W) are stored channels-last.

    `dtype` is ``float32`` or ``bfloat16``.
    """

    shared: bool  # between processes
    name = "rows"  # for people: what the rows are
    damaged = 0  # rows that were found damaged and are to be computed again

    def __init__(self, rows: int, shape: tuple[int, ...], dtype: str) -> None:
        self.rows, self.shape, self.dtype = rows, shape, dtype
        self.bytes = rows * row_bytes(shape, dtype)
        self._stored_shape = (rows, *shape[1:], shape[0])  # (C, H, W) -> (N, H, W, C)

    def filling(self) -> AbstractContextManager[None]:
        """Let one process at a time fill the store, of those that share it."""
        return nullcontext()

    @abstractmethod
    def missing(self, indices: Indices) -> Indices:
        """Return those of `indices` whose rows are not stored yet, or were damaged."""

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

    def missing(self, indices: Indices) -> Indices:
        """Return those of `indices` whose rows are not stored yet."""
        return indices[~self._finished[indices]]

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
        # a copy: torch warns of arrays that are read-only, as those of splits are
        return torch.tensor(indices).to(self._values.device, non_blocking=True)


class DiskActivationStore(ActivationStore):
    """Rows in a file. The name of its folder changes with everything that the rows depend on.

    Each row has a digest, see `RowFile`. The rows that a process asks for are compared with theirs
    once, and what it sends to workers trusts them. Processes that fill the store at the same time
    write the same bytes, because a row does not depend on the rows that are computed beside it.
    `lock` must live as long as the store.
    """

    shared = True

    def __init__(
        self,
        folder: Path,
        rows: int,
        shape: tuple[int, ...],
        dtype: str,
        name: str = "rows",
        lock: object = None,
        is_checked: bool = False,
    ) -> None:
        super().__init__(rows, shape, dtype)
        self.folder, self.name, self.lock, self.is_checked = folder, name, lock, is_checked
        self._file = RowFile(folder / "rows.bin", rows, row_bytes(shape, dtype))
        self._file.create()
        self._stored = np.zeros(rows, bool)  # that this process has checked or need not check

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the path: neither the rows nor the lock are sent to a worker."""
        opened = partial(DiskActivationStore, name=self.name, is_checked=True)
        return opened, (self.folder, self.rows, self.shape, self.dtype)

    @cached_property
    def _values(self) -> Any:
        return open_array(self._file.path, _FILE_TYPES[self.dtype], self._stored_shape)

    def filling(self) -> AbstractContextManager[None]:
        """Hold a lock beside the rows."""
        return locked(self.folder / "filling.lock")

    def missing(self, indices: Indices) -> Indices:
        """Return those of `indices` whose rows are not stored yet, or do not match their digest.

        The first time it reads the rows, unless the process that has sent the store has done that.
        """
        unknown = indices[~self._stored[indices]]
        listed = unknown[self._file.listed()[unknown]]
        if not self.is_checked:
            intact = self._file.intact(listed)
            damaged, listed = listed[~intact], listed[intact]
            self._file.forget(damaged)
            self.damaged += len(damaged)
        self._stored[listed] = True
        if len(listed):  # by others: NFS shows what they wrote to who opens the file afterwards
            self.__dict__.pop("_values", None)
        return indices[~self._stored[indices]]

    def fill(self, indices: Indices, compute: Compute, advance: Advance = lambda _: None) -> None:
        """Compute and store the missing rows of `indices`; a file that vanishes is an error."""
        dtype = getattr(torch, self.dtype)
        with self._file.writing() as write:
            for part, values in compute_in_batches(self.missing(indices), compute):
                rows = _channels_last(values.to("cpu", dtype)).contiguous()
                raw = rows.view(torch.uint16) if dtype == torch.bfloat16 else rows
                content = raw.numpy().reshape(len(part), -1).view(np.uint8)
                for index, row in zip(part, content, strict=True):
                    write(int(index), row)
                self._stored[part] = True
                advance(len(part))

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
