"""The global state of Python, numpy and torch: how each thing is read, and how it is set back.

`kept_things` yields a pair for each: what reads it, and what writes a value that was read.
"""

import gc
import locale
import logging
import os
import random
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from benchmark.system.library_functions import is_of_user

Read = Callable[[], Any]
Write = Callable[[Any], Any]

_endless: list[Any] = []  # guards of torch that hold as long as they are referenced


def kept_things(is_import: bool = False) -> Iterator[tuple[Read, Write]]:
    """Yield all that is kept of the libraries that are imported.

    With `is_import`, without what modules may set up for later, when they are imported.
    """
    yield from _of_python()
    if not is_import:
        yield lambda: dict(os.environ), _set_environment
        yield _content(sys.path)
        yield lambda: list(sys.meta_path), _set_back_but_for_libraries(sys.meta_path)
        yield lambda: list(sys.path_hooks), _set_back_but_for_libraries(sys.path_hooks)
        yield _attributes(sys, "argv", "dont_write_bytecode", "tracebacklimit")
    if numpy := sys.modules.get("numpy"):
        yield from _of_numpy(numpy)
    if torch := sys.modules.get("torch"):
        yield from _of_torch(torch)
        if torch.cuda.is_initialized():
            yield torch.cuda.get_rng_state_all, torch.cuda.set_rng_state_all
            yield torch.cuda.current_device, torch.cuda.set_device


def _of_python() -> Iterator[tuple[Read, Write]]:
    yield from _of_timers()
    yield os.getcwd, os.chdir
    yield _umask, os.umask
    yield random.getstate, random.setstate
    yield _attributes(sys, "excepthook", "displayhook", "unraisablehook")
    yield _attributes(threading, "excepthook")
    yield _attributes(tempfile, "tempdir")
    yield _attributes(warnings, "showwarning", "formatwarning")
    yield lambda: list(warnings.filters), _set_filters
    yield lambda: dict(sys.modules), sys.modules.update  # what is imported meanwhile stays
    yield sys.getrecursionlimit, sys.setrecursionlimit
    yield sys.getswitchinterval, sys.setswitchinterval
    yield sys.gettrace, sys.settrace
    yield sys.getprofile, sys.setprofile
    yield threading.gettrace, threading.settrace
    yield threading.getprofile, threading.setprofile
    yield gc.isenabled, lambda on: gc.enable() if on else gc.disable()
    yield gc.get_threshold, lambda numbers: gc.set_threshold(*numbers)
    yield gc.get_debug, gc.set_debug
    yield _content(gc.callbacks)
    yield (
        lambda: locale.setlocale(locale.LC_ALL),
        lambda name: locale.setlocale(locale.LC_ALL, name),
    )
    yield _content(logging.root.handlers)
    yield lambda: logging.root.manager.disable, logging.disable
    yield _logging_levels, _set_logging_levels
    if threading.current_thread() is threading.main_thread():
        yield _signal_handlers, _set_signal_handlers
    if hasattr(signal, "pthread_sigmask"):
        yield (
            lambda: signal.pthread_sigmask(signal.SIG_BLOCK, []),
            lambda blocked: signal.pthread_sigmask(signal.SIG_SETMASK, blocked),
        )
    yield _limits, _set_limits
    if hasattr(os, "sched_setaffinity"):
        yield lambda: os.sched_getaffinity(0), lambda cores: os.sched_setaffinity(0, cores)


def _of_timers() -> Iterator[tuple[Read, Write]]:
    """Yield the timers; one that the code has started is stopped."""
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
            yield partial(_runs, timer), partial(_stop, timer)


def _of_numpy(numpy: Any) -> Iterator[tuple[Read, Write]]:
    yield numpy.random.get_state, numpy.random.set_state
    yield numpy.geterr, lambda modes: numpy.seterr(**modes)
    yield numpy.geterrcall, numpy.seterrcall
    yield numpy.get_printoptions, lambda options: numpy.set_printoptions(**options)


def _of_torch(torch: Any) -> Iterator[tuple[Read, Write]]:
    yield torch.is_inference_mode_enabled, _leave_inference_mode
    yield _hooks_of_saved_tensors, _set_hooks_of_saved_tensors
    yield lambda: torch._C._len_torch_dispatch_stack(), _pop(torch, "dispatch")
    yield lambda: torch._C._len_torch_function_stack(), _pop(torch, "function")
    yield torch.get_default_device, _set_default_device
    yield torch.is_grad_enabled, torch.set_grad_enabled
    yield torch.get_default_dtype, torch.set_default_dtype
    yield torch.get_num_threads, torch.set_num_threads
    yield torch.get_rng_state, torch.set_rng_state
    yield torch.is_anomaly_enabled, torch.set_anomaly_enabled
    yield torch.autograd.is_multithreading_enabled, torch._C._set_multithreading_enabled
    yield torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode
    yield torch.get_float32_matmul_precision, torch.set_float32_matmul_precision
    yield _autocast_nesting, _leave_autocast
    yield torch.is_autocast_cache_enabled, torch.set_autocast_cache_enabled
    for kind in ("cpu", "cuda"):
        yield _bound(torch.is_autocast_enabled, kind), _bound(torch.set_autocast_enabled, kind)
        yield _bound(torch.get_autocast_dtype, kind), _bound(torch.set_autocast_dtype, kind)
    yield _attributes(torch.backends.cudnn, "enabled", "benchmark", "deterministic", "allow_tf32")
    yield _attributes(torch.backends.cuda.matmul, "allow_tf32")
    yield _attributes(torch.backends.mkldnn, "enabled")
    yield (
        lambda: dict(vars(torch._tensor_str.PRINT_OPTS)),
        vars(torch._tensor_str.PRINT_OPTS).update,
    )
    for module in ("torch.nn.modules.module", "torch.optim.optimizer"):
        for name, value in vars(sys.modules[module]).items():
            if name.startswith("_global_") and isinstance(value, dict):  # hooks
                yield _content_of_dict(value)


