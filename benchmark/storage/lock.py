"""Locks on files, between threads and processes; they end with the process, however it ends.

Between processes they are flock's, which Windows and some network file systems lack. There the
threads of a process still wait for each other, but processes do not. On other network file systems
they end at the machine; `owner_file` keeps machines apart. A link is never followed, and
what is no plain file is refused: others may have put it there.
"""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from benchmark.storage.plain_file import OtherKindError, open_handle

try:
    import fcntl
except ImportError:  # Windows
    PROCESSES_LOCK = False
else:
    PROCESSES_LOCK = True

_EXCLUSIVE = -1  # in place of the number of holders of a shared lock
_CHANGED = (errno.EACCES, errno.EPERM, errno.EROFS)  # of a file that can be read alone

_holders: dict[str, int] = {}  # by path: how many hold the lock in this process
_changed = threading.Condition()  # reentrant: garbage collection may release a lock at any point


class NoLockFileError(OSError):
    """What has the name of a lock file is something else."""


def acquire(
    path: Path,
    shared: bool = False,
    wait: bool = True,
    *,
    text: str | None = None,
    make: bool = True,
) -> Callable[[], None]:
    """Lock the file at `path`; return what releases the lock.

    Parameters
    ----------
    shared
        Whether several may hold the lock.
    wait
        Whether to wait for a lock that is held.
    text
        What the file will hold: for people, and only if it can be written.
    make
        Whether a file that is missing is made. If not, one that can only be read will do.

    Raises
    ------
    BlockingIOError
        If the lock is held, without `wait`.
    NoLockFileError
        If a link, a folder or something else has the name.
    OSError
        If the file can't be opened.
    """
    name = os.path.abspath(path)  # noqa: PTH100 -- links stay as they are
    _acquire_in_process(name, shared, wait)
    try:
        handle = _open_locked(path, shared, wait, text, make)
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


def lock_handle(handle: int, shared: bool = False, wait: bool = True) -> bool:
    """Lock an open file between processes; return whether its file system can."""
    if not PROCESSES_LOCK:
        return False
    operation = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(handle, operation if wait else operation | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # Lustre and NFS have several numbers for it
        return False
    return True


def unlock_handle(handle: int) -> None:
    """Release the lock of `lock_handle`."""
    if PROCESSES_LOCK:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_UN)


def is_held(path: Path) -> bool | None:
    """Return whether somebody holds the lock at `path`; None: its file system has no locks.

    Where the whole system has none (Windows), only this process is asked.
    """
    name = os.path.abspath(path)  # noqa: PTH100 -- links stay as they are
    try:
        _acquire_in_process(name, shared=False, wait=False)
    except BlockingIOError:
        return True
    try:
        handle = _open(path, make=False)
    except FileNotFoundError:
        return False
    finally:
        _release_in_process(name)
    try:
        return None if PROCESSES_LOCK and not lock_handle(handle, wait=False) else False
    except BlockingIOError:
        return True
    finally:
        os.close(handle)


def can_lock(path: Path) -> bool:
    """Return whether processes can lock the file at `path`, which may be locked."""
    handle = _open(path, make=False)
    try:
        return lock_handle(handle, wait=False)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)


def _open_locked(path: Path, shared: bool, wait: bool, text: str | None, make: bool) -> int | None:
    """Return a handle that holds the lock; None without locks, since an open file can't be removed.

    The file may have been removed while this process waited for its lock; then a new one is opened.
    """
    while True:
        if make:
            path.parent.mkdir(parents=True, exist_ok=True)
        handle = _open(path, make)
        try:
            lock_handle(handle, shared, wait)
            if not PROCESSES_LOCK or os.fstat(handle).st_nlink:
                if text is not None:
                    _write(handle, text)
                if PROCESSES_LOCK:
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        if not PROCESSES_LOCK:
            return None


def _open(path: Path, make: bool) -> int:
    """Open a lock file, which is a plain file, without waiting for anything."""
    try:
        return _open_or_make(path) if make else _open_present(path)
    except OtherKindError as error:
        raise _no_lock_file(path, error.kind) from None
    except OSError as error:
        if path.is_symlink():  # which Linux, macOS and the BSDs tell by several numbers
            raise _no_lock_file(path, "a link") from None
        if isinstance(error, IsADirectoryError) or path.is_dir():  # Windows: no permission
            raise _no_lock_file(path, "a folder") from None
        raise


def _open_or_make(path: Path) -> int:
    return open_handle(path, os.O_RDWR | os.O_CREAT, follow_links=False)


def _open_present(path: Path) -> int:
    """Open a lock file that is there, for reading alone if it can't be written."""
    try:
        return open_handle(path, os.O_RDWR, follow_links=False)
    except OSError as error:
        if error.errno not in _CHANGED:
            raise
    return open_handle(path, follow_links=False)


def _no_lock_file(path: Path, kind: str) -> NoLockFileError:
    return NoLockFileError(f"{path} is {kind}, where a lock file belongs; remove it")


def _write(handle: int, text: str) -> None:
    with suppress(OSError):  # of a full disk
        os.truncate(handle, 0)
        os.write(handle, text.encode(errors="backslashreplace"))


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
