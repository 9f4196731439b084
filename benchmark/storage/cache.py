"""The cache: pixels and activations that can be computed again, shared by all runs, and bounded.

::

    pixels/KEY/          decoded images           KEY is a digest of all that an entry depends on
    activations/KEY/     outputs of frozen layers
    KIND/.KEY.ID.tmp     an entry that is being made, or the rest of a process that was killed
    locks/KIND/KEY       locked by the processes that use KEY; its text describes KEY, and its
                         modification time is the last use
    locks/KIND/KEY.ID.user   one for each of these processes, for those on other machines
    torchvision/         downloads, not derived: never counted, never removed

A process that uses an entry holds a shared lock on it, which ends with the process, however that
ends. To remove an entry takes an exclusive lock, without waiting: an entry in use stays. Between
machines such locks need not work, so a user has a file that it touches, too, see `owner_file`.
Windows has no such locks, but does not move a folder of which a file is open. On a file system
without locks an entry counts as in use for some days after its last use, also by processes of
versions that had no such files. A cache that can't be written serves what it holds.
"""

import os
import re
import shutil
import stat
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmark.storage.lease import (
    SECONDS_OF_A_USER,
    Lease,
    abandoned,
    build_lock,
    lease,
    lock_file,
)
from benchmark.storage.lock import NoLockFileError, acquire, is_held, locked
from benchmark.storage.owner_file import users
from benchmark.storage.sizes import size_on_disk
from benchmark.storage.unwritable import OTHER_CACHE, unwritable_error, writing
from benchmark.storage.user_folders import cache_dir

__all__ = ["KINDS", "Entry", "Lease", "abandoned", "build_lock", "cache_dir", "cache_in", "clear"]
__all__ += ["default_limit", "entries", "lease", "make_room"]

KINDS = ("pixels", "activations")
DEFAULT_FRACTION = 0.5  # of the disk space that is free or taken by the cache: the default limit

# on a file system without locks: longer than a run takes
SECONDS_IN_USE = 14 * 24 * 3600

# only such names are entries: the user may have chosen a folder with other things in it
_ENTRY = re.compile(r"(?P<key>[0-9a-f]{16,64})|\.(?P<unfinished>[0-9a-f]{16,64})\.[0-9a-f]+\.tmp")


@contextmanager
def cache_in(folder: Path) -> Iterator[None]:
    """Use a cache in another folder, in this process and in those that it starts."""
    before = os.environ.get("IMBALANCE_BENCH_CACHE")
    os.environ["IMBALANCE_BENCH_CACHE"] = str(folder)
    try:
        yield
    finally:
        del os.environ["IMBALANCE_BENCH_CACHE"]
        if before is not None:
            os.environ["IMBALANCE_BENCH_CACHE"] = before


@dataclass(frozen=True)
class Entry:
    """An entry of the cache."""

    path: Path
    key: str
    description: str  # for people
    bytes: int  # on the disk: files of activations have holes
    last_used: float  # seconds since 1970
    in_use: bool  # by a process, which may be this one

    @property
    def unfinished(self) -> bool:
        """Whether it is being made, or was left by a process that was killed."""
        return self.path.name != self.key


def entries() -> list[Entry]:
    """Return the entries of the cache, the last used first."""
    if not cache_dir().exists():
        return []
    with _scan_lock():
        return sorted(_scan(), key=lambda entry: entry.last_used, reverse=True)


def default_limit(taken: int | None = None) -> int:
    """Return the default limit: half of the free disk space and the cache together, in bytes.

    `taken` is the size of the cache, if it is known.
    """
    if taken is None:
        taken = sum(entry.bytes for entry in entries())
    return int(DEFAULT_FRACTION * (taken + _free()))


