"""The clock of a file system: times of its files can be compared with no other.

On a shared folder the times of files are those of the server. No two machines have the same time.
"""

import os
import time
from pathlib import Path

from benchmark.storage.owner import temporary_path

SECONDS_BETWEEN_LOOKS = 60.0

_offsets: dict[int, tuple[float, float]] = {}  # of a device: its clock - ours, and when we looked


def file_clock(folder: Path) -> float:
    """Return the time by the clock of the file system of a folder, in seconds since 1970.

    A file is made there for a moment, at most once in SECONDS_BETWEEN_LOOKS. Where none can be
    made, it is the time of this machine.
    """
    now = time.monotonic()
    try:
        device = folder.stat().st_dev
        offset, looked = _offsets.get(device, (0.0, -SECONDS_BETWEEN_LOOKS))
        if now - looked >= SECONDS_BETWEEN_LOOKS:
            offset = _time_of_new_file(folder) - now
            _offsets[device] = offset, now
    except OSError:
        return time.time()
    return now + offset


def seconds_since(path: Path, now: float | None = None) -> float:
    """Return the seconds since a file was written; `now` is `file_clock` of its folder.

    FileNotFoundError without it.
    """
    # opened, since a client of a network file system asks the server then, not its own memory
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        written = os.fstat(handle).st_mtime
    finally:
        os.close(handle)
    return max(0.0, (file_clock(path.parent) if now is None else now) - written)


def look_again(folder: Path) -> None:
    """Let names of a folder that were missing be asked for anew.

    A client of NFS remembers for up to a minute that a name is missing, until the folder is opened.
    """
    os.scandir(folder).close()


def _time_of_new_file(folder: Path) -> float:
    path = temporary_path(folder / "clock")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        return os.fstat(handle).st_mtime
    finally:
        os.close(handle)
        path.unlink()