def _runs(timer: int) -> bool:
    return signal.getitimer(timer)[0] > 0


def _stop(timer: int, _: bool) -> None:
    signal.setitimer(timer, 0)


def _limits() -> dict[int, int]:
    """Return the limits of this process that count, of each resource."""
    resource = sys.modules.get("resource")  # Windows has none
    names = [name for name in vars(resource) if name.startswith("RLIMIT_")] if resource else []
    kinds = {getattr(resource, name) for name in names}
    return {kind: resource.getrlimit(kind)[0] for kind in kinds} if resource else {}


def _set_limits(before: Mapping[int, int]) -> None:
    resource = sys.modules["resource"]
    for kind, limit in before.items():
        now, most = resource.getrlimit(kind)
        if now != limit:  # the most that it may be is lowered for good
            with suppress(ValueError, OSError):
                resource.setrlimit(kind, (limit, most))


def _hooks_of_saved_tensors() -> tuple[str | None, Any]:
    """Return why hooks are forbidden to what autograd saves, and the last of these hooks."""
    autograd = sys.modules["torch"]._C._autograd
    reason = autograd._saved_tensors_hooks_get_disabled_error_message()
    return reason, autograd._top_saved_tensors_default_hooks(True)


def _set_hooks_of_saved_tensors(before: tuple[str | None, Any]) -> None:
    autograd = sys.modules["torch"]._C._autograd
    autograd._saved_tensors_hooks_enable()
    while (top := autograd._top_saved_tensors_default_hooks(True)) and top != before[1]:
        autograd._pop_saved_tensors_default_hooks()
    if before[0] is not None:
        autograd._saved_tensors_hooks_disable(before[0])


def _attributes(owner: Any, *names: str) -> tuple[Read, Write]:
    """Return how attributes of a module are kept, those that it has."""

    def read() -> dict[str, Any]:
        return {name: getattr(owner, name) for name in names if hasattr(owner, name)}

    def write(values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if getattr(owner, name, None) is not value:
                setattr(owner, name, value)

    return read, write


def _content(items: list[Any]) -> tuple[Read, Write]:
    return lambda: list(items), lambda before: items.__setitem__(slice(None), before)


def _set_back_but_for_libraries(items: list[Any]) -> Write:
    """Return what sets back a list, but for what a library has added: its modules stay as well."""

    def write(before: list[Any]) -> None:
        added = [item for item in items if item not in before and not is_of_user(item)]
        items[:] = [*added, *before]

    return write


def _content_of_dict(items: dict[Any, Any]) -> tuple[Read, Write]:
    def write(before: dict[Any, Any]) -> None:
        items.clear()
        items.update(before)

    return lambda: dict(items), write


def _bound(call: Callable[..., Any], kind: str) -> Callable[..., Any]:
    return lambda *values: call(kind, *values)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _set_environment(before: Mapping[str, str]) -> None:
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


def _set_filters(before: list[Any]) -> None:
    warnings.filters[:] = before  # type: ignore[index]
    warnings._filters_mutated()  # type: ignore[attr-defined]


def _logging_levels() -> dict[Any, int]:
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    return {logger: logger.level for logger in loggers if isinstance(logger, logging.Logger)}


def _set_logging_levels(before: Mapping[Any, int]) -> None:
    for logger, level in before.items():
        logger.setLevel(level)


def _signal_handlers() -> dict[int, Any]:
    numbers = [signal.SIGINT, *(n for n in signal.valid_signals() if n != signal.SIGINT)]
    return {number: signal.getsignal(number) for number in numbers}


def _set_signal_handlers(before: Mapping[int, Any]) -> None:
    for number, handler in before.items():
        # None: a handler that is not Python's
        if handler is not None and signal.getsignal(number) != handler:
            signal.signal(number, handler)


def _leave_inference_mode(before: bool) -> None:
    guard = sys.modules["torch"].inference_mode(before)
    guard.__enter__()
    _endless.append(guard)


def _pop(torch: Any, kind: str) -> Write:
    """Return what takes the modes of a stack off that were left on it."""
    length = getattr(torch._C, f"_len_torch_{kind}_stack")
    pop = getattr(torch._C, f"_pop_torch_{kind}_stack")

    def write(before: int) -> None:
        while length() > before:
            pop()

    return write


def _set_default_device(before: Any) -> None:
    torch = sys.modules["torch"]
    # None, the usual state, reads as the CPU
    torch.set_default_device(None if before == torch.device("cpu") else before)


def _autocast_nesting() -> int:
    torch = sys.modules["torch"]
    torch.autocast_increment_nesting()
    return int(torch.autocast_decrement_nesting())


def _leave_autocast(before: int) -> None:
    torch = sys.modules["torch"]
    while torch.autocast_decrement_nesting() > before:
        pass
    torch.clear_autocast_cache()  # or weights of earlier steps would be used
