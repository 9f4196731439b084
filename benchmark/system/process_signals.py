"""The signals that ask a process to end, and what becomes of them in its copies and at its end."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def send_to_main_thread(number: int) -> None:
    """Send a signal to the thread in which Python calls its handler."""
    if hasattr(signal, "pthread_kill") and (main := threading.main_thread().ident):
        signal.pthread_kill(main, number)  # wakes it from a system call, too
    else:
        signal.raise_signal(number)


@contextmanager
def handlers_kept() -> Iterator[None]:
    """Set back the handlers that a library replaces meanwhile, those of its C++ code too."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                if handler is not None:  # None: not Python's
                    signal.signal(number, handler)


def ctrl_c_ends_at_once() -> None:
    """Let Ctrl-C end this program without words, now that nothing is left to be done but its end.

    Python would raise KeyboardInterrupt where it ends, and print where that was.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


_masks = threading.local()  # what a thread has blocked before it makes a copy of this process


def _before_fork() -> None:
    """Hold signals back: the copy would write them to the socket of this process, which ends it."""
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def _after_fork() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


def _after_fork_in_copy() -> None:
    """Answer signals as usual: who has made a copy of this process may end it by one."""
    modules = {n: str(getattr(signal.getsignal(n), "__module__", "")) for n in SIGNALS}
    ours = [n for n, module in modules.items() if module.startswith("benchmark.")]
    for number in ours:
        is_ctrl_c = number == signal.SIGINT
        signal.signal(number, signal.default_int_handler if is_ctrl_c else signal.SIG_DFL)
    if ours:
        signal.set_wakeup_fd(-1)
    _after_fork()


if hasattr(os, "register_at_fork") and hasattr(signal, "pthread_sigmask"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_copy
    )
