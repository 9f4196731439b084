"""An array in a file: mapped into memory, or read row by row where that can't be.

Some network file systems map no files. Of those that do, a file that another machine removes would
kill the process that looks at its map (SIGBUS); a read is an error in words.
"""

from __future__ import annotations

import errno
import os
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from benchmark.storage.mounts import is_on_network
from benchmark.storage.plain_file import open_handle
from benchmark.storage.stored_file import why_not_read

_CAN_READ = hasattr(os, "preadv")  # at a position, from several threads: not on Windows
_REMOVED = {errno.ESTALE, errno.ENOENT}


def open_array(file: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> StoredArray:
    """Return the array (N, *row) that a file without a header holds, read-only.

    It is an `numpy.memmap`, or a `RowReader` on a network file system and where a file can't be
    mapped. FileNotFoundError without the file; ValueError if it is shorter.
    """
    if _CAN_READ and is_on_network(file):
        return RowReader(file, dtype, shape)
    try:
        return np.memmap(file, dtype, "r", shape=shape)
    except OSError as error:
        if isinstance(error, FileNotFoundError) or not _CAN_READ:
            raise
        return RowReader(file, dtype, shape)  # whose error is the same, if it is not of the map


class RowReader:
    """Reads rows of an array in a file, by their indices. Pickles as the path."""

    def __init__(self, file: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> None:
        self.file, self.dtype, self.shape = file, np.dtype(dtype), tuple(shape)
        self._handle = open_handle(file)
        weakref.finalize(self, os.close, self._handle)
        if (size := os.fstat(self._handle).st_size) < self.nbytes:
            raise ValueError(f"{file} has {size:,} bytes, and its array takes {self.nbytes:,}")

    def __reduce__(self) -> tuple[Any, ...]:
        return RowReader, (self.file, self.dtype, self.shape)

    @property
    def nbytes(self) -> int:
        """Size of the whole array."""
        return len(self) * self._row_bytes

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def _row_bytes(self) -> int:
        return int(np.prod(self.shape[1:])) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        """Return rows as `numpy.ndarray` does, as a copy: by number, slice, mask or indices.

        Of a tuple the rest is taken of the rows: by numbers and slices.
        """
        if isinstance(key, tuple):
            rows = self[key[0]]
            return rows[
                key[1:] if isinstance(key[0], int | np.integer) else (slice(None), *key[1:])
            ]
        if isinstance(key, int | np.integer):
            return self._read(self._checked(np.array([key])))[0]
        if isinstance(key, slice):
            return self._read(np.arange(*key.indices(len(self))))
        indices = np.asarray(key)
        if indices.dtype == bool:
            if indices.shape != (len(self),):
                raise IndexError(f"a mask of {indices.shape} for {len(self)} rows")
            indices = np.flatnonzero(indices)
        rows = self._read(self._checked(indices.ravel()))
        return rows.reshape(*indices.shape, *self.shape[1:])  # (B, *row), as the indices are

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("an array that is read from a file is a copy")
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)

    def _checked(self, indices: NDArray[Any]) -> NDArray[np.int64]:
        """Return indices without negative ones; IndexError beyond the ends."""
        whole = indices.astype(np.int64, casting="same_kind")
        wrong = (whole < -len(self)) | (whole >= len(self))
        if wrong.any():
            raise IndexError(f"index {whole[wrong][0]} is out of bounds for {len(self)} rows")
        return np.where(whole < 0, whole + len(self), whole)

    def _read(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        """Return rows (B, *row); such as follow each other are read at once."""
        rows = np.empty((len(indices), *self.shape[1:]), self.dtype)
        content: Any = rows.reshape(-1).view(np.uint8)  # (B * bytes of a row,)
        buffer = memoryview(content)
        ends = [*(np.flatnonzero(np.diff(indices) != 1) + 1).tolist(), len(indices)]
        begin, size = 0, self._row_bytes
        for end in ends if len(indices) else ():
            self._fill(buffer[begin * size : end * size], int(indices[begin]) * size)
            begin = end
        return rows

    def _fill(self, buffer: memoryview, position: int) -> None:
        while buffer:
            try:
                read = os.preadv(self._handle, [buffer], position)
            except OSError as error:
                if error.errno in _REMOVED:
                    raise self._removed_error() from error
                raise why_not_read(self.file, error) from error
            if not read:  # the file was cut short
                raise self._removed_error()
            buffer, position = buffer[read:], position + read

    def _removed_error(self) -> FileNotFoundError:
        return FileNotFoundError(
            f"{self.file} was removed or cut short, by another machine or program, while it was "
            "read; run again"
        )


StoredArray = NDArray[Any] | RowReader
