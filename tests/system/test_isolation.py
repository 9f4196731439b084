"""What code of the user's changes in the process is set back."""

import builtins
import gc
import io
import logging
import os
import random
import resource
import signal
import sys
import tempfile
import threading
import warnings

import numpy as np
import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from benchmark.system import stopping
from benchmark.system.forbidden_calls import ProcessEndError
from benchmark.system.isolation import IsolationError, is_failure_of_code, isolated
from benchmark.system.process_state import kept_things
from benchmark.system.stopping import Stopped

KEPT = []


def enter(context):
    """Enter a context that is never left."""
    KEPT.append(context)
    context.__enter__()


def lower(kind):
    """Set a limit to half of what it may be, or to nothing."""
    now, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (0 if now else min(most, 1000), most))


CHANGES = {
    "gradients": lambda: torch.set_grad_enabled(False),
    "inference": lambda: enter(torch.inference_mode()),
    "dtype": lambda: torch.set_default_dtype(torch.float64),
    "device": lambda: torch.set_default_device("meta"),
    "threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "torch's numbers": lambda: torch.manual_seed(1),
    "numpy's numbers": lambda: np.random.seed(1),  # noqa: NPY002 - the old ones are global
    "random numbers": lambda: random.seed(1),
    "determinism": lambda: torch.use_deterministic_algorithms(True),
    "rounding": lambda: torch.set_float32_matmul_precision("medium"),
    "anomalies": lambda: torch.autograd.set_detect_anomaly(True),
    "autocast": lambda: enter(torch.autocast("cpu", torch.bfloat16)),
    "hooks": lambda: torch.nn.modules.module.register_module_forward_hook(print),
    "print options": lambda: torch.set_printoptions(precision=2),
    "float errors": lambda: np.seterr(all="raise"),
    "numpy's print options": lambda: np.set_printoptions(precision=1),
    "folder": lambda: os.chdir("/"),
    "environment": lambda: os.environ.update(CHANGED="1"),
    "fewer variables": os.environ.clear,
    "umask": lambda: os.umask(0o777),
    "filters": lambda: warnings.simplefilter("error"),
    "path": sys.path.clear,
    "modules": lambda: sys.modules.pop("json"),
    "recursion": lambda: sys.setrecursionlimit(5000),
    "profile": lambda: sys.setprofile(lambda *_: None),
    "garbage": gc.disable,
    "logging": lambda: logging.disable(logging.CRITICAL),
    "levels": lambda: logging.getLogger().setLevel(1),
    "signals": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "alarm": lambda: signal.setitimer(signal.ITIMER_REAL, 3600),
    "processor time": lambda: signal.setitimer(signal.ITIMER_VIRTUAL, 3600),
    "profiling time": lambda: signal.setitimer(signal.ITIMER_PROF, 3600),
    "blocked signals": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]),
    "limits": lambda: lower(resource.RLIMIT_CORE),
    "garbage callbacks": lambda: gc.callbacks.append(lambda *_: None),
    "garbage notes": lambda: gc.set_debug(gc.DEBUG_SAVEALL),
    "temporary files": lambda: setattr(tempfile, "tempdir", "/nowhere"),
    "errors that are dropped": lambda: setattr(sys, "unraisablehook", print),
    "saved tensors": lambda: enter(saved_tensors_hooks(lambda t: t, lambda t: t * 0)),
    "no saved tensors": lambda: torch._C._autograd._saved_tensors_hooks_disable("no"),
}


def state():
    """Return all that is kept, as texts; the order in which modules were imported plays no role."""
    values = [read() for read, _ in kept_things()]
    return [repr(sorted(map(str, v)) if isinstance(v, dict) else v) for v in values]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_changed_is_set_back(change):
    with isolated():
        change()  # a first time: what this imports stays
    state()
    before = state()
    with isolated():
        change()
    assert state() == before


def test_streams_are_set_back():
    before = sys.stdin, sys.stdout, sys.stderr
    with isolated():
        sys.stdin = sys.stdout = sys.stderr = None
    assert (sys.stdin, sys.stdout, sys.stderr) == before


def test_a_print_fails_nothing(monkeypatch):
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stdout", stream)
    with isolated(is_import=True):
        print("a line", flush=True)
    assert "_stream" not in vars(sys.stdout), "it is an ordinary stream again"


