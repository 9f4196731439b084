"""Signals that ask the run to end: SIGTERM, SIGHUP and SIGINT.

They raise `Stopped` in the main thread: at once, or, where something is being trained, as soon as
its state is saved. What cleans up must do so within seconds, since SLURM, Docker and Kubernetes
kill what is still there then: whoever takes longer is ended.
"""

import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from benchmark.system.process_signals import SIGNALS, send_to_main_thread
from benchmark.system.processes import end_workers, kill_workers

SECONDS_TO_SAVE = 6.0  # then the save is given up
SECONDS_TO_END = 2.0  # after that: for everything else
SECONDS_TO_LEAVE = 0.05  # a function whose errors Python drops
# a process and its group may both get a signal, as from `timeout` or scancel: that is one wish
SECONDS_OF_ONE_WISH = 1.0


class Stopped(BaseException):
    """A signal has asked the run to end.

    `kept` may say what of it is stored, `unsaved` why the last of it could not be.
    """

    def __init__(
        self, number: int, kept: str = "what is finished is kept", unsaved: str = ""
    ) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number, self.kept, self.unsaved = number, kept, unsaved

    @property
    def exit_code(self) -> int:
        """What shells report of a program that the signal has ended."""
        return 128 + self.number


@dataclass
class _Wish:
    """What has been asked for, and how it will be answered."""

    number: int = 0  # of the first signal; 0: none yet
    since: float = 0.0
    is_raised: bool = False
    notify: Callable[[], None] | None = None  # instead of raising
    once_more: threading.Timer | None = None  # sends the signal again

    def note(self, number: int) -> None:
        if not self.number:
            self.number, self.since = number, time.monotonic()


_wish = _Wish()
_of_this_process: set[Path] = set()  # files and folders that no other process needs


def requested() -> bool:
    """Return whether this process has been asked to end."""
    return bool(_wish.number)


def request(number: int = signal.SIGTERM) -> None:
    """Ask this process to end, as a signal does where it is only noted."""
    _wish.note(number)


def raise_if_requested(unsaved: str = "") -> None:
    """Raise `Stopped` if this process has been asked to end."""
    if _wish.number:
        _wish.is_raised = True
        raise Stopped(_wish.number, unsaved=unsaved)


@contextmanager
def removed_if_ended(path: Path) -> Iterator[None]:
    """Remove a file or a folder if this process is ended meanwhile for taking too long."""
    _of_this_process.add(path)
    try:
        yield
    finally:
        _of_this_process.discard(path)


