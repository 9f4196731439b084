"""CUDA graphs of the trained blocks, as far as they can be tried without a GPU; see test_gpu."""

from dataclasses import replace

import pytest
import torch

from benchmark.model.network import Network
from benchmark.plan.segments import Budget, make_plan
from benchmark.run.prepare import prepare
from benchmark.strategy import Strategy
from benchmark.strategy.registry import StrategySpec
from benchmark.system.progress import NullProgress
from benchmark.train import cuda_graphs, trainer
from benchmark.train.cuda_graphs import CudaGraphRunner
from benchmark.train.trainer import Training

STEPS = 3


class Disguised(torch.Tensor):
    """Says that it is on a GPU."""

    is_cuda = True


@pytest.fixture(scope="module")
def prepared(experiment_on):
    prepared = prepare(experiment_on("cpu"))
    prepared.run_frozen_layers([0], NullProgress())
    return replace(prepared, budgets={0: Budget(4, (1, STEPS))})


@pytest.fixture
def network(prepared):
    return Network(prepared.material.pretrained.suffix(), torch.nn.Linear(2048, 3), 0.5).train()


def inputs_of(prepared, images=4):
    return prepared.material.inputs(prepared.splits[0].train[:images])


def warmed_up(module, sample):
    """Stand in for the capture: three passes, and a container that counts its replays."""
    for _ in range(3):
        module(sample[0].as_subclass(torch.Tensor))
    eager = module.forward
    module.replays = []

    def replay(x):
        module.replays.append(x.shape)
        return eager(x)

    module.forward = replay
    return module


def test_capturing_leaves_the_network_as_it_was(prepared, network, monkeypatch):
    monkeypatch.setattr(torch.cuda, "make_graphed_callables", warmed_up)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    modes = {name: module.training for name, module in network.named_modules()}
    replay = CudaGraphRunner(network, inputs_of(prepared).as_subclass(Disguised), torch.float32)
    assert replay.blocks is not None
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert {name: module.training for name, module in network.named_modules()} == modes
    assert all(p.grad is None for p in network.parameters())


def test_only_batches_like_the_captured_one_are_replayed(prepared, network, monkeypatch):
    monkeypatch.setattr(torch.cuda, "make_graphed_callables", warmed_up)
    replay = CudaGraphRunner(network, inputs_of(prepared).as_subclass(Disguised), torch.float32)
    four, two = inputs_of(prepared), inputs_of(prepared, 2)
    assert replay(four).shape == (4, 2048)
    assert replay(two).shape == (2, 2048)
    assert replay(four.bfloat16()).dtype == torch.float32
    assert replay.blocks.replays == [four.shape]


def test_what_can_not_be_captured_is_run_eagerly(prepared, network, monkeypatch):
    def refused(module, sample):
        module(sample[0].as_subclass(torch.Tensor))
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing")

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", refused)
    x = inputs_of(prepared)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    replay = CudaGraphRunner(network, x.as_subclass(Disguised), torch.float32)
    assert replay.blocks is None
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert torch.equal(replay(x), network.features(x))
    network.set_trainable("head")
    assert cuda_graphs._captured(network.suffix, x.as_subclass(Disguised), torch.float32) is None


def test_a_training_captures_once_and_only_what_pays(prepared, monkeypatch):
    made = []

    class Spy(CudaGraphRunner):
        def __init__(self, network, x, dtype):
            made.append(len(x))
            super().__init__(network, x, dtype)

    monkeypatch.setattr(trainer, "Replay", Spy)
    monkeypatch.setattr(trainer, "STEPS_THAT_PAY", STEPS)
    asked = [StrategySpec("it", Strategy(), "", {})]
    (segment,) = make_plan(asked, prepared.budgets, {0: ""}).segments
    arguments = (prepared.material, prepared.splits[0], prepared.experiment.recipe)
    training = Training(*arguments, prepared.budgets[0], 0, segment.head)
    training.run(replace(segment, end=1))
    assert made == []  # the head alone is trained
    training.run(replace(segment, end=2))
    assert made == []  # one step
    training.run(segment)
    assert made == []
    monkeypatch.setattr(trainer, "STEPS_THAT_PAY", 1)
    training = Training(*arguments, prepared.budgets[0], 0, segment.head)
    training.run(replace(segment, end=2))
    training.run(segment)
    assert made == [4]
