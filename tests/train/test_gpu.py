"""The same training on a CPU and on a GPU.

Every case runs on the CPU as well, so that its code is tried on any machine; only what a GPU alone
has (graphs, its own memory, waiting for it) is looked at there alone. `python -m pytest -m gpu`
lists and runs the cases that need a GPU.
"""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmark.plan.schedule import Budget
from benchmark.strategy import RandomAugmentation, Stage, Strategy
from benchmark.system.device import Device, choose_device, set_precision
from benchmark.system.memory import release_memory
from benchmark.train import trainer
from benchmark.train.activation_store import DeviceActivationStore
from benchmark.train.cuda_graphs import ForwardGraphs
from benchmark.train.optim import set_learning_rates
from benchmark.train.placement import Placement, StoreAllocator
from tests.train.small_training import (
    DEVICES,
    LABELS,
    SPLIT,
    Halves,
    Setup,
    Twice,
    limit_memory,
    small_features,
    small_pixels,
)

PRECISIONS = ["float32", "bfloat16"]
STRATEGIES = {
    "plain": Strategy(),
    "augmented": Strategy(
        (Stage(sampler=Twice(), augmentation=RandomAugmentation(from_repeat=1)),)
    ),
    "mixed": Strategy((Stage(mixing=Halves()),)),
}


@contextmanager
def no_waiting(device):
    """Make an error of every operation for which the host waits for a GPU."""
    if device == "cuda":
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        if device == "cuda":
            torch.cuda.set_sync_debug_mode("default")


def setup_on(device, precision="float32", cut="body"):
    set_precision(Device(device, precision))
    return Setup(small_features(cut, device, precision), Budget(8, (2, 4)))


def take_step_without_waiting(training, segment, device):
    """Train into the second phase, where all is allocated, and then one step more."""
    training.run(replace(segment, end=3))
    step_range = segment.step_ranges[1]
    inputs = training._inputs(step_range, "body")
    phase = training.recipe.phases[1]
    with no_waiting(device):
        set_learning_rates(training.optimizer, phase, 0.5)
        training._train_step(inputs.batch(3), inputs, training.optimizer)


@pytest.mark.parametrize("device", DEVICES)
def test_pixels_and_activations_live_on_the_device(device, tmp_path, monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path))
    allocator = StoreAllocator("", [], len(LABELS), Device(device, "float32"), 10**7, None)
    store, placement = allocator.allocate("body", (8, 10, 10), "float32")
    assert placement is Placement.DEVICE
    pixels = allocator.pixels(small_pixels())
    features = replace(small_features(device=device), pixels=pixels, at_cut=store)
    features.fill("frozen layers", np.arange(3))
    for values in (pixels, features.images(np.arange(3)), features.inputs(np.arange(3))):
        assert values.device.type == device


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_step_does_not_wait_for_the_device(device, precision, strategy):
    training, (segment,) = setup_on(device, precision).begin(STRATEGIES[strategy])
    take_step_without_waiting(training, segment, device)
    assert (training.stats.augmented_images > 0) is (strategy == "augmented")
    assert training.stats.monitors[-1].steps == 2


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_step_with_graphs_does_not_wait_for_the_device(device, precision, strategy, monkeypatch):
    monkeypatch.setattr(trainer, "STEPS_THAT_PAY", 1)
    training, (segment,) = setup_on(device, precision).begin(STRATEGIES[strategy])
    take_step_without_waiting(training, segment, device)
    assert (training._graph_runner.blocks is not None) is (device == "cuda")


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("backbone", ["small", "resnet18"])
def test_frozen_layers_are_replayed_row_by_row(device, precision, backbone):
    """A row is the same whatever stands beside it, and nearly that of an eager pass."""
    features = small_features(
        "layer3" if backbone == "resnet18" else "body", device, precision, backbone, size=32
    )
    prefix, size = features.pretrained.prefix, 8
    graphs = ForwardGraphs(prefix, size)
    images = [features.images(np.arange(start, start + 5)) for start in (0, 20)]
    first, _, again = (graphs(images[i]) for i in (0, 1, 0))
    assert torch.equal(first, again)
    eager = prefix(images[0])
    torch.testing.assert_close(
        first, eager, rtol=0.02, atol=1e-4 if precision == "float32" else 0.1
    )
    kept = [made.graph is not None for made in graphs._passes.values()]
    assert kept == ([True] if device == "cuda" else [])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("strategy", ["plain", "augmented"])
