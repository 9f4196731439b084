"""Calls by which code of the user's would end the whole process; they raise an exception instead.

While `forbidden` holds, `os._exit`, `os.abort`, a signal to the process itself and the like are
functions that raise `ProcessEndError`; so are calls that would leave the process without its files,
its rights or the operators of torch. Code of this package and processes of other modules' making
may call them. What ends a process without Python, such as a crash in C code, can't be caught.

The functions stay in place for good: a thread of the code, or what it has left for the end of the
process, may call them when the isolation is long over. Everyone else's calls do what they did.
"""

import faulthandler  # noqa: F401 - so that its calls are found
import functools
import os
import signal  # noqa: F401
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, ModuleType
from typing import Any

from benchmark.system.isolated_thread import is_left_over, is_outside
from benchmark.system.library_messages import is_users

with suppress(ImportError):  # Windows
    import resource

# by these a process says how it ended, see `keep_exit_code`
_WITH_EXIT_CODE = ("_exit", *(name for name in dir(os) if name.startswith("exec")))
_OS_CALLS = (
    *_WITH_EXIT_CODE,
    # a copy of this process would go on with the run, or hang where torch has threads
    *("abort", "kill", "killpg", "fork", "forkpty"),
    # it would lose its files, or the right to write them
    *("closerange", "chroot", "setuid", "seteuid", "setreuid", "setresuid"),
    *("setgid", "setegid", "setregid", "setresgid", "setgroups"),
)
_CALLS = {
    **dict.fromkeys(("os", "posix", "nt"), _OS_CALLS),
    "signal": ("raise_signal", "pthread_kill"),
    "resource": ("setrlimit", "prlimit"),
    "sys": ("addaudithook",),  # it can't be taken off again
    "faulthandler": ("dump_traceback_later",),
    "torch._C": ("_dispatch_library",),
}
# they end or replace processes of their own making
_TRUSTED = {"benchmark", "multiprocessing", "concurrent", "joblib", "subprocess", "asyncio"}
_OPERATORS = {"_", "aten", "prim", "prims", "mkldnn", "quantized", "torchvision"}  # used by all


class ProcessEndError(BaseException):
    """Code of the user's called what would have ended the process."""


class _Calls:
    """Where the forbidden calls are caught, and what was called since."""

    def __init__(self) -> None:
        self.process = 0  # in which they are caught; 0: in none
        self.called: list[str] = []
        self.is_program = False


_calls = _Calls()
_replacements: dict[Callable[..., Any], Callable[..., Any]] = {}  # and of each replacement itself


def keep_exit_code() -> None:
    """Let no code of the user's choose this process's exit code, which is the command line's."""
    _calls.is_program = True


@contextmanager
def forbidden() -> Iterator[list[str]]:
    """Catch the calls for a while; yields the list of those that are made, also if it is caught."""
    for module, name in _calls_here():
        call = getattr(module, name)
        if call not in _replacements:
            instead = _replacements[call] = _catching(name, call)
            _replacements[instead] = instead
        setattr(module, name, _replacements[call])
    before = _calls.process, _calls.called
    _calls.process, _calls.called = os.getpid(), []
    try:
        yield _calls.called
    finally:
        _calls.process, _calls.called = before


def _calls_here() -> Iterator[tuple[ModuleType, str]]:
    """Yield the modules and the names of all such calls that there are on this machine."""
    for module_name, names in _CALLS.items():
        if module := sys.modules.get(module_name):
            yield from ((module, name) for name in names if hasattr(module, name))


def _catching(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that raises in place of a call, where that is forbidden."""
    process, is_harmless = os.getpid(), _HARMLESS.get(name, _never)

    @functools.wraps(call)
    def instead(*arguments: Any, **named: Any) -> Any:
        # what a copy of this process does is the business of whoever has made it, unless it is a
        # worker, which isolates code itself
        is_copy = os.getpid() not in (process, _calls.process)
        if is_copy or _is_trusted() or is_harmless(*arguments, **named):
            return call(*arguments, **named)
        values = [*map(repr, arguments), *(f"{key}={value!r}" for key, value in named.items())]
        module = str(call.__module__).removeprefix("_").replace("posix", "os")
        text = f"it called {module}.{name}({', '.join(values)}), which would end the run"
        if os.getpid() == _calls.process and not is_outside():
            _calls.called.append(text)
            raise ProcessEndError(text)
        if is_left_over():
            raise SystemExit(text)  # ends the thread without words
        if _calls.is_program and name in _WITH_EXIT_CODE and _is_left_code():
            raise ProcessEndError(text)
        return call(*arguments, **named)

    return instead


def _caller() -> FrameType | None:
    """Return who calls a function of this module; None: Python does, when the process ends."""
    frame: FrameType | None = sys._getframe(1)
    while frame and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    return frame


def _package(frame: FrameType | None) -> str:
    return str(frame.f_globals.get("__name__")).partition(".")[0] if frame else ""


def _is_trusted() -> bool:
    return _package(_caller()) in _TRUSTED


def _is_left_code() -> bool:
    """Return whether the user's code, and not the program itself, calls outside of an isolation."""
    frame = _caller()
    is_program = _package(frame) == "__main__"
    return frame is None or (is_users(frame.f_code.co_filename) and not is_program)


def _never(*_: Any, **__: Any) -> bool:
    return False


def _is_elsewhere(target: Any = 0, number: Any = 0) -> bool:
    """Return whether a signal reaches neither this process nor its parent; 0 only asks."""
    own = {os.getpid(), os.getppid(), 1, os.getpgrp() if hasattr(os, "getpgrp") else 0}
    return number == 0 or not isinstance(target, int) or (target > 0 and target not in own)


def _lowers_nothing(kind: Any, limits: Any) -> bool:
    """Return whether a limit is raised; what a crash may write, and the stack, may be less."""
    if kind in (resource.RLIMIT_CORE, resource.RLIMIT_STACK):
        return True
    wanted, held = limits[0], resource.getrlimit(kind)[0]
    endless = resource.RLIM_INFINITY
    return wanted == endless or (held != endless and wanted >= held)


def _lowers_nothing_of(_process: int, *values: Any) -> bool:
    return len(values) < 2 or _lowers_nothing(*values)


def _is_own_namespace(_kind: str, namespace: str, *_: Any) -> bool:
    """Return whether operators are not those that all use, or torch defines them itself."""
    frame = _caller()
    while _package(frame) == "torch":
        frame = frame.f_back if frame else None
    return namespace not in _OPERATORS or not (frame and is_users(frame.f_code.co_filename))


def _goes_on(*arguments: Any, **named: Any) -> bool:
    """Return whether the process goes on after its traceback was written: not with exit=True."""
    return not (named.get("exit") or any(arguments[3:]))


_HARMLESS: dict[str, Callable[..., bool]] = {
    "kill": _is_elsewhere,
    "killpg": _is_elsewhere,
    "setrlimit": _lowers_nothing,
    "prlimit": _lowers_nothing_of,
    "_dispatch_library": _is_own_namespace,
    "dump_traceback_later": _goes_on,
}
