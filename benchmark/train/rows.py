"""Rows of activations, computed once, kept on disk, read through a memory map.

Filled on demand; a row counts only once it is on the disk and the list of finished rows says so.
Processes that fill at the same time write the same bytes: what a row holds does not depend on the
rows computed beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.store import atomic

_ON_DISK = {torch.float32: np.float32, torch.bfloat16: np.uint16}  # numpy has no bfloat16


class RowStore:
    """N rows of one shape and type.

    Parameters
    ----------
    folder
        Its own; the name must change with whatever the rows depend on.
    rows
        N.
    shape
        Of one row. Maps (C, H, W) are kept channels-last.
    dtype
        float32 or bfloat16.
    """

    def __init__(self, folder: Path, rows: int, shape: tuple[int, ...], dtype: torch.dtype) -> None:
        self.folder, self.rows, self.shape, self.dtype = folder, rows, shape, dtype
        self._stored = (*shape[1:], shape[0])  # (C, H, W) -> (H, W, C)
        self._bytes = int(np.prod(shape)) * np.dtype(_ON_DISK[dtype]).itemsize
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "rows.bin").open("ab") as file:
            if file.tell() < rows * self._bytes:  # new, or somebody cut it short
                (folder / "finished.npy").unlink(missing_ok=True)
                file.truncate(rows * self._bytes)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the path: the rows themselves are never sent to a worker."""
        return RowStore, (self.folder, self.rows, self.shape, self.dtype)

    @cached_property
    def _values(self) -> NDArray[Any]:
        return np.memmap(
            self.folder / "rows.bin", _ON_DISK[self.dtype], "r", shape=(self.rows, *self._stored)
        )

    def _finished(self) -> NDArray[np.bool_]:
        path = self.folder / "finished.npy"
        return np.load(path) if path.exists() else np.zeros(self.rows, bool)

    def missing(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of `indices` whose rows are not there yet."""
        return indices[~self._finished()[indices]]

    def fill(
        self,
        indices: NDArray[np.int64],
        compute: Callable[[NDArray[np.int64]], Tensor],
        advance: Callable[[int], None] = lambda _: None,
        batch_size: int = 64,
        save_every: int = 64,
    ) -> None:
        """Compute the rows of `indices` that are missing; `compute` maps indices to (B, *shape)."""
        todo = self.missing(indices)
        with (self.folder / "rows.bin").open("r+b") as file:
            for number, start in enumerate(range(0, len(todo), batch_size), start=1):
                batch = todo[start : start + batch_size]
                # always a full batch, or the rows would be rounded by how many are missing
                values = compute(np.resize(batch, batch_size))[: len(batch)].to("cpu", self.dtype)
                if len(self.shape) == 3:
                    values = values.permute(0, 2, 3, 1)  # (B, C, H, W) -> (B, H, W, C)
                raw = values.contiguous().view(
                    torch.uint16 if self.dtype == torch.bfloat16 else self.dtype
                )
                for index, row in zip(batch, raw.numpy(), strict=True):
                    # not through the map: there a full disk kills the process
                    os.pwrite(file.fileno(), row.tobytes(), int(index) * self._bytes)
                advance(len(batch))
                if number % save_every == 0 or start + batch_size >= len(todo):
                    os.fsync(file.fileno())
                    self._mark(todo[: start + batch_size])

    def _mark(self, indices: NDArray[np.int64]) -> None:
        finished = self._finished()
        finished[indices] = True
        with (
            atomic(self.folder / "finished.npy") as temporary,
            temporary.open("wb") as file,
        ):
            np.save(file, finished)

    def read(self, indices: NDArray[np.int64]) -> Tensor:
        """Return rows (B, *shape); maps come in channels-last memory order."""
        rows = torch.from_numpy(self._values[indices])
        if self.dtype == torch.bfloat16:
            rows = rows.view(torch.bfloat16)
        return rows.permute(0, 3, 1, 2) if len(self.shape) == 3 else rows  # -> (B, C, H, W)
