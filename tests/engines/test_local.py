"""Processes of this machine as an engine."""

import os
import signal
import time

import pytest

from benchmark.engines.local import LocalEngine
from benchmark.system.processes import end_workers


def where():
    return os.getpid(), os.environ.get("SLOT")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="module")
def engine():
    yield LocalEngine([{"SLOT": "a"}, {"SLOT": "b"}], threads=1)
    end_workers()


def test_each_slot_is_a_process_with_an_environment_of_its_own(engine):
    calls = [engine.executor().submit(where) for _ in range(2)]
    processes = [call.result() for call in calls]
    assert {slot for _, slot in processes} == {"a", "b"}
    assert len({process for process, _ in processes} - {os.getpid()}) == 2
    assert engine.slots() == 2


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX")
def test_a_killed_process_costs_its_own_call_alone_and_is_replaced(engine):
    dying, other = engine.executor().submit(die), engine.executor().submit(time.sleep, 0.5)
    assert "SIGKILL" in str(dying.exception())
    assert other.result() is None
    calls = [engine.executor().submit(where) for _ in range(2)]
    assert {call.result()[1] for call in calls} == {"a", "b"}


def test_processes_wait_for_the_next_engine_and_are_started_again_once_they_were_ended(engine):
    before = engine.executor().submit(where).result()
    same = LocalEngine([{"SLOT": "a"}, {"SLOT": "b"}], threads=1)
    assert same.executor().submit(where).result() == before
    end_workers()
    assert same.executor().submit(where).result()[0] != before[0]
