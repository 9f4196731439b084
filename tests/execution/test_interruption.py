"""What a run that was stopped, or ended without a trace, leaves and keeps."""

import signal

import pytest

from benchmark import api
from benchmark.engines.task_graph import Attempt
from benchmark.execution import heartbeat
from benchmark.execution.frozen_layers import run_frozen_layers
from benchmark.execution.interruption import traced
from benchmark.execution.worker import Worker
from benchmark.plan.run_options import RunOptions
from benchmark.system.progress import NullProgress
from benchmark.system.stopping import Stopped, signals_raise
from benchmark.train.checkpoint import saved_step
from benchmark.train.trainer import Training
from tests.integration.commands import assert_same_outputs, load_outputs
from tests.notes import Notes

RAISE_SIGNAL = signal.raise_signal  # while a strategy runs, it may not do this
NAMES = "no_change,crt,class_weights"


def plan_in(folder, experiment):
    return api.plan(experiment, RunOptions(strategies=NAMES, out=folder, jobs=1, no_null=True))


@pytest.fixture
def plan(small_experiment, tmp_path):
    """Return a function that plans a run in a folder of this name."""
    return lambda name: plan_in(tmp_path / name, small_experiment())


@pytest.fixture(scope="module")
def whole(small_experiment, tmp_path_factory):
    """The outputs of a run that nothing stopped."""
    folder = tmp_path_factory.mktemp("whole")
    plan_in(folder, small_experiment()).execute(NullProgress())
    return load_outputs(folder)


def after_steps(monkeypatch, number, act):
    """Do something in the midst of the training step after so many."""
    steps, right = [], Training._train_step

    def step(self, *arguments):
        steps.append(1)
        if len(steps) == number:
            act()
        return right(self, *arguments)

    monkeypatch.setattr(Training, "_train_step", step)


@pytest.fixture
def ctrl_c():
    """A suite in the background may have been handed down that it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.usefixtures("ctrl_c")
def test_a_signal_saves_the_step_and_the_same_run_goes_on_from_it(plan, whole, monkeypatch, number):
    stopped = plan("stopped")
    with monkeypatch.context() as patch:
        after_steps(patch, 5, lambda: RAISE_SIGNAL(number))
        with pytest.raises(Stopped) as raised, signals_raise():
            stopped.execute(NullProgress())
    states = stopped.folder.path / "states"
    # no request, no heartbeat, no temporary file
    (partial,) = {*states.iterdir()} - {stopped.folder.segments_file}
    assert saved_step(partial) == 5
    assert raised.value.kept == "0 of 3 networks and 1 state of trainings under way are kept"
    done = []
    with monkeypatch.context() as patch:
        right = Training._train_step
        patch.setattr(
            Training, "_train_step", lambda self, *a: (done.append(self.step), right(self, *a))[1]
        )
        stopped.execute(NullProgress())
    assert done[0] == 5
    assert_same_outputs(whole, load_outputs(stopped.folder.path))
    assert not states.exists()


def test_a_worker_that_is_asked_to_end_saves_and_trains_nothing_more(plan, monkeypatch):
    monkeypatch.setattr(heartbeat, "SECONDS_BETWEEN_POLLS", 0.0)
    executor = plan("run")
    folder, worker = executor.folder, executor._worker
    run_frozen_layers(worker.prepared, [0], NullProgress())
    first, *others = executor.plan.segments
    folder.stop_file.parent.mkdir(parents=True)
    after_steps(monkeypatch, 3, folder.stop_file.touch)
    assert worker.train_in_own_process(first, [], Attempt()) == ""
    assert saved_step(folder.partial_file(first.key)) == 3
    assert worker.train_in_own_process(others[-1], [], Attempt()) == ""
    assert {file.name for file in (folder.path / "states").iterdir()} == {
        *("stop", folder.partial_file(first.key).name)
    }


def test_a_state_that_finds_no_room_costs_no_strategy(plan, monkeypatch):
    right = Training.save

    def full(self, path):
        if "partial" in path.name:
            raise OSError(28, "No space left on device", str(path))
        right(self, path)

    monkeypatch.setattr(Training, "save", full)
    monkeypatch.setattr("benchmark.execution.timed_saves.SECONDS_BETWEEN_SAVES", 0.0)
    monkeypatch.setattr("benchmark.execution.timed_saves.SHARE_OF_TIME", 1e9)
    executor, progress = plan("run"), Notes()
    executor.execute(progress)
    for name in NAMES.split(","):
        assert executor.folder.read_record(name, 0).status == "ok"
    (note,) = [text for text in progress.texts if "could not be saved" in text]
    assert "No space left on device" in note


def test_a_state_that_others_go_on_from_fails_them_with_its_path(plan, monkeypatch):
    def full(self, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Training, "save", full)
    executor = plan("run")
    executor.execute(NullProgress())
    for name in ("no_change", "crt"):
        error = executor.folder.read_record(name, 0).error
        assert "No space left on device" in error
        assert "states" in error
    assert executor.folder.read_record("class_weights", 0).status == "ok"


def test_a_trace_is_there_while_a_segment_is_trained_here_and_no_longer(plan, monkeypatch):
    executor, observed = plan("run"), []
    right = Worker._train

    def look(self, segment, *arguments):
        observed.append(executor.folder.trace_file(segment.key).exists())
        return right(self, segment, *arguments)

    monkeypatch.setattr(Worker, "_train", look)
    executor.train(NullProgress())
    assert observed
    assert all(observed)
    assert not list((executor.folder.path / "states").glob("*.running"))


def test_a_trace_goes_with_every_exception_and_a_full_disk_is_no_matter(tmp_path):
    file = tmp_path / "states" / "key.running"

    def work():
        assert file.exists()
        raise Stopped(signal.SIGTERM)

    with pytest.raises(Stopped), traced(file):
        work()
    assert not file.exists()
    with traced(tmp_path / "states" / ("x" * 300)):  # longer than a name may be
        pass


@pytest.mark.slow
def test_what_ended_the_last_run_without_a_trace_is_trained_in_a_process_of_its_own(
    plan, whole, monkeypatch
):
    executor, progress = plan("run"), Notes()
    segment = executor.plan.segments[-1]
    with traced(executor.folder.trace_file(segment.key)):
        here = []
        right = Worker._train
        monkeypatch.setattr(
            Worker, "_train", lambda self, s, *a: (here.append(s.key), right(self, s, *a))[1]
        )
        executor.execute(progress)
    assert segment.key not in here
    assert len(here) == len(executor.plan.segments) - 1
    (note,) = [text for text in progress.texts if "was ended (a crash, or a kill)" in text]
    assert segment.name in note
    assert_same_outputs(whole, load_outputs(executor.folder.path))
