"""Runs in which strategies, plug-ins or processes fail: the others finish, and the run goes on."""

import json
import os
import signal
import subprocess
import textwrap
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmark import api
from benchmark.execution.frozen_layers import run_frozen_layers
from benchmark.execution.outputs import OutputStore
from benchmark.execution.record_schema import ErrorInfo
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.plugins import load_plugin, unload_plugin
from benchmark.system.progress import NullProgress
from benchmark.train.trainer import Training
from tests.integration.commands import (
    SMALL,
    SMALL_BACKBONE,
    assert_same_outputs,
    call,
    command,
    load_outputs,
    start,
)

PLUGIN = '''
import ctypes
import os
from dataclasses import dataclass
import numpy as np
from benchmark.strategy import OffsetArgmax, CrossEntropy, Stage, Strategy, strategy

@dataclass(frozen=True)
class Sharper(CrossEntropy):
    def __call__(self, logits, target, counts):
        return super().__call__(2 * logits, target, counts)

@dataclass(frozen=True)
class Fails(CrossEntropy):
    def __call__(self, logits, target, counts):
        raise RuntimeError("this loss is broken | <b>")

@dataclass(frozen=True)
class Kills(CrossEntropy):
    def __call__(self, logits, target, counts):
        ctypes.CDLL(None).kill(os.getpid(), 9)

@dataclass(frozen=True)
class Greedy(CrossEntropy):
    def __call__(self, logits, target, counts):
        # as Linux does where memory is used up; the audit's logits have no network behind them
        if len(logits) > 4 and logits.grad_fn is not None:
            ctypes.CDLL(None).kill(os.getpid(), 9)
        return super().__call__(logits, target, counts)

@dataclass(frozen=True)
class BadDecision:
    def fit(self, validation, counts):
        return lambda outputs: outputs.labels * 0 + 99

@dataclass(frozen=True)
class Peeks:
    def fit(self, validation, counts):
        return lambda outputs: outputs.labels

@dataclass(frozen=True)
class ArrayOffset:
    def fit(self, validation, counts):
        return OffsetArgmax(np.array([0.0, -np.inf, 0.0]))

@strategy
def peeks() -> Strategy:
    """Looks at what it is to predict. y = y"""
    return Strategy(decision=Peeks())

@strategy
def array_offset() -> Strategy:
    """A rule that holds an array, one value infinite. y = argmax"""
    return Strategy(decision=ArrayOffset())

@strategy
def late() -> Strategy:
    """Shares the beginning of no_change. L = CE(2 f), at the end"""
    return Strategy((Stage(0.7), Stage(0.3, loss=Sharper())))

@strategy
def sharper() -> Strategy:
    """A loss of one's own. L = CE(2 f)"""
    return Strategy((Stage(loss=Sharper()),))

@strategy
def fails() -> Strategy:
    """Fails. L = !"""
    return Strategy((Stage(loss=Fails()),))

@strategy
def kills() -> Strategy:
    """Kills its process. L = !"""
    return Strategy((Stage(loss=Kills()),))

@strategy
def greedy() -> Strategy:
    """Needs more memory than there is. L = CE"""
    return Strategy((Stage(loss=Greedy()),))

@strategy
def bad_decision() -> Strategy:
    """Returns labels that do not exist. y = 99"""
    return Strategy(decision=BadDecision())
'''


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """A file of strategies that fail."""
    path = tmp_path_factory.mktemp("plugins") / "mine.py"
    path.write_text(textwrap.dedent(PLUGIN))
    yield path
    unload_plugin(path)


@pytest.fixture
def words(image_folder, plugin, tmp_path):
    """Return the words of a run with the plug-in, in the folder `run`."""
    small = ["--data", image_folder, *SMALL.flags, "--plugin", plugin, "--out", tmp_path / "run"]
    return ["run", *small, "--no-null"]


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_failed_strategy_is_a_visible_row_and_the_others_finish(words, tmp_path, jobs):
    names = "no_change,fails,bad_decision,peeks,array_offset,sharper"
    names += ",kills" if jobs == 2 else ""
    done = call(*words, "--strategies", names, "--jobs", jobs)
    assert done.returncode == 1, done.stderr
    summary = pd.read_csv(tmp_path / "run" / "summary.csv").set_index("strategy")
    expected = {
        name: "ok" if name in ("no_change", "sharper", "array_offset") else "failed"
        for name in names.split(",")
    }
    assert summary["status"].to_dict() == expected
    for report in ("report.html", "report.md"):
        assert "this loss is broken" in (tmp_path / "run" / report).read_text()
    assert "<b>" not in (tmp_path / "run" / "report.html").read_text().split("this loss")[1][:40]
    assert "failed: fails (seed 0): RuntimeError: this loss is broken" in done.stdout
    assert "one label from 0 to 2 for each image; it gave 99 to 99" in done.stdout


