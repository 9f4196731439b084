"""Why code of a strategy failed."""

import asyncio
import builtins
import io
import logging
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import torch
from imblearn.over_sampling import RandomOverSampler
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from benchmark.execution.strategy_code import failure_of
from benchmark.system import stopping
from benchmark.system.stopping import Stopped


class ExitingError(Exception):
    """An exception whose text ends the process."""

    def __str__(self):
        os._exit(0)


FEATURES, LABELS = np.eye(6), np.array([0, 0, 0, 0, 1, 1])


def end_a_process():
    """Start a copy of this process, and end it."""
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    process.start()
    process.terminate()
    process.join()


def end_a_program():
    """Start a program in a session of its own, and end all of it."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = subprocess.Popen(command, start_new_session=True)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def compile_and_run():
    """Let torch trace a function; it replaces methods of its modules for that."""
    compiled = torch.compile(lambda x: torch.nn.functional.relu(x) * 2, backend="eager")
    compiled(torch.ones(2))


def catch_an_exit():
    """Ask Python to exit, and catch it."""
    with pytest.raises(SystemExit):
        sys.exit(1)


ORDINARY = {
    "seeds": lambda: (np.random.seed(1), random.seed(1), torch.manual_seed(1)),  # noqa: NPY002
    "rounding": lambda: torch.set_float32_matmul_precision("high"),
    "filters": lambda: (warnings.filterwarnings("ignore"), warnings.warn("a", stacklevel=1)),
    "logging": lambda: (logging.basicConfig(level=logging.INFO), logging.getLogger().info("a")),
    "thread": lambda: threading.Thread(target=random.random).start(),
    "pool": lambda: ThreadPoolExecutor(2).submit(random.random).result(),
    "asyncio": lambda: asyncio.run(asyncio.sleep(0)),
    "joblib": lambda: joblib.Parallel(2, prefer="threads")([joblib.delayed(abs)(1)] * 3),
    "tqdm": lambda: list(tqdm(range(3), file=io.StringIO())),
    "multiprocessing": end_a_process,
    "subprocess": end_a_program,
    "sklearn": lambda: LogisticRegression().fit(FEATURES, LABELS),
    "imblearn": lambda: RandomOverSampler().fit_resample(FEATURES, LABELS),
    "optimizer": lambda: torch.optim.Adagrad([torch.nn.Parameter(torch.ones(1))]).step(),
    "compile": compile_and_run,
    "exit": catch_an_exit,
}


def fail(error):
    """Return a function that raises."""

    def run():
        raise error

    return run


def test_what_does_not_fail_has_no_failure():
    done = []
    assert failure_of(lambda: done.append(1)) is None
    assert done == [1]


@pytest.mark.parametrize("run", ORDINARY.values(), ids=ORDINARY)
def test_what_ordinary_code_does_is_no_failure(run):
    assert failure_of(run) is None


@pytest.mark.parametrize(
    "error", [ValueError("no"), SystemExit(0), KeyboardInterrupt(), GeneratorExit(), ExitingError()]
)
def test_whatever_is_raised_is_a_failure_with_its_traceback(error):
    failure = failure_of(fail(error))
    assert failure.error.startswith(type(error).__name__)
    assert "test_strategy_code.py" in failure.traceback
    assert not failure.by_machine


def test_what_it_prints_fails_nothing(monkeypatch):
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stdout", stream)
    assert failure_of(lambda: print("a line", flush=True)) is None
    assert sys.stdout is not None


def test_a_signal_passes_through():
    with stopping.signals_noted():
        stopping.request()
        with pytest.raises(Stopped):
            failure_of(fail(Stopped(signal.SIGTERM)))


def test_what_says_that_a_signal_came_and_none_did_is_a_failure():
    assert failure_of(fail(Stopped(signal.SIGTERM))).error == "Stopped: stopped by SIGTERM"


@pytest.mark.parametrize("name", ["len", "BaseException", "isinstance", "type"])
def test_what_fails_has_a_text_also_without_a_built_in_function(name):
    def delete():
        del builtins.__dict__[name]
        raise ValueError("after that")

    original = getattr(builtins, name)
    assert failure_of(delete).error == "ValueError: after that"
    assert getattr(builtins, name) is original


def test_an_end_that_was_caught_is_a_failure():
    def run():
        try:
            os._exit(0)
        except BaseException:
            return

    assert "it called os._exit(0)" in failure_of(run).error