@contextmanager
def postponed(notify: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Call `notify` when a signal comes, and raise `Stopped` at the end.

    What runs meanwhile asks `requested`, saves and ends. A second signal raises at once.
    """
    raise_if_requested()
    _wish.notify = notify
    try:
        yield
    finally:
        _wish.notify = None
    raise_if_requested()


@contextmanager
def signals_raise(may_end_process: bool = True) -> Iterator[None]:
    """Let the signals raise `Stopped` meanwhile; then end all worker processes.

    In the main thread alone: Python delivers signals there. What is ignored stays so, such as
    SIGHUP after nohup.

    Parameters
    ----------
    may_end_process
        Whether the process may be ended if it takes too long. A notebook's holds more than the run.
    """
    if threading.current_thread() is not threading.main_thread() or _is_handled():
        yield
        return
    finished = threading.Event()
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    before = _install(_on_signal)
    hook_before, sys.unraisablehook = sys.unraisablehook, _raise_elsewhere
    fd_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    hurry = threading.Thread(target=_hurry, args=(reader, finished, may_end_process), daemon=True)
    hurry.start()
    try:
        yield
    except Stopped:
        end_workers()
        raise
    finally:
        signal.set_wakeup_fd(fd_before)
        finished.set()
        writer.close()
        sys.unraisablehook = hook_before
        if _wish.once_more:
            _wish.once_more.cancel()
        _restore(before)


@contextmanager
def signals_noted() -> Iterator[None]:
    """Let signals be noted meanwhile, in a worker process; see `requested`.

    Ctrl-C is the parent's: a terminal sends it to both. In another thread than the main one, as an
    engine's may be, no signal comes, but what `request` has asked for is forgotten at the end.
    """
    global _wish
    if threading.current_thread() is not threading.main_thread():
        _wish = _Wish()
        try:
            yield
        finally:
            _wish = _Wish()
        return
    before = _install(_note_all_but_ctrl_c)
    try:
        yield
    finally:
        _restore(before)


@contextmanager
def signals_as_elsewhere() -> Iterator[None]:
    """Do what `signals_raise` does, and then what a script or a notebook expects of the signal.

    Raises
    ------
    KeyboardInterrupt
        For Ctrl-C. Any other signal is sent again, now that its own handler is in place.
    """
    if _is_handled():  # by who calls this, as the command line does, and says what is kept
        yield
        return
    try:
        with signals_raise(may_end_process=False):
            yield
    except Stopped as stopped:
        if stopped.number == signal.SIGINT:
            raise KeyboardInterrupt(f"{stopped}: {stopped.kept}") from None
        signal.raise_signal(stopped.number)
        raise


def say_at_last(text: str) -> None:
    """Write a line on standard error, whose terminal may be gone."""
    with suppress(OSError):
        os.write(2, f"\n{text}\n".encode(errors="backslashreplace"))


def _is_handled() -> bool:
    return any(signal.getsignal(number) is _on_signal for number in SIGNALS)


Handler = Callable[[int, FrameType | None], object]


def _install(handler: Handler) -> dict[int, Any]:
    """Set a handler of all signals that are not ignored; return what was there."""
    global _wish
    _wish = _Wish()
    kept = (signal.SIG_IGN, None)  # None: not Python's, so that it could not be restored
    before = {n: signal.getsignal(n) for n in SIGNALS if signal.getsignal(n) not in kept}
    for number in before:
        signal.signal(number, handler)
    return before


def _restore(before: dict[int, Any]) -> None:
    global _wish
    for number, handler in before.items():
        signal.signal(number, handler)
    _wish = _Wish()


def _note_all_but_ctrl_c(number: int, _: FrameType | None) -> None:
    if number != signal.SIGINT:
        _wish.note(number)


def _on_signal(number: int, _: FrameType | None) -> None:
    if _wish.is_raised:
        return  # what was begun is being cleaned up
    is_again = _wish.number and time.monotonic() - _wish.since > SECONDS_OF_ONE_WISH
    _wish.note(number)
    if _wish.notify is not None and not is_again:
        _wish.notify()
        return
    raise_if_requested()


def _raise_elsewhere(raised: "sys.UnraisableHookArgs") -> None:
    """Let a signal raise again that came where Python drops errors, as in a `__del__`."""
    if not isinstance(raised.exc_value, Stopped):
        sys.__unraisablehook__(raised)
        return
    _wish.is_raised = False
    number = raised.exc_value.number
    _wish.once_more = threading.Timer(SECONDS_TO_LEAVE, send_to_main_thread, [number])
    _wish.once_more.start()


def _hurry(reader: socket.socket, finished: threading.Event, may_end_process: bool) -> None:
    """Wait for a signal in a thread of its own, and hurry if the answer to it takes too long.

    It is sent once more, so that nothing is saved any longer; after that the process is ended, if
    it may be.

    Python runs no handler while the main thread is in one call of a library, like the backward pass
    of a large batch; the number of the signal arrives here all the same.
    """
    with reader:  # open to the end, since each signal is written to it
        number = 0
        while number not in SIGNALS:
            if not (received := reader.recv(1)):
                return
            number = received[0]
        if finished.wait(SECONDS_TO_SAVE):
            return
        send_to_main_thread(number)
        if finished.wait(SECONDS_TO_END if may_end_process else None):
            return
    kill_workers()
    for path in list(_of_this_process):
        _remove(path)
    stopped = Stopped(number, "what was saved before is kept")
    say_at_last(
        f"{stopped} in a step of many seconds: {stopped.kept}, and the same command "
        "continues from there"
    )
    os._exit(stopped.exit_code)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