def make_room(needed: int, limit: int | None = None) -> bool:
    """Remove the least recently used entries until there is room for `needed` bytes more.

    Entries in use stay. If the bytes would not fit even then, only the entries that exceed the
    limit without them are removed. The limit is that of the whole cache in bytes; None stands for
    `default_limit`. Returns whether the bytes fit, into the limit and onto the disk; 0 always fit.
    """
    with writing(cache_dir(), OTHER_CACHE):
        cache_dir().mkdir(parents=True, exist_ok=True)
    with _scan_lock():
        present = _scan()
        taken = sum(entry.bytes for entry in present)
        idle = [entry for entry in present if not entry.in_use]
        over = taken - (default_limit(taken) if limit is None else limit)
        excess = max(over + needed, needed - _free())
        fits = needed <= 0 or excess <= sum(entry.bytes for entry in idle)
        excess = excess if fits and needed > 0 else over
        for entry in sorted(idle, key=lambda entry: (not entry.unfinished, entry.last_used)):
            if (entry.unfinished or excess > 0) and _remove(entry):
                excess -= entry.bytes
        return needed <= 0 or (fits and excess <= 0)


def clear() -> tuple[list[Entry], list[Entry]]:
    """Remove all entries that are not in use; return those removed and those that stay."""
    if not cache_dir().exists():
        return [], []
    with _scan_lock(must_write=True):
        present = _scan()
        removed = [entry for entry in present if not entry.in_use and _remove(entry)]
        return removed, [entry for entry in present if entry not in removed]


@contextmanager
def _scan_lock(must_write: bool = False) -> Iterator[None]:
    """Let one process at a time scan the entries, because a scan takes their locks for a moment.

    In a cache that can't be written nobody waits.
    """
    with ExitStack() as stack:
        try:
            stack.callback(acquire(cache_dir() / "locks" / "look"))
        except NoLockFileError:
            raise
        except OSError as error:
            if must_write:
                raise unwritable_error(cache_dir(), error, OTHER_CACHE) from error
        yield


def _in_use(lock: Path, last_used: float) -> bool:
    held = is_held(lock)
    if held or users(lock, SECONDS_OF_A_USER):
        return True
    return held is None and time.time() - last_used < SECONDS_IN_USE


def _scan() -> list[Entry]:
    return [
        _describe(path, match["key"] or match["unfinished"])
        for kind in KINDS
        for path in (cache_dir() / kind).glob("*")
        if (match := _ENTRY.fullmatch(path.name)) and path.is_dir()
    ]


def _describe(path: Path, key: str) -> Entry:
    size, newest, lock = 0, 0.0, lock_file(path.with_name(key))
    for file in (path, *_below(path)):
        try:
            status = file.stat()
        except FileNotFoundError:
            continue  # a temporary file of the process that uses the entry
        # an entry that is being made will become as large as its files
        size += size_on_disk(status) if path.name == key else status.st_size
        newest = max(newest, status.st_mtime)
    description, last_used = _read_lock(lock) or (f"{path.parent.name} {key}", newest)
    return Entry(path, key, description, size, last_used, _in_use(lock, last_used))


def _read_lock(lock: Path) -> tuple[str, float] | None:
    """Return the text and the time of a lock file; None if it is no plain file that can be read."""
    try:
        status = lock.lstat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
            return None
        return lock.read_text(encoding="utf-8", errors="backslashreplace"), status.st_mtime
    except OSError:
        return None


def _below(path: Path) -> list[Path]:
    try:
        return list(path.rglob("*"))
    except FileNotFoundError:  # the entry was finished and renamed meanwhile
        return []


def _remove(entry: Entry) -> bool:
    """Remove an entry, unless a process has begun to use it."""
    path, finished = entry.path, entry.path.with_name(entry.key)
    lock = lock_file(finished)
    try:
        with locked(lock, wait=False):
            if not entry.unfinished:  # renamed first, so that it disappears in one step
                path = path.rename(path.with_name(f".{entry.key}.{uuid.uuid4().hex}.tmp"))
            if users(lock, SECONDS_OF_A_USER):  # another machine has begun to use it meanwhile
                if not entry.unfinished:
                    path.rename(finished)
                return False
            shutil.rmtree(path, ignore_errors=True)
            if not finished.exists():
                for suffix in (".building", ".builder"):
                    lock.with_suffix(suffix).unlink(missing_ok=True)
                lock.unlink()
        return True
    except OSError:  # it is in use; Windows moves no folder with an open file in it
        return False


def _free() -> int:
    folder = cache_dir()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return shutil.disk_usage(existing).free
