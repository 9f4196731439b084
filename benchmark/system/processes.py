"""New Python processes: what they import, and how they end."""

import multiprocessing
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

SECONDS_BETWEEN_LOOKS = 0.5

_pools: "weakref.WeakSet[Any]" = weakref.WeakSet()  # loky executors besides joblib's


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

    Its memory is wanted, and a new run may already use the same files. Signals are the parent's,
    which a terminal or a scheduler sends to both: it lets its workers save, and ends them. Did one
    that waits end by itself, joblib would kill all others in the midst of their work.
    """
    if os.getpid() == parent or threading.current_thread() is not threading.main_thread():
        return  # a thread of it
    # joblib has set its own, which the processes that a task starts do not know
    multiprocessing.set_start_method(None, force=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is not signal.SIG_IGN:
            # answered by nothing, and not ignored: a task may have a handler of its own
            signal.signal(number, _do_nothing)
    if os.getppid() != parent:  # it has ended while this process started
        os._exit(1)

    def end_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _do_nothing(_number: int, _frame: object) -> None:
    pass


def following_workers() -> dict[str, Any]:
    """Return the arguments of joblib.Parallel by which its workers are processes that follow this.

    They do so as soon as they have started, before the first task.
    """
    return {"backend": "loky", "initializer": follow_parent, "initargs": (os.getpid(),)}


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


def end_with_others(pool: Any) -> None:
    """Let the processes of a loky executor end with joblib's, by the functions below."""
    _pools.add(pool)


def end_workers() -> None:
    """End the worker processes, which wait for minutes, and remove what they have in common.

    joblib offers no way that starts none if there are none.
    """
    if executor := _joblib_executor():
        executor.terminate(kill_workers=True)
    for pool in list(_pools):
        pool.shutdown(wait=True, kill_workers=True)
        _pools.discard(pool)


def kill_workers() -> None:
    """End the worker processes and wait for nothing."""
    number = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows ends a process by any number
    for process in _worker_processes():
        with suppress(OSError):  # it is ending
            os.kill(process.pid, number)  # loky's processes have no method for it


def ask_workers_to_end() -> None:
    """Send the worker processes SIGTERM, which those that are at work note."""
    for process in _worker_processes():
        with suppress(OSError):  # it is ending
            process.terminate()


def _worker_processes() -> list[Any]:
    executors = [*filter(None, [_joblib_executor()]), *_pools]
    return [process for executor in executors for process in list(executor._processes.values())]


def _joblib_executor() -> Any:
    module = sys.modules.get("joblib.externals.loky.reusable_executor")  # else there are no workers
    return getattr(module, "_executor", None)
