"""Run code of the user's so that nothing of it but its result stays in the process.

A strategy may change whatever is global in Python, numpy and torch, end the process, or raise what
is no `Exception`. In `isolated` the global state is set back afterwards, and what would end the
process is an exception. See `process_state` for what is kept, `forbidden_calls` for the calls.
"""

import builtins
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any

from benchmark.system.built_in_functions import BuiltInFunctions
from benchmark.system.forbidden_calls import ProcessEndError, forbidden
from benchmark.system.isolated_thread import is_started_inside, own_turn
from benchmark.system.library_functions import functions_now, is_of_user, restore_functions
from benchmark.system.output import lasting_output
from benchmark.system.process_state import kept_things
from benchmark.system.stopping import Stopped, requested

_STREAMS = ("stdin", "stdout", "stderr")
# of timers and of the limit of time; where nothing answers them they end the process
_OF_TIME = tuple(
    getattr(signal, name)
    for name in ("SIGALRM", "SIGVTALRM", "SIGPROF", "SIGXCPU")
    if hasattr(signal, name)
)


class IsolationError(Exception):
    """Code of the user's did to the process what all others would notice."""


class _Interrupts:
    """Whether Ctrl+C was pressed: a `KeyboardInterrupt` without it is the user's code's own."""

    are_noted = False
    pressed = False


_OF_CODE = "_is_of_code"  # marks a KeyboardInterrupt that came while none was pressed


class Isolation(AbstractContextManager["Isolation"]):
    """What `isolated` enters and leaves, though Python's own functions may be gone meanwhile."""

    def __init__(self, is_import: bool) -> None:
        self.is_import = is_import

    def __enter__(self) -> "Isolation":
        self.built_in = BuiltInFunctions()
        self._isolated = _isolated(self.is_import, self.built_in)
        self._isolated.__enter__()
        return self

    def __exit__(self, *raised: Any) -> bool | None:
        self.built_in.set_back()
        return self._isolated.__exit__(*raised)


def isolated(is_import: bool = False) -> Isolation:
    """Keep the global state of this process, and set it back afterwards.

    Parameters
    ----------
    is_import
        Whether modules are imported: what they set up for later stays, as the environment and the
        import path, and so does what libraries replace of each other.

    Raises
    ------
    IsolationError
        If the code called what would have ended the process, and caught the exception; or if it
        replaced functions of libraries.
    """
    return Isolation(is_import)


@contextmanager
def _isolated(is_import: bool, built_in: BuiltInFunctions) -> Iterator[None]:
    if is_started_inside():  # what it changes is set back with the rest, when that is left
        yield
        return
    with ExitStack() as stack:
        stack.enter_context(own_turn())
        process = os.getpid()
        stack.callback(_end_if_forked, process, os._exit)
        stack.enter_context(_noting_interrupts())
        stack.enter_context(_kept_streams())
        stack.enter_context(lasting_output())  # a print fails nothing
        is_over = stack.enter_context(_timers_raise())
        stack.enter_context(_kept_state(is_import))
        called = stack.enter_context(forbidden())
        functions = functions_now()
        try:
            yield
        finally:
            is_over.append(True)
            replaced = _names_of_replaced(built_in, by_users_only=is_import)
            replaced += restore_functions(functions, by_users_only=is_import)
        if called:
            raise IsolationError("; ".join(called[:3]))
    if replaced:
        raise IsolationError(
            f"it replaced {', '.join(replaced[:3])}, which all other strategies use; call a "
            "function of your own instead"
        )


def is_failure_of_code(error: BaseException) -> bool:
    """Return whether an exception is one of the code that raised it, and no wish to stop the run.

    `Stopped` after a signal and a `KeyboardInterrupt` by Ctrl+C are such wishes.
    """
    if isinstance(error, KeyboardInterrupt):
        if _Interrupts.are_noted:
            return not _Interrupts.pressed
        is_of_code = _OF_CODE in object.__getattribute__(error, "__dict__")
        return is_of_code or not _raises_on_ctrl_c()
    return not (isinstance(error, Stopped) and requested())


