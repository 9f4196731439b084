"""Who writes the records of networks that are trained in this process."""

from concurrent.futures import Future
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from benchmark.execution import recording as module
from benchmark.execution import tasks
from benchmark.execution.recording import recording
from benchmark.system.gpus import VISIBLE

SEGMENTS: Any = [SimpleNamespace(key=key, seed=0) for key in ("a", "b", "shared")]
SPECS = {"a": ["plain", "threshold"], "b": ["focal"], "shared": []}


@pytest.fixture
def written():
    """Records in the order in which they are written: strategy, seed, key."""
    return []


@pytest.fixture
def processes(written) -> Any:
    """What an executor has of its workers."""
    worker = SimpleNamespace(record=lambda *record: written.append(record))
    return SimpleNamespace(
        worker=worker,
        specs_to_record=lambda segment: SPECS[segment.key],
        input_of=lambda segments: {s.key: (s, SPECS[s.key]) for s in segments},
    )


@pytest.fixture
def is_ready():
    """Whether the other process has started by the time that all networks are trained."""
    return True


@pytest.fixture
def submitted(processes, monkeypatch, is_ready):
    """Stand in for the other process: it does what it is given as soon as that is waited for."""
    submitted, environments = [], []

    class Waiting(Future):
        def result(self, timeout=None):
            function, *arguments = self.call
            return function(*arguments)

    def submit(*call):
        submitted.append(Waiting())
        submitted[-1].call = call
        if len(submitted) == 1 and is_ready:
            submitted[0].set_result(None)
        return submitted[-1]

    def engine(of_processes, threads):
        environments.extend(of_processes)
        return SimpleNamespace(executor=lambda: SimpleNamespace(submit=submit))

    @contextmanager
    def loaded(source):
        yield SimpleNamespace(worker=processes.worker, segments=source)

    monkeypatch.setattr(module, "LocalEngine", engine)
    monkeypatch.setattr(tasks, "_loaded", loaded)
    yield submitted
    if submitted:
        assert environments == [{VISIBLE: ""}], "it takes no memory of a GPU"


ALL = [("plain", 0, "a"), ("threshold", 0, "a"), ("focal", 0, "b")]


def test_on_a_cpu_this_process_writes_them_as_it_goes(processes, written, submitted):
    with recording(processes, SEGMENTS, meanwhile=False) as record:
        record(SEGMENTS[0])
        assert written == ALL[:2]
        record(SEGMENTS[1])
        record(SEGMENTS[2])
    assert written == ALL
    assert not submitted


def test_beside_a_gpu_another_process_does_and_is_waited_for(processes, written, submitted):
    with recording(processes, SEGMENTS, meanwhile=True) as record:
        assert [future.call[0] for future in submitted] == [tasks.get_ready], "it begins early"
        for segment in SEGMENTS:
            record(segment)
        assert not written
    assert written == ALL
    assert len(submitted) == 3, "nothing to be written is no task"


@pytest.mark.parametrize("is_ready", [False])
def test_a_process_that_has_not_started_by_the_end_is_not_waited_for(processes, written, submitted):
    with recording(processes, SEGMENTS[:1], meanwhile=True) as record:
        record(SEGMENTS[0])
    assert written == []
    assert all(future.cancelled() for future in submitted)


def test_no_process_starts_where_there_is_no_record_to_write(processes, written, submitted):
    with recording(processes, SEGMENTS[2:], meanwhile=True) as record:
        record(SEGMENTS[2])
    assert not submitted


def test_what_the_other_process_could_not_write_is_left_to_the_end_of_the_run(
    processes, written, submitted, monkeypatch
):
    def killed(source):
        raise ChildProcessError("killed")

    monkeypatch.setattr(tasks, "_loaded", killed)
    with recording(processes, SEGMENTS, meanwhile=True) as record:
        record(SEGMENTS[0])
    assert written == []


def test_without_another_process_they_are_left_to_the_end_too(
    processes, written, submitted, monkeypatch
):
    def refused(*_):
        raise OSError("no memory for another process")

    executor = SimpleNamespace(submit=refused)
    engine = SimpleNamespace(executor=lambda: executor)
    monkeypatch.setattr(module, "LocalEngine", lambda environments, threads: engine)
    with recording(processes, SEGMENTS, meanwhile=True) as record:
        record(SEGMENTS[0])
    assert written == []


def test_a_run_that_stops_waits_for_no_record(processes, written, submitted):
    with pytest.raises(KeyboardInterrupt), recording(processes, SEGMENTS, meanwhile=True) as record:
        interrupt(record)
    assert written == []
    assert all(future.cancelled() for future in submitted[1:])


def interrupt(record):
    record(SEGMENTS[0])
    raise KeyboardInterrupt
