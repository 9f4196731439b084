"""Trainings in worker processes: their notes, what is given up, how they are asked to end."""

import shutil
import signal
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from types import SimpleNamespace

import numpy as np
import pytest

from benchmark import api
from benchmark.engines.task_graph import Attempt
from benchmark.execution import tasks, worker_processes
from benchmark.execution.worker import Worker
from benchmark.execution.worker_data import UnfitWorkerError
from benchmark.execution.worker_processes import WorkerProcesses
from benchmark.plan.run_options import RunOptions
from benchmark.storage.unwritable import UnwritableError
from benchmark.system import stopping
from benchmark.system.progress import NullProgress
from benchmark.system.stopping import Stopped
from tests.notes import Notes


@pytest.fixture
def executor(small_experiment, tmp_path):
    options = RunOptions(strategies="no_change,class_weights", out=tmp_path / "run", no_null=True)
    executor = api.plan(small_experiment(), options)
    executor.folder.stop_file.parent.mkdir(parents=True)
    return executor


class InThisProcess(Executor):
    """Runs a call when it is submitted."""

    name, is_local = "in this process", True

    def executor(self):
        return self

    def slots(self):
        return 2

    def submit(self, fn, /, *args):
        future = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.fixture
def processes(executor, monkeypatch):
    """Return a function that makes worker processes by what takes the place of `train_segment`."""
    monkeypatch.setattr(stopping, "_wish", stopping._Wish())

    def doing(train_segment):
        monkeypatch.setattr(tasks, "train_segment", train_segment)
        return WorkerProcesses(executor._worker, InThisProcess(), lambda _: [])

    return doing


@pytest.fixture
def train(executor, processes):
    """Return a function that trains two segments by what takes the place of `train_segment`."""

    def by(train_segment):
        advanced = []
        segments = executor.plan.segments[:2]
        notes = processes(train_segment).train(segments, NullProgress(), advanced.append)
        return notes, sum(advanced), segments

    return by


