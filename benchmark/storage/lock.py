"""Locks on files, between threads and processes; they end with the process, however it ends.

Between processes they are flock's, which Windows and some network file systems lack. There the
threads of a process still wait for each other, but processes do not.
"""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    PROCESSES_LOCK = False
else:
    PROCESSES_LOCK = True

_EXCLUSIVE = -1  # in place of the number of holders of a shared lock
_UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)

_holders: dict[str, int] = {}  # by path: how many hold the lock in this process
_changed = threading.Condition()  # reentrant: garbage collection may release a lock at any point


def acquire(path: Path, shared: bool = False, wait: bool = True) -> Callable[[], None]:
    """Lock the file at `path`, which is made if it is missing; return what releases the lock.

    Several may hold a shared lock. Without `wait` a lock that is held raises BlockingIOError.
    """
    name = os.path.abspath(path)  # noqa: PTH100 -- links stay as they are
    _acquire_in_process(name, shared, wait)
    try:
        handle = _open_locked(path, shared, wait)
    except BaseException:
        _release_in_process(name)
        raise
    return partial(_release, name, handle)


@contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock, see `acquire`."""
    release = acquire(path, wait=wait)
    try:
        yield
    finally:
        release()


def lock_handle(handle: int, shared: bool = False, wait: bool = True) -> None:
    """Lock an open file between processes, as far as its file system can."""
    if not PROCESSES_LOCK:
        return
    operation = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(handle, operation if wait else operation | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def unlock_handle(handle: int) -> None:
    """Release the lock of `lock_handle`."""
    if PROCESSES_LOCK:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_UN)


def _open_locked(path: Path, shared: bool, wait: bool) -> int | None:
    """Return a handle that holds the lock; None without locks, since an open file can't be removed.

    The file may have been removed while this process waited for its lock; then a new one is opened.
    """
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            lock_handle(handle, shared, wait)
            if PROCESSES_LOCK and os.fstat(handle).st_nlink:
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        if not PROCESSES_LOCK:
            return None


def _release(name: str, handle: int | None) -> None:
    if handle is not None:
        os.close(handle)  # which does not unlock: a forked child may have the same lock
    _release_in_process(name)


def _acquire_in_process(name: str, shared: bool, wait: bool) -> None:
    with _changed:
        while (holders := _holders.get(name, 0)) and not (shared and holders > 0):
            if not wait:
                raise BlockingIOError(f"{name} is locked")
            _changed.wait()
        _holders[name] = holders + 1 if shared else _EXCLUSIVE


def _release_in_process(name: str) -> None:
    with _changed:
        left = _holders.pop(name) - 1
        if left > 0:
            _holders[name] = left
        _changed.notify_all()
