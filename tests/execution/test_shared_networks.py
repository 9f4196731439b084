"""Networks that runs of a grid have in common: planned once, trained once, equal to the bit."""

from __future__ import annotations

import pytest
from safetensors.numpy import load_file

from benchmark import api
from benchmark.execution.record_schema import ErrorInfo
from benchmark.execution.shared_networks import networks_of_others
from benchmark.plan.run_options import RunOptions
from benchmark.plan.sweep import read_experiments
from benchmark.system.progress import NullProgress, Timer
from tests.notes import Notes

IMAGES, STEPS = "batch-size=8,budget=images", "batch-size=8,budget=steps"


@pytest.fixture
def planned(image_folder, small_experiment, tmp_path):
    """Return a function that plans two budgets at two batch sizes, of which 8 is the recipe's."""
    small_experiment()  # which registers the backbone
    settings = {
        **{"data": str(image_folder), "backbone": "small", "image_size": 32, "weights": "none"},
        **{"device": "cpu", "precision": "fp32", "epochs": 1, "batch_size": "8,16"},
        "budget": "images,steps",
    }
    names = "no_change,class_weights"

    def plan(folder="grid", more="", **others):
        options = RunOptions(strategies=names + more, no_null=True, out=tmp_path / folder, jobs=1)
        return api.plan(read_experiments({**settings, **others}), options), options

    return plan


def test_the_plan_counts_them_once(planned):
    sweep, _ = planned()
    others = networks_of_others(sweep.executors)
    same = set(sweep.executors[IMAGES].plan.networks.values())
    assert others == {name: same if name == STEPS else set() for name in sweep.executors}
    lines = sweep.format(0).splitlines()
    assert (
        f"  {STEPS:<27}  0 of 2 networks, 0 steps; 0 are stored, 2 trained in another run" in lines
    )
    assert lines[-1].endswith(" steps to train, of 6 networks")


def test_they_are_copied_and_are_what_training_gives(planned, monkeypatch):
    monkeypatch.setattr("benchmark.result.run.write_report", lambda _: {})
    monkeypatch.setattr("benchmark.result.sweep.write_sweep_report", lambda _: {})
    sweep, options = planned()
    first, second = sweep.executors[IMAGES].outputs, sweep.executors[STEPS].outputs
    keys, notes = set(sweep.executors[STEPS].plan.networks.values()), Notes()
    api.execute(sweep, options, Timer(notes))
    assert notes.texts.count("2 networks are copied from runs that train the same") == 1
    alone, options = planned("alone", batch_size=8, budget="steps")
    api.execute(alone, options, Timer(NullProgress()))
    for key in keys:
        tensors = [load_file(store.tensor_file(key)) for store in (first, second, alone.outputs)]
        assert tensors[0].keys() == tensors[1].keys() == tensors[2].keys()
        for name, trained in tensors[2].items():
            assert trained.tobytes() == tensors[0][name].tobytes() == tensors[1][name].tobytes()
        assert second.check(key) == first.check(key)


def test_what_any_run_has_stored_is_taken(planned):
    single, _ = planned(f"grid/{STEPS}", batch_size=8, budget="steps")
    single.train(NullProgress())
    sweep, _ = planned()
    others = networks_of_others(sweep.executors)
    assert others[IMAGES] == set(single.plan.networks.values())
    assert not others[STEPS], "it has them"
    executor, notes = sweep.executors[IMAGES], Notes()
    executor.execute(notes)
    executor.execute(notes)
    assert executor.folder.read_record("no_change", 0).status == "ok"
    assert notes.texts == ["2 networks are copied from runs that train the same"]


def test_damaged_ones_are_not_taken(planned):
    single, _ = planned(f"grid/{STEPS}", batch_size=8, budget="steps")
    single.train(NullProgress())
    key = single.plan.networks["no_change", 0]
    single.outputs.tensor_file(key).write_bytes(b"damaged")
    sweep, _ = planned()
    executor, notes = sweep.executors[IMAGES], Notes()
    executor.execute(notes)
    assert notes.texts[0] == "1 network is copied from runs that train the same"
    assert executor.outputs.has(key), "it is trained"


def test_what_is_damaged_is_set_aside_before_another_takes_its_place(planned):
    executors = planned()[0].executors
    for name in (IMAGES, STEPS):
        executors[name].execute(NullProgress())
    key = executors[STEPS].plan.networks["no_change", 0]
    file = executors[STEPS].outputs.tensor_file(key)
    file.write_bytes(b"damaged")
    notes = Notes()
    planned()[0].executors[STEPS].execute(notes)
    about, copied = notes.texts
    assert about.startswith(f"note: {file} was damaged")
    assert copied == "1 network is copied from runs that train the same"
    assert any(other.read_bytes() == b"damaged" for other in file.parent.glob(f"{file.name}.*"))


def test_a_network_from_which_another_trains_on_is_trained_again_and_not_copied(planned):
    """Its outputs are there, its state is not: states of what is finished are removed."""
    executors = planned()[0].executors
    for name in (IMAGES, STEPS):
        executors[name].execute(NullProgress())
    sweep, notes = planned(more=",crt:extra_epochs=1")[0], Notes()
    assert "  batch-size=8,budget=images   2 of 3 networks" in sweep.format(0)
    sweep.executors[IMAGES].execute(notes)
    assert not any("copied" in line for line in notes.texts)
    sweep.executors[STEPS].execute(notes)
    assert notes.texts[-1] == "1 network is copied from runs that train the same"


def test_what_failed_in_another_run_is_not_planned_to_be_taken_from_it(planned):
    executors = planned()[0].executors
    key = executors[IMAGES].plan.networks["class_weights", 0]
    executors[IMAGES].folder.write_error(key, ErrorInfo("E: why", ""))
    assert networks_of_others(executors)[STEPS] == {executors[IMAGES].plan.networks["no_change", 0]}