@pytest.mark.slow
def test_a_killed_training_is_tried_again_in_micro_batches(words, tmp_path):
    done = call(*words, "--strategies", "no_change,greedy", "--jobs", 2)
    assert done.returncode == 0, done.stderr
    seeds = pd.read_csv(tmp_path / "run" / "seeds.csv").set_index("strategy")
    assert seeds["micro_batch"].to_dict() == {"no_change": 8, "greedy": 2}
    assert set(seeds["batch_size"]) == {8}
    report = (tmp_path / "run" / "report.md").read_text()
    assert "`greedy` trained in micro-batches of 2 images" in report


def test_a_broken_plugin_stops_nothing_and_the_run_ends_with_its_error(words, tmp_path, forgotten):
    broken = tmp_path / "broken.py"
    broken.write_text("import nothing_of_that_name")
    done = call(*words, "--plugin", broken, "--jobs", 1, "--strategies", "no_change,sharper")
    assert done.returncode == 1
    assert (pd.read_csv(tmp_path / "run" / "summary.csv")["status"] == "ok").all()
    printed = " ".join((done.stdout + done.stderr).split())
    assert f"The plug-in {broken} is broken: ModuleNotFoundError" in printed
    assert "ModuleNotFoundError" in (tmp_path / "run" / "report.md").read_text()


@pytest.mark.slow
def test_a_plugin_brings_a_network_to_every_process(image_folder, tmp_path):
    words = ["run", "--data", image_folder, *SMALL.flags, "--out", tmp_path, "--jobs", 2]
    words += ["--fine-tune", "tail", "--strategies", "no_change,class_weights,crt"]
    first, second = start(*words), call("plan", *words[1:])
    assert first.returncode == 0, first.stderr
    assert "in this process" not in first.stdout, "a worker knew the network for its frozen layers"
    assert "0 of 4 networks" in second.stdout, second.stderr
    manifest = json.loads((tmp_path / "run.json").read_text())
    assert manifest["experiment"]["first_trained"] == "tail"
    assert "small" in (tmp_path / "report.md").read_text()
    audit = pd.read_csv(tmp_path / "audit.csv")
    assert not (audit["passed"].astype(str) == "False").any()


@pytest.mark.slow
def test_processes_give_the_results_of_one_process(image_folder, tmp_path):
    words = ["run", "--data", image_folder, *SMALL.flags, "--strategies", "no_change,class_weights"]
    for jobs in (1, 2):
        done = call(*words, "--jobs", jobs, "--out", tmp_path / str(jobs))
        assert done.returncode == 0, done.stderr
    alone, parallel = load_outputs(tmp_path / "1"), load_outputs(tmp_path / "2")
    assert alone.keys() == parallel.keys()
    for name, tensors in alone.items():
        for key, values in tensors.items():
            # threads may add in another order
            np.testing.assert_allclose(values, parallel[name][key], rtol=1e-3, atol=1e-4)


def test_a_stopped_run_says_how_to_go_on(image_folder, tmp_path):
    words = ["run", "--data", image_folder, *SMALL.flags, "--seed-list", 7, "--out", tmp_path]
    process = subprocess.Popen(
        command(*words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
        # a suite that was started in the background hands down that the signal is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not list(tmp_path.glob("outputs/*.json")):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "the same command continues from there: python -m benchmark run --data" in errors


def test_what_an_earlier_run_left_does_no_harm(words, image_folder, tmp_path):
    """An error of a network that is stored, and a state saved where that run cut the training."""
    words += ["--jobs", 1]  # two networks would have a thread each, one has them all
    assert call(*words, "--strategies", "no_change").returncode == 0
    folder = RunFolder(tmp_path / "run")
    (marker,) = (folder.path / "outputs").glob("*.json")
    key = json.loads(marker.read_text())["key"]
    folder.write_error(key, ErrorInfo("old", ""))
    folder.heartbeat_file(key).write_text("3")
    assert call(*words, "--strategies", "no_change").returncode == 0
    reference = load_outputs(folder.path)
    assert OutputStore(folder).has(key)

    marker.unlink()
    folder.partial_file(key).parent.mkdir(exist_ok=True)
    training_until(2, image_folder, tmp_path).save(folder.partial_file(key))
    done = call(*words, "--strategies", "no_change,late")
    assert done.returncode == 0, done.stdout
    outputs = load_outputs(folder.path)
    assert_same_outputs(reference, {name: outputs[name] for name in reference})


def training_until(step, image_folder, folder):
    load_plugin(SMALL_BACKBONE)
    experiment = Experiment(
        data=str(image_folder),
        weights="none",
        epochs="1+0.5",
        backbone="small",
        image_size=32,
        precision="fp32",
        device="cpu",
    )
    options = RunOptions(strategies="no_change", out=folder / "other", no_null=True)
    executor = api.plan(experiment, options)
    prepared, (segment,) = executor.prepared, executor.plan.segments
    run_frozen_layers(prepared, [0], NullProgress())
    training = Training(
        prepared.frozen_features,
        prepared.splits[0],
        prepared.labels(0),
        prepared.experiment.recipe,
        prepared.budgets[0],
        0,
        segment.head,
    )
    training.run(replace(segment, end=step))
    return training
