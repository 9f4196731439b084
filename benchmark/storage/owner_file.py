"""Files that say which process holds or uses something, for machines that share a folder.

Some network file systems have no locks, and others have some that only the processes of one machine
see (Lustre with localflock, NFS with nolock). A file of this kind is seen by all. While its process
lives, a thread touches it every few seconds. On the same machine the process is looked for, if the
system tells when it began; else, and of another machine, it counts as ended when its file has not
been touched for a while.

That is no promise: a machine that was suspended for longer may find that another has gone on.
"""

import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmark.storage.file_clock import file_clock, look_again
from benchmark.storage.owner import Owner, temporary_path
from benchmark.storage.plain_file import open_handle
from benchmark.storage.stored_file import open_plain

SECONDS_BETWEEN_TOUCHES = 5.0
SECONDS_UNTIL_LOST = 45.0
_MOST_BYTES = 10_000


@dataclass(frozen=True)
class Holder:
    """Whose file it is, as far as that can be read, and when it was touched last."""

    owner: Owner | None
    age: float  # seconds, by the clock of the file system

    def lives(self, seconds: float = SECONDS_UNTIL_LOST) -> bool:
        """Return whether its process lives; of another machine, was heard of lately."""
        lives = self.owner.lives() if self.owner else None
        return self.age < seconds if lives is None else lives

    def __str__(self) -> str:
        return f"{self.owner.name if self.owner else 'a process'}, heard of {self.age:.0f} s ago"


class HeldError(BlockingIOError):
    """A living process holds it."""

    def __init__(self, path: Path, holder: Holder) -> None:
        super().__init__(f"{path} is of {holder}")
        self.holder = holder


def claim(path: Path, alone_here: bool = False) -> Callable[[], None]:
    """Make a file that one process alone has; return what removes it.

    What a process that has ended left is removed.

    Parameters
    ----------
    alone_here
        Whether a lock of the system says that no other process of this machine has it. That none
        of this process has it, the caller sees to.

    Raises
    ------
    HeldError
        If a living process has it.
    OSError
        If it can't be made.
    """
    while True:
        try:
            return _make(path)
        except FileExistsError:
            holder = read_holder(path)
        if holder is None:  # removed meanwhile
            continue
        if holder.lives() and not _is_left_here(path, holder, alone_here):
            raise HeldError(path, holder)
        _remove_left(path, holder)


def mark(path: Path) -> Callable[[], None]:
    """Make a file beside `path` that says that this process uses it; see `users`.

    Returns what removes it. OSError if it can't be made.
    """
    name = temporary_path(path).name.removeprefix(".").removesuffix(".tmp")
    return _make(path.with_name(f"{name}.user"))


def users(path: Path, seconds: float = SECONDS_UNTIL_LOST) -> list[Holder]:
    """Return the living processes that have marked `path`; what others left is removed."""
    living = []
    with suppress(OSError):  # a folder that is missing or closed
        look_again(path.parent)
    for file in path.parent.glob(f"{path.name}.*.user"):
        with suppress(OSError, ValueError):  # it is closed, or no file of ours
            holder = read_holder(file)
            if holder and holder.lives(seconds):
                living.append(holder)
            elif holder:
                file.unlink()
    return living


def read_holder(path: Path) -> Holder | None:
    """Return whose file it is; None without one."""
    try:
        with open_plain(path) as file:
            age = file_clock(path.parent) - os.fstat(file.fileno()).st_mtime
            text = file.read(_MOST_BYTES)
    except FileNotFoundError:
        return None
    owner = None
    with suppress(ValueError, TypeError):  # it is just being written, or was damaged
        owner = Owner(**json.loads(text))
    return Holder(owner, max(0.0, age))


def _make(path: Path) -> Callable[[], None]:
    owner, flags = Owner.this_process(), os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(open_handle(path, flags, follow_links=False), "w", encoding="utf-8") as file:
        try:
            file.write(json.dumps(asdict(owner)))
            file.flush()
        except BaseException:
            path.unlink()
            raise
    _toucher.add(path)
    return partial(_remove, path, owner)


def _remove(path: Path, owner: Owner) -> None:
    if os.getpid() != owner.process:  # a copy of the process has the same objects
        return
    _toucher.discard(path)
    with suppress(OSError, ValueError):
        holder = read_holder(path)
        if holder and holder.owner == owner:  # else another one has taken it over
            path.unlink()


def _is_left_here(path: Path, holder: Holder, alone_here: bool) -> bool:
    """Return whether a process of this machine had it, and did not remove it."""
    own, owner = Owner.this_process(), holder.owner
    if owner is None or owner.machine != own.machine:
        return False
    return alone_here or (owner.process == own.process and path not in _toucher)


def _remove_left(path: Path, left: Holder) -> None:
    """Remove the file of an ended process, unless another process has been faster."""
    aside = temporary_path(path)
    with suppress(FileNotFoundError):
        path.rename(aside)
        moved = read_holder(aside)
        if moved and moved.owner != left.owner:  # its own by now: it goes back
            with suppress(OSError):
                aside.rename(path)
        aside.unlink(missing_ok=True)


class _Toucher:
    """Touches files from a thread, which runs while there are some."""

    def __init__(self) -> None:
        self._paths = set[Path]()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def __contains__(self, path: Path) -> bool:
        return path.absolute() in self._paths

    def add(self, path: Path) -> None:
        with self._changed:
            self._paths.add(path.absolute())
            if self._thread is None:
                self._thread = threading.Thread(target=self._touch_all, daemon=True)
                self._thread.start()

    def discard(self, path: Path) -> None:
        with self._changed:
            self._paths.discard(path.absolute())
            self._changed.notify_all()

    def _touch_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._paths, SECONDS_BETWEEN_TOUCHES)
                paths = list(self._paths)
                if not paths:
                    self._thread = None
                    return
            for path in paths:
                with suppress(OSError):  # it was removed, or the server does not answer
                    os.utime(path)


def _touch_nothing() -> None:
    """Leave what a copy of a process has to the first."""
    global _toucher
    _toucher = _Toucher()


_toucher = _Toucher()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_touch_nothing)
