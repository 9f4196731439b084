"""Files and folders that can't be read now, though nothing need be wrong with them.

They belong to another user, or the system has no room for one more open file. Nobody knows what
they hold, so they count neither as damaged nor as missing, and stay as they are.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.storage.unwritable import is_in_cache

# numbers of errors of the file itself: a bad block, a file system whose entry of it is broken
_OF_THE_FILE = frozenset(
    getattr(errno, name)
    for name in ("EIO", "EBADMSG", "EUCLEAN", "ENOTDIR")
    if hasattr(errno, name)
)
_OF_THE_NETWORK = (
    *("ESTALE", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "ENOTCONN", "ENETDOWN", "ENETUNREACH"),
    *("ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EREMOTEIO", "ESHUTDOWN"),
)
_WAYS_OUT = {
    **{
        getattr(errno, name): "see that the server of this file system answers"
        for name in _OF_THE_NETWORK
        if hasattr(errno, name)
    },
    **dict.fromkeys((errno.EACCES, errno.EPERM), "let this user read it"),
    errno.EMFILE: "raise the number of files that a process may open (ulimit -n)",
    errno.ENFILE: "end programs that hold many files open",
    errno.ENOMEM: "end programs that take memory",
}


class UnreadableError(OSError):
    """A file or folder can't be read now: which, why, and what to do. It is not damaged."""


def is_of_the_file(error: OSError) -> bool:
    """Return whether the file itself is what is wrong, so that another try would fail as well."""
    return error.errno in _OF_THE_FILE


def is_of_now(error: OSError) -> bool:
    """Return whether something may be there, though this process can't look at it now."""
    return error.errno in _WAYS_OUT


def unreadable_error(path: Path, error: OSError) -> UnreadableError:
    """Return the error in words."""
    reason, way_out = error.strerror or error, _WAYS_OUT.get(error.errno or 0, "see to that")
    if is_in_cache(path):
        way_out += ", or set IMBALANCE_BENCH_CACHE to another folder"
    return UnreadableError(
        f"{path} can't be read ({reason}); it stays as it is: {way_out}, and run the command again"
    )


@contextmanager
def looking_at(path: Path) -> Iterator[None]:
    """Let an error of the system name `path` and the way out; FileNotFoundError stays."""
    try:
        yield
    except (FileNotFoundError, UnreadableError):
        raise
    except OSError as error:
        raise unreadable_error(path, error) from error


def require_readable(folder: Path) -> None:
    """Raise UnreadableError if a folder that is there can't be listed, or what is in it be opened.

    `Path.glob` shows such a folder as an empty one.
    """
    with looking_at(folder):
        os.scandir(folder).close()
        os.stat(f"{folder}{os.sep}.")  # noqa: PTH116 -- pathlib drops the dot
