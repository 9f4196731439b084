"""The thread whose turn it is to run code in isolation, and the threads that this code starts.

What is kept and set back is the process's, so other threads wait for their turn. Nothing is
forbidden to them meanwhile.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from weakref import WeakSet


class _Turn:
    """Whose turn it is."""

    lock = threading.RLock()
    owner: threading.Thread | None = None


_started: WeakSet[threading.Thread] = WeakSet()  # by the code that is isolated
_left_over: WeakSet[threading.Thread] = WeakSet()  # by code that was


@contextmanager
def own_turn() -> Iterator[None]:
    """Wait until no other thread has its turn; let no thread started in it keep the process."""
    with _Turn.lock:
        owner, start = _Turn.owner, threading.Thread.start
        if owner is None:
            threading.Thread.start = _as_daemon(start)  # type: ignore[method-assign, assignment]
        _Turn.owner = threading.current_thread()
        try:
            yield
        finally:
            _Turn.owner = owner
            threading.Thread.start = start  # type: ignore[method-assign]
            if owner is None:
                _left_over.update(_started)
                _started.clear()


@cache  # the same each time: else what is watched would have changed between two sections
def _as_daemon(start: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    """Return what starts a thread so that it keeps the process from ending no more."""

    def start_as_daemon(thread: threading.Thread) -> None:
        if not is_outside() or is_left_over():
            with suppress(RuntimeError):  # it runs already
                thread.daemon = True
            (_left_over if is_left_over() else _started).add(thread)
        start(thread)

    return start_as_daemon


def is_outside() -> bool:
    """Return whether another thread has its turn, and has not started this one."""
    thread = threading.current_thread()
    # a dummy stands for a thread that is not Python's, as those of torch that compute gradients
    is_inside = thread in _started or isinstance(thread, threading._DummyThread)
    return _Turn.owner is not None and thread is not _Turn.owner and not is_inside


def is_started_inside() -> bool:
    """Return whether code that is isolated now has started this thread."""
    return _Turn.owner is not None and threading.current_thread() in _started


def is_left_over() -> bool:
    """Return whether code whose isolation is over has started this thread."""
    return threading.current_thread() in _left_over


def _after_fork() -> None:
    if _Turn.owner is not threading.current_thread():  # a thread that the copy does not have
        _Turn.lock, _Turn.owner = threading.RLock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
