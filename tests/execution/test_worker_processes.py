"""Trainings in processes of their own: what they note, and how they are asked to end."""

import signal
from concurrent.futures.process import BrokenProcessPool

import pytest

from benchmark import api
from benchmark.execution import worker_processes
from benchmark.execution.worker_processes import WorkerProcesses
from benchmark.plan.run_options import RunOptions
from benchmark.system import stopping
from benchmark.system.progress import NullProgress
from benchmark.system.stopping import Stopped


@pytest.fixture
def executor(small_experiment, tmp_path):
    options = RunOptions(strategies="no_change,class_weights", out=tmp_path / "run", no_null=True)
    executor = api.plan(small_experiment(), options)
    executor.folder.stop_file.parent.mkdir(parents=True)
    return executor


@pytest.fixture
def train(executor, monkeypatch):
    """Return a function that trains two segments by what takes the place of joblib's calls."""
    monkeypatch.setattr(stopping, "_wish", stopping._Wish())

    def with_calls(answers):
        rest = iter(answers)
        monkeypatch.setattr(WorkerProcesses, "_parallel", lambda _, calls: next(rest)(list(calls)))
        processes = WorkerProcesses(executor._worker, 2, lambda _: [])
        return processes.train(executor.plan.segments[:2], NullProgress(), lambda _: None)

    return with_calls


def killed(_):
    raise BrokenProcessPool("a worker was killed")


def test_what_is_noted_when_a_segment_is_tried_again_is_told(train):
    notes = train([killed, lambda _: ["no room"], lambda _: [""]])
    assert notes == ["no room", ""]


def test_a_last_save_that_found_no_room_is_told_of_a_run_that_is_stopped(train):
    def stop(_):
        stopping.request(signal.SIGTERM)
        return ["", "the last steps of a training could not be saved: no room"]

    with pytest.raises(Stopped) as raised:
        train([stop])
    assert raised.value.unsaved == "the last steps of a training could not be saved: no room"


def test_where_a_file_finds_no_room_workers_are_asked_by_a_signal(train, executor, monkeypatch):
    signals = []
    monkeypatch.setattr(worker_processes, "ask_workers_to_end", lambda: signals.append(1))
    executor.folder.stop_file.parent.rmdir()

    def stop(_):
        stopping.request(signal.SIGTERM)
        stopping._wish.notify()
        assert signals
        return []

    with pytest.raises(Stopped):
        train([stop])
    assert not executor.folder.stop_file.exists()


def test_where_there_is_room_workers_are_asked_by_a_file(train, executor, monkeypatch):
    monkeypatch.setattr(worker_processes, "ask_workers_to_end", lambda: pytest.fail("a signal"))

    def stop(_):
        stopping.request(signal.SIGTERM)
        stopping._wish.notify()
        assert executor.folder.stop_file.exists()
        return []

    with pytest.raises(Stopped):
        train([stop])
