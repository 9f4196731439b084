"""Calls by which code of the user's would end the whole process; they raise an exception instead.

While `forbidden` holds, `os._exit`, `os.abort`, a signal to the process itself and the like are
functions that raise `ProcessEndError`. Code of this package and processes of other modules' making
may call them. What ends a process without Python, such as a crash in C code, can't be caught.
"""

import functools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from benchmark.system.isolated_thread import is_outside

# a copy of this process would go on with the run, or hang where torch has threads
_OS_CALLS = (
    *("_exit", "abort", "kill", "killpg", "fork", "forkpty"),
    *(name for name in dir(os) if name.startswith("exec")),
)
_SIGNAL_CALLS = ("raise_signal", "pthread_kill")
_WITH_TARGET = ("kill", "killpg")  # forbidden only if the target is this process or its parent
# they end or replace processes of their own making
_TRUSTED = {"benchmark", "multiprocessing", "concurrent", "joblib", "subprocess", "asyncio"}


class ProcessEndError(BaseException):
    """Code of the user's called what would have ended the process."""


class _Calls:
    """Where the forbidden calls are caught, and what was called since."""

    def __init__(self) -> None:
        self.process = 0  # in which they are caught; 0: in none
        self.called: list[str] = []


_calls = _Calls()


@contextmanager
def forbidden() -> Iterator[list[str]]:
    """Catch the calls for a while; yields the list of those that are made, also if it is caught."""
    before = _calls.process, _calls.called
    _calls.process, _calls.called = os.getpid(), []
    originals = [(module, name, getattr(module, name)) for module, name in _REPLACED]
    try:
        for (module, name), replacement in _REPLACED.items():
            setattr(module, name, replacement)
        yield _calls.called
    finally:
        for module, name, original in originals:
            setattr(module, name, original)
        _calls.process, _calls.called = before


def _catching(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that raises in place of a call, while that is forbidden."""

    @functools.wraps(call)
    def instead(*arguments: Any, **named: Any) -> Any:
        caller = str(sys._getframe(1).f_globals.get("__name__")).partition(".")[0]
        harmless = name in _WITH_TARGET and _is_elsewhere(*arguments[:2])
        is_allowed = caller in _TRUSTED or harmless or is_outside()
        if is_allowed or os.getpid() != _calls.process:
            return call(*arguments, **named)
        text = f"{call.__module__.removeprefix('_')}.{name}".replace("posix.", "os.")
        _calls.called.append(f"{text}({', '.join(map(repr, arguments))})")
        raise ProcessEndError(f"it called {_calls.called[-1]}, which would end the run")

    return instead


def _is_elsewhere(target: Any = 0, number: Any = 0) -> bool:
    """Return whether a signal reaches neither this process nor its parent; 0 only asks."""
    own = {os.getpid(), os.getppid(), 1, os.getpgrp() if hasattr(os, "getpgrp") else 0}
    return number == 0 or not isinstance(target, int) or (target > 0 and target not in own)


def _replacements() -> dict[tuple[ModuleType, str], Callable[..., Any]]:
    modules = [os, *(sys.modules[n] for n in ("posix", "nt") if n in sys.modules)]
    calls = [(module, name) for module in modules for name in _OS_CALLS]
    calls += [(signal, name) for name in _SIGNAL_CALLS]
    return {
        (module, name): _catching(name, getattr(module, name))
        for module, name in calls
        if hasattr(module, name)
    }


_REPLACED = _replacements()