def test_what_a_library_adds_for_its_modules_stays(monkeypatch):
    class Finder:
        """Finds nothing."""

        find_spec = None

    before, library = list(sys.meta_path), type("LibraryFinder", (), {"__module__": "numpy"})()
    monkeypatch.setattr(sys, "meta_path", list(before))
    with isolated():
        sys.meta_path[:] = [Finder(), library, *before[1:]]
    assert sys.meta_path == [library, *before]


def test_closed_streams_are_open_again(tmp_path, monkeypatch):
    file = tmp_path / "out"
    with file.open("w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        duplicate = os.dup(1)
        os.dup2(stream.fileno(), 1)
        try:
            with isolated():
                os.close(1)
                sys.stdout.close()
            print("still here", flush=True)
        finally:
            os.dup2(duplicate, 1)
            os.close(duplicate)
    assert file.read_text() == "still here\n"


def test_ends_of_the_process_are_failures_also_if_they_are_caught():
    with pytest.raises(ProcessEndError), isolated():
        os._exit(0)
    called = pytest.raises(IsolationError, match=r"it called os._exit\(0\)")
    with called, isolated(), pytest.raises(ProcessEndError):
        os._exit(0)


def test_a_replaced_function_is_a_failure():
    original = torch.nn.functional.cross_entropy
    replaced = r"it replaced torch\.nn\.functional\.cross_entropy, which all other"
    with pytest.raises(IsolationError, match=replaced), isolated():
        torch.nn.functional.cross_entropy = None
    assert torch.nn.functional.cross_entropy is original


@pytest.mark.parametrize("name", ["len", "BaseException", "next", "dict", "getattr", "open"])
def test_without_a_built_in_function_all_is_set_back(name):
    original, folder = getattr(builtins, name), os.getcwd()  # noqa: PTH109

    def delete():
        os.chdir("/")
        del builtins.__dict__[name]

    with pytest.raises(IsolationError, match=rf"it replaced builtins\.{name},"), isolated():
        delete()
    assert getattr(builtins, name) is original
    assert os.getcwd() == folder  # noqa: PTH109


def test_a_timer_that_runs_out_is_a_failure():
    expired = pytest.raises(ProcessEndError, match=r"time was up \(SIGVTALRM\)")
    with expired, isolated():
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.001)
        while True:
            pass
    assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0
    assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL


def test_threads_keep_no_process_from_ending():
    with isolated():
        thread = threading.Thread(target=threading.Event().wait, args=(0.2,))
        thread.start()
    assert thread.daemon
    thread.join()


def test_an_import_keeps_what_it_sets_up(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("CHANGED", raising=False)
    dtype = torch.get_default_dtype()
    with isolated(is_import=True):
        sys.path.append("/somewhere")
        os.environ["CHANGED"] = "1"
        torch.set_default_dtype(torch.float64)
    assert sys.path[-1] == "/somewhere"
    assert os.environ.pop("CHANGED") == "1"
    assert torch.get_default_dtype() is dtype


def test_ctrl_c_where_no_code_of_a_user_runs_is_no_failure():
    """As in a script that plans: a built-in strategy is built without isolation."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), isolated():
            raise KeyboardInterrupt
        assert not is_failure_of_code(KeyboardInterrupt())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in a worker
        assert is_failure_of_code(KeyboardInterrupt())
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_keyboard_interrupt_that_code_raises_is_its_failure_wherever_it_is_caught():
    judged = []

    def work():
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            judged.append(is_failure_of_code(error))
            raise

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt) as raised, isolated():
            work()
        assert judged == [True]
        assert is_failure_of_code(raised.value)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_wish_to_stop_is_no_failure():
    assert is_failure_of_code(Stopped(signal.SIGTERM)), "no signal has come"
    with stopping.signals_noted():
        stopping.request()
        assert not is_failure_of_code(Stopped(signal.SIGTERM))
    assert is_failure_of_code(SystemExit(0))
    assert is_failure_of_code(GeneratorExit())
    with pytest.raises(KeyboardInterrupt) as raised, isolated():
        raise KeyboardInterrupt
    assert is_failure_of_code(raised.value), "nobody has pressed Ctrl+C"
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt) as raised, isolated():
            signal.getsignal(signal.SIGINT)(signal.SIGINT, None)
        assert not is_failure_of_code(raised.value)
    finally:
        signal.signal(signal.SIGINT, before)
