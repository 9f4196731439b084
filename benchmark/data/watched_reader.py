"""Readers in worker processes: which image is read now, how long, and what failed in passing."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from PIL import Image

from benchmark.data.decoding import limits
from benchmark.data.decoding.unreadable import PassingReason, RefusedAccess, format_error
from benchmark.data.imageset import Reader, SubsetReader


@dataclass
class WatchedReader:
    """Reads by another reader, and notes the image in a file before: the process may end at it."""

    reader: Reader
    note: Path
    passing: set[int] = field(default_factory=set)  # images that may be readable at once

    def __enter__(self) -> "WatchedReader":
        for name in (limits.OF_COMPUTING, limits.OF_WAITING):
            with suppress(AttributeError, ValueError):  # Windows; another thread than the first
                signal.signal(getattr(signal, name), signal.SIG_DFL)
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._handle = os.open(self.note, flags)
        return self

    def __exit__(self, *_: object) -> None:
        limits.stop_clock()
        os.close(self._handle)
        self.note.unlink(missing_ok=True)

    def image(self, index: int, at_least: int = 0) -> Image.Image:
        """Return image `index`."""
        self._begin(index)
        try:
            return self.reader.image(index, at_least)
        except Exception as error:
            self._end(index, error)
            raise

    def content(self, index: int) -> bytes:
        """Return the content of image `index`."""
        try:
            return self.reader.content(index)
        except Exception as error:
            self._end(index, error)
            raise

    def read(self, index: int) -> tuple[Image.Image, Any]:
        """Return image `index` and its label, of a reader that has labels."""
        self._begin(index)
        return self.reader.read(index)  # type: ignore[attr-defined]

    def _begin(self, index: int) -> None:
        os.lseek(self._handle, 0, os.SEEK_SET)  # Windows has no pwrite
        os.write(self._handle, index.to_bytes(8, "little"))
        if is_limited(self.reader):
            limits.start_clock()

    def _end(self, index: int, error: Exception) -> None:
        reason = format_error(error)
        if isinstance(reason, PassingReason) and not isinstance(reason, RefusedAccess):
            self.passing.add(index)


@dataclass
class FailingReader:
    """Stands in for a reader with which no process survives."""

    error: Exception

    def image(self, index: int, at_least: int = 0) -> NoReturn:  # noqa: ARG002
        """Raise the error."""
        raise self.error

    def content(self, index: int) -> NoReturn:  # noqa: ARG002
        """Raise the error."""
        raise self.error

    read = image


def image_begun(note: Path) -> int | None:
    """Return the image that a process noted before it ended; None if it noted none."""
    content = note.read_bytes()
    return int.from_bytes(content, "little") if content else None


def innermost(reader: Reader) -> Reader:
    """Return the reader that reads, of a subset of a subset of it."""
    while isinstance(reader, SubsetReader):
        reader = reader.reader
    return reader


def is_limited(reader: Reader) -> bool:
    """Tell whether memory and time are limited: for files, not for a user's own code."""
    return getattr(innermost(reader), "is_limited", False)
