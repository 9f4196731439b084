"""Rows of equal size in a file without a header, each with a digest that says whether it is whole.

A row counts only as long as its digest matches its bytes. So no order of writes, no lock and no
flush is needed: a row that was torn, never written or damaged on the disk fails, and is made again.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.storage.unreadable import is_of_now, unreadable_error
from benchmark.storage.unwritable import OTHER_CACHE, writing

Write = Callable[[int, Any], None]  # the index of a row, and its bytes: any contiguous buffer

_DIGEST = 16  # bytes of a digest, the first of the row's sha256; zeros: the row is not stored
_THREADS = min(8, os.cpu_count() or 1)  # hashing and reading leave the interpreter to others
_TASK = 2**24  # bytes that a thread checks at a time


@dataclass(frozen=True)
class RowFile:
    """A file of N rows, and beside it a file of their N digests, both without a header."""

    path: Path
    rows: int  # N
    row_bytes: int

    @property
    def bytes(self) -> int:
        """Size of the file of rows."""
        return self.rows * self.row_bytes

    @property
    def digests(self) -> Path:
        """The file of digests; of another size than N digests have, it counts as empty."""
        return self.path.with_name("digests.bin")

    def create(self) -> None:
        """Make both files if they are missing or cut short; what they hold stays."""
        size = self.rows * _DIGEST
        if _size(self.path) >= self.bytes and _size(self.digests) == size:
            return  # also in a cache that can only be read
        with writing(self.path, OTHER_CACHE):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as rows, self.digests.open("ab") as digests:
                if rows.tell() < self.bytes:
                    rows.truncate(self.bytes)
                if digests.tell() not in (0, size):  # which rows they are of is not known
                    digests.truncate(0)
                digests.truncate(size)

    def listed(self) -> NDArray[np.bool_]:
        """Return which rows have a digest, (N,), whether it matches or not."""
        return np.any(self._stored_digests() != 0, axis=1)

    def intact(self, indices: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which of the rows at `indices` (B,) have a digest that matches their bytes, (B,).

        It reads them all: about 2 GB a second and core.
        """
        digests = self._stored_digests()
        result = np.zeros(len(indices), bool)
        step = max(1, _TASK // max(1, self.row_bytes))

        def check(start: int) -> None:
            part = indices[start : start + step]
            result[start : start + step] = self._check(part, digests[part])

        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(check, range(0, len(indices), step)))
        return result

    def forget(self, indices: NDArray[np.int64]) -> None:
        """Let the rows at `indices` count as not stored."""
        if len(indices):
            with writing(self.digests, OTHER_CACHE), self.digests.open("r+b", 0) as digests:
                for index in indices:
                    digests.seek(int(index) * _DIGEST)
                    digests.write(bytes(_DIGEST))

    @contextmanager
    def writing(self) -> Iterator[Write]:
        """Yield what writes a row and then its digest; FileNotFoundError if the file was removed.

        Several processes may write at once, the same row too if they write the same bytes. Nothing
        is written through a map: there a full disk kills the process.
        """
        with ExitStack() as opened:
            with writing(self.path, OTHER_CACHE):
                # without buffers, which would be flushed once more when the file is closed
                rows, digests = (
                    opened.enter_context(path.open("r+b", 0)) for path in (self.path, self.digests)
                )

            def write(index: int, row: Any) -> None:
                with writing(self.path, OTHER_CACHE):
                    rows.seek(index * self.row_bytes)
                    _write_all(rows, row)
                if not os.fstat(rows.fileno()).st_nlink:
                    raise FileNotFoundError(
                        f"{self.path} was removed while it was filled; run again"
                    )
                with writing(self.digests, OTHER_CACHE):
                    digests.seek(index * _DIGEST)
                    _write_all(digests, _digest(row))

            yield write
            with writing(self.path, OTHER_CACHE):
                # NFS tells of a full disk or a quota now, and would give zeros when it is read
                os.fsync(rows.fileno())

    def _stored_digests(self) -> NDArray[np.uint8]:
        size = self.rows * _DIGEST
        content = b""
        with _unless_missing_or_broken(self.digests):
            content = self.digests.read_bytes()
        content = content if len(content) == size else bytes(size)
        return np.frombuffer(content, np.uint8).reshape(self.rows, _DIGEST)

    def _check(self, indices: NDArray[np.int64], digests: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Compare the rows (B,) with their digests (B, 16); what is broken is not intact."""
        result, row = np.zeros(len(indices), bool), bytearray(self.row_bytes)
        with (
            _unless_missing_or_broken(self.path),
            self.path.open("rb", buffering=0) as file,
        ):
            for position, index in enumerate(indices):
                file.seek(int(index) * self.row_bytes)
                if _read_into(file, row):
                    result[position] = _digest(row) == digests[position].tobytes()
        return result


@contextmanager
def _unless_missing_or_broken(file: Path) -> Iterator[None]:
    """Go on where a file is missing, or the disk is broken from here on; else UnreadableError."""
    try:
        yield
    except OSError as error:
        if is_of_now(error):
            raise unreadable_error(file, error) from error


def _digest(row: Any) -> bytes:
    return hashlib.sha256(row).digest()[:_DIGEST]


def _size(path: Path) -> int:
    """Return the size of a file; -1 without one."""
    with _unless_missing_or_broken(path):
        return path.stat().st_size
    return -1


def _write_all(file: Any, content: Any) -> None:
    """Write to a file without a buffer, which may take a part at a time."""
    view = memoryview(content).cast("B")
    while view:
        view = view[file.write(view) :]


def _read_into(file: Any, buffer: bytearray) -> bool:
    """Fill the buffer; return whether the file had that much."""
    view, done = memoryview(buffer), 0
    while done < len(buffer):
        if not (read := file.readinto(view[done:])):
            return False
        done += read
    return True
