"""CUDA graphs of the trained blocks, as far as a CPU can show; `test_gpu.py` has the rest."""

from dataclasses import replace

import pytest
import torch

from benchmark.model.network import Network
from benchmark.plan.schedule import Budget
from benchmark.train import cuda_graphs, trainer
from benchmark.train.cuda_graphs import CudaGraphRunner
from tests.train.small_training import SPLIT, state_of

STEPS = 3
WIDTH = 24


class Disguised(torch.Tensor):
    """Claims to be on a GPU."""

    is_cuda = True


@pytest.fixture
def network(features):
    return Network(features.pretrained.suffix(), torch.nn.Linear(WIDTH, 3), 0.5).train()


def inputs_of(features, images=4):
    return features.inputs(SPLIT.train[:images])


def stand_in(module, sample):
    """Warm up like a capture, three passes, and count what the container is called with."""
    for _ in range(3):
        module(sample[0].as_subclass(torch.Tensor))
    eager = module.forward
    module.calls = []

    def graph(x):
        module.calls.append(x.shape)
        return eager(x)

    module.forward = graph
    return module


def test_capturing_leaves_the_network_as_it_was(features, network, monkeypatch):
    monkeypatch.setattr(torch.cuda, "make_graphed_callables", stand_in)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    modes = {name: module.training for name, module in network.named_modules()}
    runner = CudaGraphRunner(network, inputs_of(features).as_subclass(Disguised), torch.float32)
    assert runner.blocks is not None
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert {name: module.training for name, module in network.named_modules()} == modes
    assert all(p.grad is None for p in network.parameters())


def test_only_batches_like_the_captured_one_use_the_graphs(features, network, monkeypatch):
    monkeypatch.setattr(torch.cuda, "make_graphed_callables", stand_in)
    runner = CudaGraphRunner(network, inputs_of(features).as_subclass(Disguised), torch.float32)
    four, two = inputs_of(features), inputs_of(features, 2)
    assert runner(four).shape == (4, WIDTH)
    assert runner(two).shape == (2, WIDTH)
    assert runner(four.bfloat16()).dtype == torch.float32
    assert runner.blocks.calls == [four.shape]


def test_blocks_that_can_not_be_captured_run_eagerly(features, network, monkeypatch):
    def refused(module, sample):
        module(sample[0].as_subclass(torch.Tensor))
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing")

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", refused)
    x = inputs_of(features)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    runner = CudaGraphRunner(network, x.as_subclass(Disguised), torch.float32)
    assert runner.blocks is None
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert torch.equal(runner(x), network.features(x))
    network.set_trainable("head")
    assert cuda_graphs._capture(network.suffix, x.as_subclass(Disguised), torch.float32) is None


def test_a_training_captures_once_and_only_what_pays(setup, monkeypatch):
    captured = []

    class Spy(CudaGraphRunner):
        def __init__(self, network, x, dtype):
            captured.append(len(x))
            super().__init__(network, x, dtype)

    monkeypatch.setattr(trainer, "CudaGraphRunner", Spy)
    monkeypatch.setattr(trainer, "STEPS_THAT_PAY", STEPS + 1)
    setup = replace(setup, budget=Budget(4, (1, STEPS)))
    training, (segment,) = setup.begin()
    training.run(replace(segment, end=1))
    assert captured == []  # the head alone is trained
    training.run(replace(segment, end=2))
    assert captured == []  # one step
    training.run(segment)
    assert captured == []
    monkeypatch.setattr(trainer, "STEPS_THAT_PAY", 1)
    training, (segment,) = setup.begin()
    training.run(replace(segment, end=2))
    training.run(segment)
    assert captured == [4]


def test_graphs_are_given_up_when_memory_runs_out(setup, monkeypatch):
    monkeypatch.setattr(trainer, "STEPS_THAT_PAY", 1)
    training, (segment,) = replace(setup, budget=Budget(4, (1, STEPS))).begin()
    training.run(replace(segment, end=2))
    runner = training._graph_runner
    assert runner is not None

    def short(x):
        raise torch.OutOfMemoryError("out of memory")

    training._graph_runner = short
    training._graphs_from = "body"
    training.run(replace(segment, end=3))
    assert training._graph_runner is None
    assert training.stats.micro_batches == 2
    training.run(segment)
    assert training._graph_runner is None, "graphs are of whole batches"


def test_a_training_with_graphs_is_that_without(setup, monkeypatch):
    """Stood in for on a CPU; `test_gpu.py` compares real graphs."""
    outcomes = []
    for pays in (1, 10**9):
        monkeypatch.setattr(trainer, "STEPS_THAT_PAY", pays)
        outcomes.append(state_of(setup.trained()))
    with_graphs, eager = outcomes
    for name, value in with_graphs.items():
        assert torch.equal(value, eager[name]), name
