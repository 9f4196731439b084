"""What each engine must do, on a real cluster. Calls are of local functions, sent by value."""

import os
import signal
import time
from concurrent.futures import wait

import psutil
import pytest

from benchmark.engines.lost_calls import WorkerDiedError

SECONDS = 60  # for anything to happen


def children():
    return set(psutil.Process().children(recursive=True))


def has_left(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def wait_until(condition):
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until, "it has taken too long"
        time.sleep(0.02)


def check_that_calls_run_in_other_processes(engine):
    call = engine.executor().submit(lambda number, more: (os.getpid(), number + more), 3, more=4)
    process, value = call.result(SECONDS)
    assert value == 7
    assert process != os.getpid()
    assert engine.executor() is engine.executor()


def check_that_what_a_call_raises_arrives(engine):
    def fail():
        raise KeyError("a name")

    error = engine.executor().submit(fail).exception(SECONDS)
    assert type(error) is KeyError
    assert error.args == ("a name",)


def check_that_a_killed_worker_costs_its_call_alone(engine):
    executor = engine.executor()
    call = executor.submit(lambda: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(WorkerDiedError):
        call.result(SECONDS)
    assert engine.executor() is executor
    assert executor.submit(lambda: 5).result(SECONDS) == 5


def check_that_what_has_begun_is_not_cancelled(engine, file, queued=1):
    """`file` ends the calls that run."""
    executor = engine.executor()

    def hold(started):
        started.touch()
        while not file.exists():
            time.sleep(0.02)

    marks = [file.with_name(f"started{i}") for i in range(engine.slots())]
    running = [executor.submit(hold, mark) for mark in marks]
    wait_until(lambda: all(mark.exists() for mark in marks))
    waiting = [executor.submit(lambda: 1) for _ in range(queued)]
    assert [call.cancel() for call in waiting] == [True] * queued
    assert [call.cancel() for call in running] == [False] * len(running)
    file.touch()
    _, left = wait([*running, *waiting], SECONDS)
    assert not left
    assert [call.exception() for call in running] == [None] * len(running)
