"""Plain files alone are opened where others have made the files: no pipe, device or socket."""

import errno
import os
import stat
from pathlib import Path

from benchmark.storage.sizes import format_size

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISDIR, "a folder"),
)
# a pipe without a writer would keep the open call waiting for ever
_FLAGS = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY")
)


class NotPlainError(OSError):
    """What has the name of a file is something else, or larger than a file may be here."""


def read_plain(path: str | Path, most: int) -> bytes:
    """Return the bytes of a plain file, at most `most` of them.

    What is opened is looked at, not what has had the name before.

    Raises
    ------
    NotPlainError
        If it is no plain file, or is larger.
    OSError
        If it can't be opened or read.
    """
    try:
        handle = os.open(path, _FLAGS)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a device that nothing is behind
            raise NotPlainError(f"{other_kind(Path(path).stat().st_mode)}, not a file") from None
        raise
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise NotPlainError(f"{other_kind(status.st_mode)}, not a file")
    with os.fdopen(handle, "rb") as file:
        if status.st_size <= most:
            content = file.read(status.st_size + 1)
            if len(content) > status.st_size:  # it grows
                content += file.read(most + 1 - len(content))
            if len(content) <= most:
                return content
    size = format_size(max(status.st_size, most + 1))
    raise NotPlainError(f"a file of {size}: at most {format_size(most)} are read")


def other_kind(mode: int) -> str:
    """Return what a file is that is no plain one, by `st_mode`."""
    return next((name for test, name in _KINDS if test(mode)), "something else")
