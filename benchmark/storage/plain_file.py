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
_ALWAYS = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))
_NO_LINKS: int | None = getattr(os, "O_NOFOLLOW", None)  # None: Windows


class NotPlainError(OSError):
    """What has the name of a file is something else, or larger than a file may be here."""


class OtherKindError(NotPlainError):
    """What has the name of a file is something else: `kind`, like "a named pipe"."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind

    def __str__(self) -> str:
        return f"{self.kind}, not a file"


def open_handle(path: str | Path, flags: int = os.O_RDONLY, *, follow_links: bool = True) -> int:
    """Return a handle of a plain file, without waiting for anything.

    What is opened is looked at, not what has had the name before. `flags` are those of `os.open`.

    Raises
    ------
    OtherKindError
        If it is no plain file.
    OSError
        If it can't be opened; of a link at the end of the path too, if links are not followed.
    """
    if not follow_links and _NO_LINKS is None and Path(path).is_symlink():
        raise OtherKindError("a link")
    flags |= _ALWAYS | (0 if follow_links else _NO_LINKS or 0)
    try:
        handle = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a device that nothing is behind
            raise OtherKindError(other_kind(Path(path).stat().st_mode)) from None
        raise
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        raise OtherKindError(other_kind(mode))
    return handle


def read_plain(path: str | Path, most: int) -> bytes:
    """Return the bytes of a plain file, at most `most` of them; see `open_handle`.

    Raises
    ------
    NotPlainError
        If it is no plain file, or is larger.
    OSError
        If it can't be opened or read.
    """
    with os.fdopen(open_handle(path), "rb") as file:
        known = os.fstat(file.fileno()).st_size
        if known <= most:
            content = file.read(known + 1)
            if len(content) > known:  # it grows
                content += file.read(most + 1 - len(content))
            if len(content) <= most:
                return content
    size = format_size(max(known, most + 1))
    raise NotPlainError(f"a file of {size}: at most {format_size(most)} are read")


def other_kind(mode: int) -> str:
    """Return what a file is that is no plain one, by `st_mode`."""
    return next((name for test, name in _KINDS if test(mode)), "something else")