def trained(executor, key):
    """Leave what a trained segment leaves."""
    folder = executor.folder
    for file in (folder.outputs_manifest_file(key), folder.state_file(key)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_what_is_noted_is_told_also_of_a_segment_that_is_tried_again(train, executor):
    def once_killed(_, key, attempt):
        if attempt.number == 1:
            raise BrokenProcessPool("a worker was killed")
        trained(executor, key)
        return "no room" if key == executor.plan.segments[0].key else ""

    notes, steps, segments = train(once_killed)
    assert sorted(notes) == ["", "no room"]
    assert steps == sum(segment.end - segment.start for segment in segments)


def test_a_segment_that_ends_its_worker_each_time_costs_no_other_and_keeps_the_reason(
    train, executor
):
    first, second = executor.plan.segments[:2]

    def killing(_, key, attempt):
        if key == first.key:
            raise BrokenProcessPool("a worker was killed")
        trained(executor, key)

    train(killing)
    error = executor.folder.read_error(first.key)
    assert error.error == "BrokenProcessPool: a worker was killed (3 attempts)"
    assert error.by_machine  # each run tries again
    assert executor.folder.read_error(second.key) is None


@pytest.mark.parametrize("kind", [UnwritableError, UnfitWorkerError])
def test_what_no_other_attempt_would_mend_ends_the_run(train, executor, kind):
    calls = []

    def unfit(*_):
        calls.append(1)
        raise kind("not here")

    with pytest.raises(kind, match="not here"):
        train(unfit)
    assert len(calls) <= 2
    assert not executor.folder.read_error(executor.plan.segments[0].key)


def test_a_cluster_that_has_lost_its_workers_is_told_of_once(processes, executor, monkeypatch):
    monkeypatch.setattr(worker_processes, "SECONDS_BETWEEN_SUMMARIES", 0)
    workers, notes = processes(lambda _, key, __: trained(executor, key)), Notes()
    workers.engine.is_local, workers.engine.slots = False, lambda: 0
    for segment in executor.plan.segments[:2]:
        workers.train([segment], notes, lambda _: None)
    assert notes.texts == ["note: in this process has no worker left; the run waits for new ones"]


def test_a_last_save_that_found_no_room_is_told_of_a_run_that_is_stopped(train):
    def stop(*_):
        stopping.request(signal.SIGTERM)
        return "the last steps of a training could not be saved: no room"

    with pytest.raises(Stopped) as raised:
        train(stop)
    assert raised.value.unsaved == "the last steps of a training could not be saved: no room"


def test_where_a_file_finds_no_room_workers_are_asked_by_a_signal(train, executor, monkeypatch):
    signals = []
    monkeypatch.setattr(worker_processes, "ask_workers_to_end", lambda: signals.append(1))
    monkeypatch.setattr(type(executor.folder), "stop_file", SimpleNamespace(touch=full))

    def stop(*_):
        stopping.request(signal.SIGTERM)
        stopping._wish.notify()
        assert signals

    with pytest.raises(Stopped):
        train(stop)


def full():
    raise OSError(28, "No space left on device")


def test_where_there_is_room_workers_are_asked_by_a_file(train, executor, monkeypatch):
    monkeypatch.setattr(worker_processes, "ask_workers_to_end", lambda: pytest.fail("a signal"))

    def stop(*_):
        stopping.request(signal.SIGTERM)
        stopping._wish.notify()
        assert executor.folder.stop_file.exists()

    with pytest.raises(Stopped):
        train(stop)


def test_a_store_is_filled_in_as_many_parts_as_there_are_processes(
    executor, processes, monkeypatch
):
    filled, advanced = [], []
    monkeypatch.setattr(tasks, "fill_rows", lambda _, __, part, ___: filled.append(part.tolist()))
    processes(None).fill(
        "features", executor.plan.segments, np.arange(5), NullProgress(), advanced.append
    )
    assert sorted(filled) == [[0, 1, 2], [3, 4]]
    assert sum(advanced) == 5


def test_rows_that_no_worker_could_compute_are_left_to_those_who_need_them(
    executor, processes, monkeypatch
):
    def killed(*_):
        raise BrokenProcessPool("a worker was killed")

    progress = Notes()
    monkeypatch.setattr(tasks, "fill_rows", killed)
    processes(None).fill("features", executor.plan.segments, np.arange(5), progress, lambda _: None)
    assert progress.texts[-1] == (
        "note: features run where they are needed, since a worker was killed"
    )


def test_a_cluster_gets_smaller_parts_so_that_it_is_told_how_far_they_are(processes):
    workers = processes(None)
    workers.engine.is_local = False
    assert [len(part) for part in workers._parts(np.arange(100))] == [64, 36]
    assert [len(part) for part in workers._parts(np.arange(6 * 64))] == [64] * 6
    assert [len(part) for part in workers._parts(np.arange(17 * 64))] == [128] * 8 + [64]
    assert workers._parts(np.arange(100_000))[-1][-1] == 99_999


def test_workers_that_fill_a_store_are_asked_to_end_when_the_run_is_stopped(
    executor, processes, monkeypatch
):
    looked = []

    def fill(*_):
        stopping.request(signal.SIGTERM)
        stopping._wish.notify()
        looked.append(executor.folder.stop_file.exists())

    monkeypatch.setattr(tasks, "fill_rows", fill)
    with pytest.raises(Stopped):
        processes(None).fill(
            "features", executor.plan.segments, np.arange(5), NullProgress(), lambda _: None
        )
    assert all(looked)


@pytest.mark.parametrize("sign", ["stop file", "removed folder", ""])
def test_a_worker_fills_a_store_until_its_run_is_stopped_or_removed(
    executor, processes, monkeypatch, sign
):
    folder, filled = executor.folder, []
    source = processes(None).input_of(executor.plan.segments)

    def fill(worker, forward_pass, indices, advance):
        for index in indices:
            filled.append(index)
            if sign == "stop file":
                folder.stop_file.touch()
            elif sign:
                shutil.rmtree(folder.path)
            advance(1)

    monkeypatch.setattr(Worker, "fill", fill)
    tasks.fill_rows(source, "features", np.arange(3), Attempt())
    assert filled == ([0] if sign else [0, 1, 2])
    assert not stopping.requested()
    if sign == "stop file":  # a task that comes later
        tasks.fill_rows(source, "features", np.arange(3), Attempt())
        assert filled == [0]
