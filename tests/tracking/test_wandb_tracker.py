"""Weights & Biases: what was logged offline is read back, from its files where it is installed."""

import importlib
import json
import struct
import sys
import time
from types import ModuleType, SimpleNamespace

import pytest

from tests.tracking.tracked import NAME, tracked_run

BLOCK, HEADER = 32768, 7  # bytes of the log of LevelDB, which wandb writes


class Run:
    """Keeps what is logged to it."""

    offline, dir, id = True, "there", "1"

    def __init__(self, started):
        self.started, self.history, self.summary, self.artifacts = started, [], {}, []

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        pass

    def log(self, values, step):
        assert not self.history or step > self.history[-1]["_step"]
        self.history.append({**values, "_step": step})

    def log_artifact(self, artifact):
        self.artifacts.append(artifact)


class Artifact:
    """Keeps the names of files."""

    def __init__(self, name, type):
        self.name, self.files = name, []

    def add_file(self, file, name):
        self.files.append(name)


def stand_in(runs):
    """Return a module that keeps the runs that are begun."""
    wandb = ModuleType("wandb")
    wandb.Run, wandb.Artifact = Run, Artifact
    wandb.init = lambda **started: runs.append(Run(started)) or runs[-1]
    return wandb


def read_stand_in(runs, folder):
    return [
        SimpleNamespace(
            name=run.started["name"],
            group=run.started["group"],
            config=run.started["config"],
            history=run.history,
            summary=run.summary,
            files=[file for artifact in run.artifacts for file in artifact.files],
        )
        for run in runs
    ]


def records(file):
    """Yield the records of a log of LevelDB, after the 7 bytes that wandb begins with."""
    content, position, parts = file.read_bytes(), HEADER, b""
    while position + HEADER <= len(content):
        if BLOCK - position % BLOCK < HEADER:  # too little for another header
            position += BLOCK - position % BLOCK
            continue
        length, kind = struct.unpack("<HB", content[position + 4 : position + HEADER])
        parts += content[position + HEADER : position + HEADER + length]
        position += HEADER + length
        if kind in (1, 4):  # whole, or the last part
            yield parts
            parts = b""


def read_real(runs, folder):
    """Return the runs in the folder of an offline run, once they are written to their end."""
    protocol = importlib.import_module("wandb.proto.wandb_internal_pb2")
    deadline = time.monotonic() + 30
    while True:
        files = sorted(folder.glob("wandb/offline-run-*/*.wandb"), key=lambda f: f.stat().st_mtime)
        stored = [[protocol.Record.FromString(content) for content in records(f)] for f in files]
        if len(stored) == 3 and all(each and each[-1].HasField("exit") for each in stored):
            return [*map(read_run, stored)]
        assert time.monotonic() < deadline
        time.sleep(0.1)


def read_run(stored):
    """Return a run from its records."""
    run = SimpleNamespace(name="", group="", config={}, history=[], summary={}, files=[])

    def values(items):
        pairs = ((i.key or ".".join(i.nested_key), i.value_json) for i in items)
        return {key: json.loads(value) for key, value in pairs}

    for record in stored:
        kind = record.WhichOneof("record_type")
        if kind == "run":
            run.name, run.group = record.run.display_name, record.run.run_group
            run.config |= values(record.run.config.update)
        elif kind == "history":
            run.history.append(values(record.history.item))
        elif kind == "summary":
            run.summary |= values(record.summary.update)
        elif kind == "artifact":
            run.files += [entry.path for entry in record.artifact.manifest.contents]
    return run


@pytest.fixture(
    scope="module",  # wandb keeps the folder of its first run
    params=[read_stand_in, read_real],
    ids=["stand-in", "real"],
)
def logged(request, tmp_path_factory):
    """Return the runs that a tracked run becomes."""
    runs, folder = [], tmp_path_factory.mktemp("wandb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "offline")
        patch.setenv("WANDB_DIR", str(folder))
        patch.delenv("WANDB_PROJECT", raising=False)
        if request.param is read_stand_in:
            patch.setitem(sys.modules, "wandb", stand_in(runs))
        patch.delitem(sys.modules, "benchmark.tracking.wandb_tracker", raising=False)
        module = importlib.import_module("benchmark.tracking.wandb_tracker")
        module.track(tracked_run(folder / "run"))
        yield request.param(runs, folder)
        sys.modules.pop("benchmark.tracking.wandb_tracker", None)


def test_all_runs_are_in_one_group(logged):
    assert len({run.group for run in logged}) == 1
    assert {run.name for run in logged} == {"photos", f"{NAME} seed 3", "mine seed 3"}


def test_the_comparison_has_settings_scores_and_the_report(logged):
    (comparison,) = (run for run in logged if run.name == "photos")
    assert comparison.config["lr"] == "0.001"
    assert comparison.summary[f"{NAME}/macro_f1_low"] == 0.5
    assert set(comparison.files) == {"report.html", "figures/recall.svg"}


def test_a_training_has_its_curves_by_step_and_its_scores(logged):
    done, failed = (next(r for r in logged if r.name == f"{n} seed 3") for n in (NAME, "mine"))
    assert {"strategy": NAME, "seed": "3", "gamma": "1.0"}.items() <= done.config.items()
    history = {point["_step"]: point for point in done.history}
    assert list(history) == [4, 5, 10]
    assert history[10]["val_macro_f1"] == 0.5
    assert history[10]["train_loss"] == 1.0
    assert done.summary["test_macro_f1"] == 0.625
    assert failed.summary["error"] == "RuntimeError: no"
