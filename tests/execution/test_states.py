"""Damaged states: set aside, named, and what they held trained again to the same bits."""

import shutil

import pytest
import torch
from safetensors.torch import load_file

from benchmark import api
from benchmark.execution import states
from benchmark.plan.run_options import RunOptions
from benchmark.system.progress import NullProgress


class Sentences(NullProgress):
    """Keeps the sentences of a run."""

    def __init__(self):
        self.sentences = []

    def say(self, text):
        self.sentences.append(text)

    @property
    def damage(self):
        return [text for text in self.sentences if "damaged" in text]


def plan(experiment, out):
    return api.plan(
        experiment, RunOptions(strategies="no_change,crt,class_weights", out=out, jobs=1)
    )


@pytest.fixture(scope="module")
def trained(small_experiment, tmp_path_factory):
    """A folder in which all is trained, with the states of parents, and no record is written."""
    folder = tmp_path_factory.mktemp("trained")
    plan(small_experiment(), folder).train(NullProgress())
    return folder


@pytest.fixture
def executor(small_experiment, trained, tmp_path):
    shutil.copytree(trained, tmp_path / "run")
    return plan(small_experiment(), tmp_path / "run")


def flip(file, offset=-9):
    content = bytearray(file.read_bytes())
    content[offset] ^= 1
    file.write_bytes(content)


def cut(file):
    file.write_bytes(file.read_bytes()[:-100])


def zero(file):
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))


def outputs(executor, name):
    return load_file(executor.outputs.tensor_file(executor.plan.networks[name, 0]))


@pytest.mark.parametrize("harm", [flip, cut, zero, lambda file: flip(file, 12)])
def test_a_damaged_state_of_a_parent_makes_it_be_trained_again(executor, harm):
    reference = outputs(executor, "crt")
    key = executor.plan.networks["crt", 0]
    (segment,) = (s for s in executor.plan.segments if s.key == key)
    (parent,) = (s for s in executor.plan.segments if s.key == segment.parent)
    executor.outputs.manifest_file(key).unlink()
    assert [s.key for s in executor.segments_to_train()] == [segment.key]
    state = executor.folder.state_file(parent.key)
    harm(state)
    assert [s.key for s in executor.segments_to_train()] == [parent.key, segment.key]
    progress = Sentences()
    executor.train(progress)
    (note,) = progress.damage
    assert f"{state.name} was damaged on the disk, and is now {state.name}.damaged" in note
    assert f"{parent.end} steps are trained again for" in note
    assert "no_change" in note
    assert state.with_name(f"{state.name}.damaged").exists()
    again = outputs(executor, "crt")
    assert all(torch.equal(tensor, reference[name]) for name, tensor in again.items())
    assert not executor.segments_to_train()


def test_a_damaged_state_of_a_training_under_way_is_named_and_begun_again(executor):
    reference = outputs(executor, "no_change")
    key = executor.plan.networks["no_change", 0]
    (segment,) = (s for s in executor.plan.segments if s.key == key)
    executor.outputs.manifest_file(key).unlink()
    state = executor.folder.partial_file(key)
    state.write_bytes(executor.folder.state_file(segment.parent or key).read_bytes())
    cut(state)
    progress = Sentences()
    executor.train(progress)
    assert len(progress.damage) == 1
    assert state.name in progress.damage[0]
    again = outputs(executor, "no_change")
    assert all(torch.equal(tensor, reference[name]) for name, tensor in again.items())


def test_states_that_no_training_reads_are_not_looked_at(executor, monkeypatch):
    for segment in executor.plan.segments:
        state = executor.folder.state_file(segment.key)
        if state.exists():
            flip(state)
    monkeypatch.setattr(states, "is_whole", lambda _: pytest.fail("read"))
    assert not executor.segments_to_train()
    executor.train(NullProgress())
