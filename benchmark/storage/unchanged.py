"""What was read from a file, kept as long as the file system tells of no change of it."""

import os
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

TICKS_NS = 2 * 10**9  # two changes so close may have the same time in a file system

T = TypeVar("T")


def once_while_unchanged(read: Callable[[Path], T]) -> Callable[[Path], T]:
    """Return `read`, which looks into a file once as long as the file stays as it is.

    A file that was changed within TICKS_NS is read each time. One that is not there raises
    FileNotFoundError.
    """

    @lru_cache(maxsize=4096)
    def known(path: str, _stamp: tuple[int, ...]) -> T:
        return read(Path(path))

    def read_once(path: Path) -> T:
        status = path.lstat()
        changed = max(status.st_mtime_ns, status.st_ctime_ns)
        if time.time_ns() - changed < TICKS_NS:
            return read(path)
        stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        return known(os.fspath(path.absolute()), stamp)

    return read_once