@contextmanager
def failures_ignored() -> Iterator[None]:
    """Go on after whatever code of the user's raises."""
    try:
        yield
    except BaseException as error:
        if not is_failure_of_code(error):
            raise


@contextmanager
def _kept_state(is_import: bool) -> Iterator[None]:
    kept = [(read, write, read()) for read, write in kept_things(is_import)]
    try:
        yield
    finally:
        for read, write, before in kept:
            # one thing that can't be set back must not keep the others from it
            with suppress(Exception):
                if not _is_same(read, before):
                    write(before)


def _is_same(read: Callable[[], Any], before: Any) -> bool:
    """Return whether a thing is what it was; False if that can't be said."""
    try:
        return bool(read() == before)
    except Exception:  # arrays, or a thing that can't be read any more
        return False


def _names_of_replaced(built_in: BuiltInFunctions, by_users_only: bool) -> list[str]:
    """Return what of Python's functions code of the user's replaced; a library may as it starts."""
    names = []
    for name, value in built_in.replaced.items():
        if by_users_only and hasattr(value, "__module__") and not is_of_user(value):
            setattr(builtins, name, value)
        else:
            names.append(f"builtins.{name}")
    return names


@contextmanager
def _timers_raise() -> Iterator[list[bool]]:
    """Let a timer of the code raise an exception, until the list is filled that is yielded."""
    is_over: list[bool] = []
    if threading.current_thread() is not threading.main_thread():
        yield is_over
        return

    def expire(number: int, _frame: Any) -> None:
        if not is_over:
            text = f"time was up ({signal.Signals(number).name}), by a timer or a limit that it set"
            raise ProcessEndError(f"{text}, which would end the run")

    unanswered = [n for n in _OF_TIME if signal.getsignal(n) is signal.SIG_DFL]
    for number in unanswered:
        signal.signal(number, expire)
    try:
        yield is_over
    finally:
        for number in unanswered:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def _kept_streams() -> Iterator[None]:
    """Keep the standard streams open, and where they lead."""
    copies: dict[int, int] = {}
    for number in range(3):
        with suppress(OSError):  # closed from the start
            copies[number] = os.dup(number)
    streams = {name: getattr(sys, name) for name in _STREAMS}
    was_open = {name for name, s in streams.items() if not getattr(s, "closed", True)}
    try:
        yield
    finally:
        for number, copy in copies.items():
            if not _is_same_file(number, copy):
                os.dup2(copy, number)
            with suppress(OSError):
                os.close(copy)
        for number, (name, stream) in enumerate(streams.items()):
            if name in was_open and getattr(stream, "closed", False):
                mode, encoding = ("w" if number else "r"), getattr(stream, "encoding", "utf-8")
                # open for as long as the process runs
                stream = open(number, mode, encoding=encoding, closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def _is_same_file(number: int, copy: int) -> bool:
    try:
        return os.path.samestat(os.fstat(number), os.fstat(copy))
    except OSError:
        return False


@contextmanager
def _noting_interrupts() -> Iterator[None]:
    """Note when Ctrl+C is pressed, where Python's own handler answers it."""
    if not _raises_on_ctrl_c():
        yield
        return

    def interrupt(number: int, frame: Any) -> None:
        _Interrupts.pressed = True
        signal.default_int_handler(number, frame)

    _Interrupts.pressed, _Interrupts.are_noted = False, True
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except KeyboardInterrupt as error:
        if not _Interrupts.pressed:
            object.__setattr__(error, _OF_CODE, True)  # whatever its class does
        raise
    finally:
        _Interrupts.are_noted = False
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _raises_on_ctrl_c() -> bool:
    """Return whether Ctrl+C raises a `KeyboardInterrupt` here, by Python's own handler."""
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _end_if_forked(process: int, leave: Callable[[int], None]) -> None:
    """End a process that the code has forked and that came back from it."""
    if os.getpid() != process:
        leave(1)
