"""What is asked of a worker before anything is planned for it."""

import os
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from dataclasses import replace
from multiprocessing import get_context

import pytest

from benchmark.execution import worker_description
from benchmark.execution.worker_data import UnfitWorkerError
from benchmark.execution.worker_description import describe_worker, given_engine


class OtherProcess(Executor):
    """Answers as a worker with another process number, and with other `changes`."""

    def __init__(self, raises=None, **changes):
        self.raises, self.changes = raises, changes

    def submit(self, fn, /, *args):
        future = Future()
        if self.raises:
            future.set_exception(self.raises)
        else:
            changes = {"process": os.getpid() + 1, **self.changes}
            future.set_result(replace(fn(*args), **changes))
        return future


def test_an_executor_of_processes_is_an_engine_with_cores_for_each(monkeypatch):
    monkeypatch.setattr(worker_description, "cores", lambda: 8)
    engine, worker = given_engine(OtherProcess(), 4, "cpu", "fp32")
    assert (engine.slots(), engine.threads(), engine.is_local) == (4, 2, True)
    assert worker.device.precision == "float32"
    elsewhere, _ = given_engine(OtherProcess(host="far"), 4, "cpu", "fp32")
    assert (elsewhere.threads(), elsewhere.is_local) == (None, False)


def test_threads_of_this_process_are_refused():
    with ThreadPoolExecutor(1) as threads, pytest.raises(ValueError, match="runs calls in this pr"):
        given_engine(threads, None, "cpu", "auto")


def test_what_is_no_executor_is_refused():
    with pytest.raises(ValueError, match=r"executor 'dask' is not allowed; allowed: a concurrent"):
        given_engine("dask", None, "cpu", "auto")


def test_a_worker_with_other_versions_is_named():
    versions = replace(describe_worker("cpu", "auto").versions, torch="1.0")
    has = rf"\(process {os.getpid() + 1}\) has torch 1\.0 in place of"
    with pytest.raises(UnfitWorkerError, match=has):
        given_engine(OtherProcess(versions=versions), None, "cpu", "auto")


def test_a_worker_without_the_package_is_told_what_to_install():
    executor = OtherProcess(raises=ModuleNotFoundError("No module named 'benchmark'"))
    with pytest.raises(ValueError, match=r"install imbalance-bench 0\.\d"):
        given_engine(executor, None, "cpu", "auto")


def test_while_no_worker_answers_the_run_says_that_it_waits(monkeypatch):
    monkeypatch.setattr(worker_description, "SECONDS_UNTIL_TOLD", 0.0)
    notes = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        given_engine(processes, None, "cpu", "auto", notes.append)
    (note,) = notes
    assert note.startswith("note: no worker of ProcessPoolExecutor has answered yet")


class Odd(Executor):
    """Does in `submit` what no executor should."""

    def __init__(self, submit):
        self.submit = submit


def refuse(*_):
    raise RuntimeError("cannot schedule new futures after shutdown")


@pytest.mark.parametrize(
    ("executor", "words"),
    [
        (
            Odd(refuse),
            r"executor Odd takes no calls \(cannot schedule .*; allowed: one that is open",
        ),
        (Odd(lambda *_: 7), r"executor Odd .*returns int; allowed: .*concurrent\.futures\.Future"),
    ],
)
def test_an_executor_that_takes_no_calls_is_refused(executor, words):
    with pytest.raises(ValueError, match=words):
        given_engine(executor, None, "cpu", "auto")


def test_a_worker_that_dies_before_it_answers_is_told_of():
    executor = OtherProcess(raises=BrokenExecutor("a process was killed"))
    with pytest.raises(ConnectionError, match=r"worker of OtherProcess has died .*was killed"):
        given_engine(executor, None, "cpu", "auto")
