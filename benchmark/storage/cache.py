"""The cache: pixels and activations that can be made again, shared by all runs, and bounded.

::

    pixels/KEY/          decoded images           KEY is a digest of all that an entry depends on
    activations/KEY/     outputs of frozen layers
    KIND/.KEY.ID.tmp     an entry that is being made, or the rest of a process that was killed
    locks/KIND/KEY       locked by the processes that use KEY; says what it is; its time: last use
    torchvision/         downloads, not derived: never counted, never removed

A process that uses an entry holds a shared lock, which goes with the process, however that ends.
Whoever removes an entry takes its lock alone and does not wait for it: what is in use stays.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import uuid
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("pixels", "activations")
SHARE = 0.5  # of what the disk has for the cache: the limit, if none is given

# only such names are entries: the cache may have been put into a folder with other things in it
_ENTRY = re.compile(r"(?P<key>[0-9a-f]{16,64})|\.(?P<unfinished>[0-9a-f]{16,64})\.[0-9a-f]+\.tmp")


def cache_dir() -> Path:
    """Folder for data that can be made again, shared by all runs.

    ``$IMBALANCE_BENCH_CACHE`` if set, else the user's cache folder by the XDG convention.
    """
    if chosen := os.environ.get("IMBALANCE_BENCH_CACHE"):
        return Path(chosen).expanduser()
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "imbalance-bench"


@contextmanager
def cache_in(folder: Path) -> Iterator[None]:
    """Use the cache in another folder, in this process and those that it starts."""
    before = os.environ.get("IMBALANCE_BENCH_CACHE")
    os.environ["IMBALANCE_BENCH_CACHE"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["IMBALANCE_BENCH_CACHE"]
        else:
            os.environ["IMBALANCE_BENCH_CACHE"] = before


class Lease:
    """The promise that an entry stays, as long as this object and this process live.

    Pickles as None: workers need none, the process that started them holds one.
    """

    def __init__(self, handle: int) -> None:
        # closed, never unlocked: a forked child has the same lock
        self._end = weakref.finalize(self, os.close, handle)

    def release(self) -> None:
        """End it now."""
        self._end()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()


def lease(folder: Path, about: str) -> Lease:
    """Say that this process uses an entry; until the lease ends, nobody removes it.

    Waits while the entry is being removed, which takes a moment.

    Args:
        folder: the entry, ``cache_dir() / kind / digest``; it need not exist yet.
        about: what it is, for people: "pixels of wheels, 2400 images, 128 px".
    """
    handle = _lock(_lock_file(folder), fcntl.LOCK_SH)
    text = about.encode()
    os.pwrite(handle, text, 0)  # which also marks the time
    os.ftruncate(handle, len(text))
    return Lease(handle)


@contextmanager
def building(folder: Path) -> Iterator[None]:
    """Wait until no other process builds an entry that this one has leased, and keep others out."""
    handle = _lock(_lock_file(folder).with_suffix(".building"), fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Entry:
    """Something in the cache."""

    path: Path
    key: str
    about: str  # what it is, for people
    bytes: int  # on the disk: files of activations have holes
    last_used: float  # seconds since 1970
    in_use: bool  # by a process, which may be this one

    @property
    def unfinished(self) -> bool:
        """Whether it is being made, or was left by a process that was killed."""
        return self.path.name != self.key


def entries() -> list[Entry]:
    """Return what is in the cache, last used first."""
    if not cache_dir().exists():
        return []
    with _alone():
        return sorted(_scan(), key=lambda entry: entry.last_used, reverse=True)


def default_limit() -> int:
    """Return the bytes the cache may take if nobody says: half of the free disk and what it has."""
    return _share(sum(entry.bytes for entry in entries()))


def make_room(needed: int, limit: int | None = None) -> bool:
    """Remove what was used least recently until there is room for `needed` bytes more.

    Nothing in use is removed, and nothing for the sake of bytes for which there is no room even
    then; only what is over the limit without them.

    Args:
        needed: bytes that this process is about to write into the cache.
        limit: bytes that the whole cache may take; None for `default_limit`.

    Returns:
        Whether they fit, into the limit and onto the disk. Nothing (0) always fits.
    """
    cache_dir().mkdir(parents=True, exist_ok=True)
    with _alone():
        found = _scan()
        held = sum(entry.bytes for entry in found)
        idle = [entry for entry in found if not entry.in_use]
        over = held - (_share(held) if limit is None else limit)
        excess = max(over + needed, needed - _free())
        fits = needed <= 0 or excess <= sum(entry.bytes for entry in idle)
        excess = excess if fits and needed > 0 else over
        for entry in sorted(idle, key=lambda entry: (not entry.unfinished, entry.last_used)):
            if (entry.unfinished or excess > 0) and _remove(entry):
                excess -= entry.bytes
        return needed <= 0 or (fits and excess <= 0)


def clear() -> tuple[list[Entry], list[Entry]]:
    """Remove all that nobody uses; return what was removed and what was kept."""
    if not cache_dir().exists():
        return [], []
    with _alone():
        found = _scan()
        removed = [entry for entry in found if not entry.in_use and _remove(entry)]
        return removed, [entry for entry in found if entry not in removed]


# ---- locks -----------------------------------------------------------------------------------


def _lock_file(folder: Path) -> Path:
    return folder.parents[1] / "locks" / folder.parent.name / folder.name


def _lock(path: Path, how: int) -> int:
    """Return a handle that holds the lock; BlockingIOError if it is held and `how` is not to wait.

    A file that was removed while we waited for its lock is nobody's any more: begin again.
    """
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, how)
            if os.fstat(handle).st_nlink:
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time look who uses what: looking takes locks for a moment."""
    handle = _lock(cache_dir() / "locks" / "look", fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


def _in_use(lock: Path) -> bool:
    if not lock.exists():
        return False
    try:
        os.close(_lock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False


# ---- entries ---------------------------------------------------------------------------------


def _scan() -> list[Entry]:
    return [
        _describe(path, match["key"] or match["unfinished"])
        for kind in KINDS
        for path in (cache_dir() / kind).glob("*")
        if (match := _ENTRY.fullmatch(path.name)) and path.is_dir()
    ]


def _describe(path: Path, key: str) -> Entry:
    size, newest, lock = 0, 0.0, _lock_file(path.with_name(key))
    for file in (path, *_below(path)):
        try:
            status = file.stat()
        except FileNotFoundError:
            continue  # a temporary file of its user
        # what is being made will be as large as it says
        size += status.st_blocks * 512 if path.name == key else status.st_size
        newest = max(newest, status.st_mtime)
    try:
        about, used = lock.read_text(encoding="utf-8"), lock.stat().st_mtime
    except FileNotFoundError:
        about, used = f"{path.parent.name} {key}", newest
    return Entry(path, key, about, size, used, _in_use(lock))


def _below(path: Path) -> list[Path]:
    try:
        return list(path.rglob("*"))
    except FileNotFoundError:  # what was being made has got its name meanwhile
        return []


def _remove(entry: Entry) -> bool:
    """Remove an entry, unless somebody began to use it."""
    path = entry.path
    finished, lock = path.with_name(entry.key), _lock_file(path.with_name(entry.key))
    try:
        handle = _lock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    try:
        if not entry.unfinished:  # it vanishes in one step
            path = path.rename(path.with_name(f".{entry.key}.{uuid.uuid4().hex}.tmp"))
        shutil.rmtree(path, ignore_errors=True)
        if not finished.exists():
            lock.with_suffix(".building").unlink(missing_ok=True)
            lock.unlink()
    finally:
        os.close(handle)
    return True


def _share(held: int) -> int:
    return int(SHARE * (held + _free()))


def _free() -> int:
    folder = cache_dir()
    return shutil.disk_usage(next(at for at in (folder, *folder.parents) if at.exists())).free
