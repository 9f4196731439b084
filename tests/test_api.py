"""The façade: settings are read once, and mistakes are found before anything is trained."""

import importlib
import pickle
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import benchmark
from benchmark import api
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.plugins import load_plugin
from tests.notes import Notes

BACKBONE = '''
from collections import OrderedDict

from torch import nn
from benchmark.model.registry import backbone


@backbone(half="pool", min_size=8)
def tiny():
    """One block, for a test."""
    return nn.Sequential(OrderedDict(pool=nn.Flatten()))
'''


@pytest.fixture
def small(image_folder, forgotten):
    """An experiment on few small images; the tests here train nothing."""
    load_plugin(Path(__file__).with_name("small_backbone.py"))
    return Experiment(data=image_folder, backbone="small", image_size=16, weights="none")


def test_a_plug_in_is_loaded_before_its_backbone_is_looked_up(tmp_path, forgotten):
    file = tmp_path / "tiny.py"
    file.write_text(BACKBONE)
    settings = {"plugin": file, "backbone": "tiny", "fine_tune": "head", "image_size": 8}
    experiment, options = api.read_settings(settings)
    assert experiment.backbone == "tiny"
    assert options == RunOptions(plugin=str(file))


def test_the_baseline_may_be_written_as_the_strategy_was():
    for text, name in {
        "focal_loss:gamma=1": "focal_loss:gamma=1.0",
        "focal_loss:gamma=2": "focal_loss",
        "losses": "losses",  # a group: refused later, with the names to choose from
        "unknown": "unknown",
    }.items():
        assert api.read_settings({"baseline": text})[1].baseline == name


def test_the_plan_is_for_the_named_folder_or_one_named_after_the_settings(small, tmp_path):
    named = api.plan(small, RunOptions("no_change", out=tmp_path / "x"))
    assert named.folder.path == tmp_path / "x"
    default = api.plan(small, RunOptions("no_change", tune=3)).folder.path
    assert default.as_posix() == f"results/{default.name}"
    assert default.name.endswith("-forum-16px-small-no-weights-tune3")
    assert not default.exists()


def test_a_baseline_is_one_of_the_strategies(small):
    options = RunOptions("no_change,class_weights", baseline="focal_loss")
    with pytest.raises(ValueError, match="'focal_loss' is none of the strategies asked for"):
        api.plan(small, options)


def test_images_in_memory_are_decoded_once_and_not_kept(small):
    pixels = np.random.default_rng(0).integers(0, 256, (300, 20, 20), dtype=np.uint8)
    experiment = replace(small, data=(pixels, [0, 1, 2] * 100))
    planned = api.plan(experiment, RunOptions("no_change"))
    assert planned.folder.path.name.startswith("arrays-forum")
    assert planned.prepared.pixels.readable.all()
    assert planned.prepared.experiment.data.classes == ("0", "1", "2")
    # worker processes get what was prepared
    assert len(pickle.dumps(planned.prepared.experiment)) < pixels.nbytes
    assert planned.prepared.experiment == replace(planned.prepared.experiment)


def test_a_run_shows_notes_plan_and_report(monkeypatch, image_folder, forgotten):
    report = Path("somewhere") / "report.html"
    result = SimpleNamespace(reports={"html": report})
    monkeypatch.setattr(api, "execute", lambda *_: result)
    notes = Notes()
    plugin = Path(__file__).with_name("small_backbone.py")
    small = {"plugin": plugin, "backbone": "small", "image_size": 16, "weights": "none"}
    assert benchmark.run(image_folder, "no_change", progress=notes, **small) is result
    assert any(text.startswith("note: ") for text in notes.texts)
    assert any("to train   2 of 2 networks" in text for text in notes.texts)
    assert notes.texts[-1] == f"report: {report}"


def test_without_optuna_nothing_is_opened_for_a_search(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    monkeypatch.setattr("benchmark.execution.prepare.prepare", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'imbalance-bench\[tune\]'"):
        api.plan(small, RunOptions("no_change", tune=3))


def test_benchmark_run_is_the_function_whatever_is_imported():
    importlib.import_module("benchmark.execution.executor")
    assert benchmark.run is api.run
    assert benchmark.load is api.load
    with pytest.raises(AttributeError, match="no attribute 'walk'"):
        benchmark.walk  # noqa: B018


def test_a_notebook_completes_the_lazy_names():
    assert set(benchmark.__all__) <= set(dir(benchmark))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: benchmark.run("digits", 3),
            "strategies 3 is not allowed; allowed: `all` or names",
        ),
        (lambda: benchmark.run("digits", [1, 2]), r"strategies \[1, 2\] is not allowed; allowed"),
        (lambda: benchmark.run(None), "data None is not allowed; allowed: text"),
        (lambda: benchmark.run([1]), r"data \[1\] is not allowed; allowed: text"),
        (lambda: benchmark.run(plugin=[1]), r"plugin \[1\] is not allowed; allowed: a path or"),
        (lambda: benchmark.load(None), "folder None is not allowed; allowed: a path"),
        (lambda: benchmark.compare_runs(None), "folders None is not allowed; allowed: a list of"),
        (lambda: benchmark.compare_runs("a"), "folders 'a' is not allowed; allowed: a list of"),
        (lambda: benchmark.compare_runs(["a", 3]), "folder 3 is not allowed; allowed: a path"),
    ],
)
def test_a_value_of_another_type_is_refused_in_words(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_name_of_an_earlier_version_is_answered_by_the_present_one():
    with pytest.raises(TypeError, match=r"no setting 'control'\. Write baseline=\."):
        benchmark.run(**{"control": "no_change"})
