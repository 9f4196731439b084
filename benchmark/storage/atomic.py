"""Atomic writes: a file is either whole or absent.

A write goes to a temporary file in the same folder, is flushed to the disk, and replaces the
target in one step. So neither a reader nor a run that was killed sees half a file. What a killed
process leaves is the temporary file, whose name says whose it is, see `remove_leftovers`.
"""

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmark.storage.file_clock import file_clock
from benchmark.storage.owner import process_lives, temporary_path, this_machine
from benchmark.storage.unwritable import writing

_TEMPORARY = re.compile(r"\..+\.(?P<machine>[0-9a-f]{8})-(?P<process>[0-9]+)-[0-9a-f]{8}\.tmp")
SECONDS_OF_A_WRITE = 600.0  # at most, between two blocks of a file
SECONDS_UNTIL_LEFT = 24 * 3600.0  # of a temporary file whose process can't be asked for

_of_others: set[Path] = set()  # folders that are not made here


@contextmanager
def atomic(path: Path, flush: bool = True) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` on success and is removed on an error.

    Without `flush` a crash of the machine may lose it. UnwritableError if it can't be written.
    """
    with writing(path):
        _require_folders_of_others(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_path(path)
        try:
            yield temporary
            if flush:
                _flush(temporary, os.O_RDWR)
            temporary.replace(path)
            with suppress(OSError):  # Windows and some network file systems flush no folder
                if flush:
                    _flush(path.parent, os.O_RDONLY)
        except BaseException:
            with suppress(OSError):  # what went wrong before is to be told
                temporary.unlink(missing_ok=True)
            raise


@contextmanager
def never_made(folder: Path) -> Iterator[None]:
    """Let writes below a folder raise FileNotFoundError meanwhile, if it is not there.

    It is another process's, which has made it; if it is gone, somebody has removed it on purpose.
    """
    folder = folder.absolute()
    _of_others.add(folder)
    try:
        yield
    finally:
        _of_others.discard(folder)


def _require_folders_of_others(path: Path) -> None:
    for folder in list(_of_others):
        if path.is_relative_to(folder) and not folder.is_dir():
            raise FileNotFoundError(errno.ENOENT, "the folder was removed", str(folder))


def write_text(path: Path, text: str, flush: bool = True) -> None:
    """Write `text` atomically, in UTF-8 and with its newlines unchanged; see `atomic`."""
    with atomic(path, flush) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def digest(value: Any) -> str:
    """Return the sha256 (hex) of a JSON-able value, independent of the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, allow_nan=False).encode()).hexdigest()


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files in a folder whose processes have ended, as by a kill.

    Those of another machine, and of a process that may live, stay for a day.
    """
    for path in folder.glob(".tmp??????"):  # safetensors', which names no owner
        with suppress(OSError):
            if file_clock(folder) - path.lstat().st_mtime > SECONDS_OF_A_WRITE:
                path.unlink()
    for path in folder.glob(".*.tmp"):
        if owner := _TEMPORARY.fullmatch(path.name):
            is_here = owner["machine"] == this_machine()[:8]
            has_ended = is_here and not process_lives(int(owner["process"]))
            with suppress(OSError):
                if has_ended or file_clock(folder) - path.lstat().st_mtime > SECONDS_UNTIL_LEFT:
                    path.unlink()


def _flush(path: Path, mode: int) -> None:
    handle = os.open(path, mode)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
