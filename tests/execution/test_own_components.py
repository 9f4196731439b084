"""What components keep, and the size of their numbers, changes no other network and no page."""

from dataclasses import dataclass, field

import pytest
from torch import nn

import benchmark
from benchmark import api
from benchmark.execution.record_schema import Record
from benchmark.plan.run_options import RunOptions
from benchmark.strategy import CrossEntropy, Stage, Strategy, strategy
from benchmark.system.progress import NullProgress
from tests.integration.commands import assert_same_outputs, load_outputs

pytestmark = pytest.mark.usefixtures("forgotten")


@dataclass(frozen=True)
class CountingLoss(CrossEntropy):
    """The more often it is called, the larger."""

    calls: list = field(default_factory=list)

    def __call__(self, logits, target, counts):
        self.calls.append(None)
        return super().__call__(logits, target, counts) * len(self.calls)


HEADS = {}


def module_of(width, classes):
    return HEADS.setdefault((width, classes), nn.Linear(width, classes))


@dataclass(frozen=True)
class Scaled(CrossEntropy):
    """The loss times a number."""

    factor: float = 1.0

    def __call__(self, logits, target, counts):
        return super().__call__(logits, target, counts) * self.factor


def register(name, made):
    def build() -> Strategy:
        """Mine."""
        return made

    build.__name__ = build.__qualname__ = name
    strategy(build)


@pytest.fixture
def run(small_experiment, tmp_path):
    def run(out, names, seeds=(0,)):
        options = RunOptions(strategies=names, out=tmp_path / out, jobs=1, no_null=True)
        planned = api.plan(small_experiment(seeds=seeds), options)
        api.execute(planned, options, api.Timer(NullProgress()))
        return planned

    return run


def test_what_a_component_keeps_is_forgotten_for_the_next_network(run, tmp_path):
    shared = CountingLoss()
    register("counting", Strategy((Stage(loss=shared),)))
    run("both", "counting", seeds=(0, 1))
    for seed in (0, 1):
        run(str(seed), "counting", seeds=(seed,))
    expected = load_outputs(tmp_path / "0") | load_outputs(tmp_path / "1")
    assert_same_outputs(expected, load_outputs(tmp_path / "both"))
    assert not shared.calls


def test_a_head_that_was_trained_before_is_a_failed_row(run):
    HEADS.clear()
    register("global_head", Strategy(head=module_of))
    records = run("heads", "no_change,global_head", seeds=(0, 1)).folder
    assert isinstance(records.read_record("global_head", 0), Record)
    assert "one a second time" in records.read_record("global_head", 1).error
    assert isinstance(records.read_record("no_change", 1), Record)


@pytest.mark.parametrize("factor", [0.0, 1e-30, 1e30])
def test_a_report_is_written_of_a_loss_of_any_size(run, tmp_path, factor):
    register("scaled", Strategy((Stage(loss=Scaled(factor=factor)),)))
    records = run("scaled", "no_change,scaled,class_weights").folder
    assert isinstance(records.read_record("scaled", 0), Record)
    assert "scaled" in benchmark.load(tmp_path / "scaled").summary["strategy"].tolist()
