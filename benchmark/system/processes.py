"""New Python processes: what they import, and how they end."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

SECONDS_BETWEEN_LOOKS = 0.5


@contextmanager
def safe_import_path() -> Iterator[None]:
    """Keep the working folder from the front of the import path of processes that start meanwhile.

    They would take a file of the user's, such as random.py, for a library. joblib sends them the
    path of this process.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


@cache
def follow_parent(parent: int) -> None:
    """End this process, a worker, as soon as `parent`, which has started it, has ended.

    Its memory is wanted, and a new run may already use the same files. Ctrl-C is the parent's: a
    terminal sends it to both.
    """
    if os.getpid() == parent or threading.current_thread() is not threading.main_thread():
        return  # a thread of it
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def end_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def start_tracker() -> None:
    """Start joblib's process that removes what workers share, so that no SIGHUP ends it first.

    It ignores SIGINT and SIGTERM by itself. What is blocked here stays so in a process that starts.
    """
    tracker: Any = sys.modules.get("joblib.externals.loky.backend.resource_tracker")
    if tracker is None or not hasattr(signal, "SIGHUP"):
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    try:
        tracker.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_workers() -> None:
    """End joblib's worker processes, which wait for minutes, and remove what they have in common.

    joblib offers no way that starts none if there are none.
    """
    if executor := _executor():
        executor.terminate(kill_workers=True)


def kill_workers() -> None:
    """End joblib's worker processes and wait for nothing."""
    if executor := _executor():
        for process in list(executor._processes.values()):
            process.kill()


def _executor() -> Any:
    module = sys.modules.get("joblib.externals.loky.reusable_executor")  # else there are no workers
    return getattr(module, "_executor", None)
