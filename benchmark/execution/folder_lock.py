"""One run at a time in a folder, also in one that several machines share."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.storage.lock import NoLockFileError, acquire, can_lock
from benchmark.storage.owner_file import HeldError, Holder, claim, read_holder
from benchmark.storage.stored_file import is_there
from benchmark.storage.unwritable import unwritable_error


def owner_file(path: Path) -> Path:
    """The file that says which process is at work in a folder; see `owner_file.claim`."""
    return path / ".owner"


def holder_of(path: Path) -> Holder | None:
    """Return which living process is at work in a folder, on any machine; None if none is."""
    with suppress(OSError, ValueError):
        holder = read_holder(owner_file(path))
        return holder if holder and holder.lives() else None
    return None


@contextmanager
def locked(path: Path, way_out: str) -> Iterator[None]:
    """Hold the lock of a folder; ValueError if it is held, OSError if it can't be written.

    Between the processes of a machine the system's lock is at once and exact. Between machines it
    need not work, so the file of an owner is claimed too.
    """
    release = _acquire(path, way_out)
    try:
        give_back = _claim(path, way_out)
        try:
            yield
        finally:
            give_back()
    finally:
        release()


def _acquire(path: Path, way_out: str) -> Callable[[], None]:
    lock = path / ".lock"
    try:
        return acquire(lock, wait=False)
    except BlockingIOError:
        raise _busy_error(path, holder_of(path), way_out) from None
    except NoLockFileError:
        raise
    except OSError as error:
        if is_there(lock) and os.access(path, os.W_OK | os.X_OK):  # it alone is closed
            remedy = f"remove it if no other run is at work there, or {way_out}"
            raise unwritable_error(lock, error, remedy) from error
        raise unwritable_error(path, error, way_out) from error


def _claim(path: Path, way_out: str) -> Callable[[], None]:
    try:
        return claim(owner_file(path), alone_here=can_lock(path / ".lock"))
    except HeldError as error:
        raise _busy_error(path, error.holder, way_out) from None
    except OSError as error:
        raise unwritable_error(path, error, way_out) from error


def _busy_error(path: Path, holder: Holder | None, way_out: str) -> ValueError:
    who = f" ({holder})" if holder else ""
    return ValueError(f"another run is at work in {path}{who}; wait for it, or {way_out}")