def test_graphs_train_the_same_network(device, precision, strategy, monkeypatch):
    """Up to the order in which a GPU adds; more than that would be another network."""
    setup, outcomes = setup_on(device, precision), []
    for pays in (1, 10**9):
        monkeypatch.setattr(trainer, "STEPS_THAT_PAY", pays)
        training = setup.trained(STRATEGIES[strategy])
        outcomes.append((training.outputs(SPLIT.test)[0], dict(training.network.named_buffers())))
        if pays == 1:
            assert training._graph_runner is not None
            assert (training._graph_runner.blocks is not None) is (device == "cuda")
            assert training.stats.monitors[-1].steps == 4
        else:
            assert training._graph_runner is None
    (logits, averages), (eager_logits, eager_averages) = outcomes
    tolerance = 1e-3 if precision == "float32" else 0.1
    torch.testing.assert_close(logits, eager_logits, rtol=0, atol=tolerance)
    counters = [name for name in averages if name.endswith("num_batches_tracked")]
    assert len(counters) == 2
    for name in counters:
        assert averages[name] == eager_averages[name], name


@pytest.mark.parametrize("device", DEVICES)
def test_float32_is_that_of_the_cpu(device):
    logits = []
    for name in ("cpu", device):
        # without dropout: a GPU draws other random numbers
        training, (segment,) = replace(setup_on(name), dropout=0.0).begin()
        training.run(replace(segment, end=1))
        logits.append(training.outputs(SPLIT.test)[0].cpu())
    torch.testing.assert_close(*logits, rtol=0, atol=1e-3)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("store", ["pooled", "middle"])
def test_pretrained_features_are_read_where_a_gpu_has_room_for_one_store_alone(device, store):
    features, indices = small_features("head", device), np.arange(len(LABELS))
    expected = features.pretrained_features(indices)
    rows = getattr(features, store)
    beside = DeviceActivationStore(len(LABELS), rows.shape, "float32", "cpu")
    beside.fill(indices, lambda part: rows.read(part).cpu())
    features = replace(features, **{store: beside})
    assert torch.equal(features.pretrained_features(indices), expected)


@pytest.mark.parametrize("device", DEVICES)
def test_memory_that_runs_out_halves_the_batch(device, monkeypatch):
    batch = 64 if device == "cpu" else 16384  # images of 64 px: 2 GB of maps
    features = small_features(device=device, size=20 if device == "cpu" else 64)
    setup = Setup(features, Budget(batch, (1, 1)))
    if device == "cpu":
        limit_memory(monkeypatch, batch // 2)
        training = setup.trained()
    else:
        release_memory()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        assert setup.trained().stats.micro_batches == 1
        needed = torch.cuda.max_memory_allocated() - before
        release_memory()
        limit = torch.cuda.memory_reserved() + 0.7 * needed  # half a batch needs half of it
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(limit / total)
        try:
            training = setup.trained()
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
    assert training.stats.micro_batches > 1
    assert training.step == 2
    assert training.stats.monitors[-1].images == batch


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("precision", "allowed"), [("float32", False), ("bfloat16", True)])
def test_a_gpu_may_round_to_tf32_only_below_float32(device, precision, allowed):
    set_precision(Device(device, precision))
    assert torch.backends.cudnn.allow_tf32 is allowed
    assert torch.backends.cuda.matmul.allow_tf32 is allowed


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_has_a_precision_and_a_name(device):
    chosen = choose_device(device, "auto")
    assert chosen.type == device
    assert chosen.precision in PRECISIONS
    assert chosen.hardware


@pytest.fixture(autouse=True)
def tf32():
    """Leave torch's switches as they are by default."""
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    yield
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before
