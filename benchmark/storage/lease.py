"""Leases on entries of the cache: who uses one, and who builds it, on any machine.

Each is a lock of the system and, since that need not work between machines, a file that its process
touches; see `owner_file`.
"""

import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmark.storage.lock import PROCESSES_LOCK, NoLockFileError, acquire, can_lock, locked
from benchmark.storage.owner_file import HeldError, claim, mark
from benchmark.storage.unwritable import OTHER_CACHE, unwritable_error, writing

SECONDS_OF_BUILDING = 24 * 3600
# of another machine without a sign of its process: longer than a network is away
SECONDS_OF_A_USER = 600.0
SECONDS_BETWEEN_LOOKS = 0.5  # for the end of what another machine builds


def lock_file(folder: Path) -> Path:
    """The file that is locked by the processes that use an entry."""
    return folder.parents[1] / "locks" / folder.parent.name / folder.name


def _building(folder: Path) -> Path:
    return lock_file(folder).with_suffix(".building")


class Lease:
    """Keeps an entry from being removed, as long as this object and this process live.

    Pickles as None: the process that starts workers holds the lease for them.
    """

    def __init__(self, release: Callable[[], None]) -> None:
        self.release = weakref.finalize(self, release)  # call it to end the lease

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()


def lease(folder: Path, description: str) -> Lease:
    """Return a lease on an entry, ``cache_dir() / kind / digest``, which need not exist yet.

    Until the lease ends, no process removes the entry. Waits while the entry is being removed,
    which takes a moment. The description is for people: "pixels of wheels, 2400 images, 128 px".
    OSError if nothing can be written in the cache, and the entry is not there.
    """
    file = lock_file(folder)
    try:
        return _marked(file, acquire(file, shared=True, text=description))
    except NoLockFileError:
        raise
    except OSError as error:
        if not folder.is_dir():
            raise unwritable_error(folder.parents[1], error, OTHER_CACHE) from error
    try:
        return _marked(file, acquire(file, shared=True, make=False))
    except OSError:  # nobody can remove it, or its users are not known
        return Lease(lambda: None)


def _marked(lock: Path, release: Callable[[], None]) -> Lease:
    """Return a lease that other machines see as well, where its file can be made."""
    with ExitStack() as ends:
        ends.callback(release)
        with suppress(OSError):
            ends.callback(mark(lock))
        return Lease(ends.pop_all().close)


@contextmanager
def build_lock(folder: Path, say: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Let one process at a time build an entry, of those that have leased it, on any machine.

    `say` is called with a sentence if another machine is waited for.
    """
    is_told = False
    with writing(folder.parents[1], OTHER_CACHE), locked(_building(folder)):
        alone_here = can_lock(_building(folder))
        while True:
            try:
                give_back = claim(lock_file(folder).with_suffix(".builder"), alone_here)
                break
            except HeldError as error:  # by another machine, or there are no locks
                builder = error.holder.owner.name if error.holder.owner else "another process"
                if not is_told:
                    say(f"note: {folder} is made by {builder}; it is waited for")
                is_told = True
            time.sleep(SECONDS_BETWEEN_LOOKS)
        try:
            yield
        finally:
            give_back()


def abandoned(folder: Path) -> list[Path]:
    """Return what killed processes have left of an entry that this one builds, see `build_lock`.

    Without locks, another process may be at work on what is younger than a day.
    """
    left = list(folder.parent.glob(f".{folder.name}.*.tmp"))
    if not PROCESSES_LOCK or can_lock(_building(folder)):
        return left
    return [path for path in left if time.time() - path.stat().st_mtime > SECONDS_OF_BUILDING]
