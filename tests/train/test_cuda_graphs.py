"""CUDA graphs of the layers of a step, as far as a CPU can show; `test_gpu.py` has the rest."""

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmark.model.network import Network
from benchmark.plan.schedule import Budget
from benchmark.strategy import RandomAugmentation, Stage, Strategy
from benchmark.train import cuda_graphs, trainer
from benchmark.train.cuda_graphs import CudaGraphRunner, ForwardGraphs
from benchmark.train.inputs import TrainingInputs
from tests.train.small_training import SPLIT, Twice, limit_memory, state_of

STEPS = 3
captures_on = cuda_graphs._captures_on
WIDTH = 24


class Disguised(torch.Tensor):
    """Claims to be on a GPU."""

    is_cuda = True


@pytest.fixture(autouse=True)
def on_a_cpu(monkeypatch):
    """No GPU is chosen for a capture."""
    monkeypatch.setattr(cuda_graphs, "_captures_on", nullcontext)


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


class Recorded:
    """Stands in for a CUDA graph: it repeats a pass with what the static memory holds then."""

    recorded: tuple

    def replay(self):
        forward, images, output = self.recorded
        output.copy_(forward(images.clone()))


@pytest.fixture
def captures(monkeypatch):
    """Capture like a GPU does; return the captured numbers of images."""
    sizes = []

    def forwarding(self, images):
        return _forward(self, images.as_subclass(Disguised)).as_subclass(torch.Tensor)

    def capture(cls, forward, like, size, pool):
        graph = Recorded()
        with monkeypatch.context() as patch:
            patch.setattr(torch.cuda, "CUDAGraph", lambda: graph)
            patch.setattr(torch.cuda, "graph", recording)
            made = _capture(forward, like.as_subclass(torch.Tensor), size, pool)
        graph.recorded = (forward, made.images, made.output)
        sizes.append(size)
        return made

    @contextmanager
    def recording(graph, pool):
        assert pool == "pool"
        yield

    _capture, _forward = cuda_graphs._ForwardPass.capture, ForwardGraphs.__call__
    monkeypatch.setattr(cuda_graphs._ForwardPass, "capture", classmethod(capture))
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: "pool")
    monkeypatch.setattr(ForwardGraphs, "__call__", forwarding)
    return sizes


def pixels_of(features, number, start=0):
    return features.images(np.arange(start, start + number))


def test_a_batch_is_filled_up_to_one_of_four_sizes_and_its_rows_are_those_alone(features, captures):
    prefix = features.pretrained.prefix
    graphs = ForwardGraphs(prefix, 16)
    for number in (3, 16, 5, 4, 7, 9, 12, 1, 13):
        images = pixels_of(features, number)
        rows = graphs(images)
        assert torch.equal(rows, prefix(images)), number
        assert rows.is_contiguous(memory_format=torch.channels_last)
    assert captures == [4, 16, 8, 12]
    graphs(pixels_of(features, 3).float())
    assert captures == [4, 16, 8, 12, 4], "mixed images are of another type"


def test_what_fills_up_a_batch_changes_no_row(features, captures):
    graphs = ForwardGraphs(features.pretrained.prefix, 8)
    first = graphs(pixels_of(features, 7, start=20))
    kept = first.clone()
    rows = graphs(pixels_of(features, 7)), graphs(pixels_of(features, 8, start=30))
    again = graphs(pixels_of(features, 7))
    assert torch.equal(rows[0], again), "after other images"
    assert torch.equal(first, kept), "no replay writes to what was returned"
    assert captures == [8]


def test_a_batch_of_a_few_images_has_fewer_sizes(features, captures):
    graphs = ForwardGraphs(features.pretrained.prefix, 3)
    for number in (1, 2, 3):
        assert len(graphs(pixels_of(features, number))) == number
    assert captures == [1, 2, 3]


def test_frozen_layers_that_can_not_be_captured_run_eagerly(features, monkeypatch):
    def refused(graph, pool):
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing")

    monkeypatch.setattr(torch.cuda, "CUDAGraph", Recorded)
    monkeypatch.setattr(torch.cuda, "graph", refused)
    prefix, images = features.pretrained.prefix, pixels_of(features, 3)
    made = cuda_graphs._ForwardPass.capture(prefix, images, 4, "pool")
    assert made.graph is None
    assert torch.equal(made(images), prefix(images))


def test_a_training_replays_frozen_layers_where_it_pays(setup, captures, monkeypatch):
    """Altered images are computed as without graphs; and where the head alone is trained, too."""
    strategy = Strategy((Stage(sampler=Twice(), augmentation=RandomAugmentation(from_repeat=1)),))
    outcomes = []
    for pays in (1, 10**9):
        monkeypatch.setattr(trainer, "STEPS_THAT_PAY", pays)
        outcomes.append(state_of(setup.trained(strategy)))
        assert captures == [2, 2], "one a phase"
    with_graphs, eager = outcomes
    for name, value in with_graphs.items():
        assert torch.equal(value, eager[name]), name


def test_without_memory_frozen_layers_are_no_longer_replayed(setup, captures, monkeypatch):
    monkeypatch.setattr(trainer, "STEPS_THAT_PAY", 1)
    made, begin = [], TrainingInputs.__init__

    def noted(self, *arguments, **named):
        begin(self, *arguments, **named)
        made.append(self)

    monkeypatch.setattr(TrainingInputs, "__init__", noted)
    limit_memory(monkeypatch, 2)
    strategy = Strategy((Stage(augmentation=RandomAugmentation()),))
    training = replace(setup, budget=Budget(4, (0, 2))).trained(strategy)
    assert training.stats.micro_batches == 2
    assert captures == [4], "before memory ran out"
    assert made[-1].graphs._is_released
    assert not made[-1].graphs._passes


@pytest.mark.parametrize(("number", "is_kept"), [(0, True), (1, False)])
def test_a_capture_is_made_on_the_gpu_that_computes(monkeypatch, number, is_kept):
    """torch keeps the stream of the first capture, and leaves it current after one that fails."""
    entered = []

    @contextmanager
    def noted(what):
        entered.append(what)
        yield
        entered.append("left")

    device, stream = torch.device("cuda", number), SimpleNamespace(device=torch.device("cuda", 0))
    monkeypatch.setattr(torch.cuda.graph, "default_capture_stream", stream)
    monkeypatch.setattr(torch.cuda, "device", noted)
    monkeypatch.setattr(torch.cuda, "stream", noted)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda on: f"stream of {on}")
    with captures_on(device):
        assert (torch.cuda.graph.default_capture_stream is stream) is is_kept
    assert entered == [device, f"stream of {device}", "left", "left"]
