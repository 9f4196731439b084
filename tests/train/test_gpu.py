"""What only a GPU can show; skipped where there is none."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from benchmark.model import inception_v3 as inception
from benchmark.plan.schedule import Budget
from benchmark.plan.segments import make_plan
from benchmark.run.prepare import prepare
from benchmark.strategy import RandomAugmentation, Stage, Strategy
from benchmark.strategy.registry import StrategySpec
from benchmark.system.device import set_exactness
from benchmark.system.progress import NullProgress
from benchmark.train import trainer
from benchmark.train.batch_sampler import BatchSampler
from benchmark.train.placement import Placement
from benchmark.train.trainer import Training

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
BATCH = 8


def prepared_on(device, experiment_on, precision="fp32", budget=Budget(BATCH, (2, 4))):  # noqa: B008
    prepared = replace(prepare(experiment_on(device, precision)), budgets={0: budget})
    set_exactness(prepared.device)
    prepared.run_frozen_layers([0], NullProgress())
    return prepared


def training_of(prepared, strategy):
    (segment,) = make_plan(
        [StrategySpec("it", strategy, "", {})], prepared.budgets, {0: ""}
    ).segments
    training = Training(
        prepared.material,
        prepared.splits[0],
        prepared.experiment.recipe,
        prepared.budgets[0],
        0,
        strategy.head,
    )
    return training, segment


@dataclass(frozen=True)
class Twice:
    def __call__(self, labels, rng):
        return np.repeat(rng.permutation(len(labels)), 2)


REPEATS_ALTERED = Strategy(
    (Stage(sampler=Twice(), augmentation=RandomAugmentation(from_repeat=1)),)
)


def test_images_and_activations_live_on_the_gpu(experiment_on):
    material = prepared_on("cuda", experiment_on).material
    assert material.home is Placement.DEVICE
    assert material.pixels.is_cuda
    assert material.inputs(np.arange(3)).is_cuda


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("strategy", [Strategy(), REPEATS_ALTERED], ids=["plain", "views"])
def test_a_step_does_not_wait_for_the_gpu(experiment_on, precision, strategy):
    prepared = prepared_on("cuda", experiment_on, precision)
    training, segment = training_of(prepared, strategy)
    training.run(replace(segment, end=3))  # one step into the second phase: all is allocated
    stretch = segment.step_ranges[1]
    stream = BatchSampler(stretch.stage.sampler, training.labels, 0, BATCH, stretch.sampler_start)
    torch.cuda.set_sync_debug_mode("error")
    try:
        training._one_step(stretch, stream, None)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert (training.tally.views > 0) is (strategy is REPEATS_ALTERED)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("strategy", [Strategy(), REPEATS_ALTERED], ids=["plain", "views"])
def test_graphs_train_the_same_network(experiment_on, precision, strategy, monkeypatch):
    """Up to the order in which a GPU adds; more than that would be another network."""
    prepared = prepared_on("cuda", experiment_on, precision)
    test, found = prepared.splits[0].test, []
    for pays in (1, 10**9):
        monkeypatch.setattr(trainer, "STEPS_THAT_PAY", pays)
        training, segment = training_of(prepared, strategy)
        training.run(segment)
        found.append((training.outputs(test)[0], dict(training.network.named_buffers())))
        if pays == 1:
            assert training._replay is not None
            assert training._replay[1].blocks is not None
            assert training.tally.stages_measured[-1].steps == 4
    (logits, averages), (eager_logits, eager_averages) = found
    tolerance = 1e-3 if precision == "fp32" else 0.1
    torch.testing.assert_close(logits, eager_logits, rtol=0, atol=tolerance)
    for name, value in averages.items():
        if name.endswith("num_batches_tracked"):
            assert value == eager_averages[name], name


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_replayed_step_does_not_wait_for_the_gpu(experiment_on, precision, monkeypatch):
    monkeypatch.setattr(trainer, "STEPS_THAT_PAY", 1)
    prepared = prepared_on("cuda", experiment_on, precision)
    training, segment = training_of(prepared, Strategy())
    training.run(replace(segment, end=3))
    assert training._replay[1].blocks is not None
    stretch = segment.step_ranges[1]
    stream = BatchSampler(stretch.stage.sampler, training.labels, 0, BATCH, stretch.sampler_start)
    torch.cuda.set_sync_debug_mode("error")
    try:
        training._one_step(stretch, stream, None)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_float32_is_that_of_the_cpu(experiment_on, monkeypatch):
    monkeypatch.setattr(inception, "DROPOUT", 0.0)  # a GPU draws other random numbers
    logits = []
    for device in ("cpu", "cuda"):
        prepared = prepared_on(device, experiment_on)
        training, segment = training_of(prepared, Strategy())
        training.run(replace(segment, end=1))
        logits.append(training.outputs(prepared.splits[0].test)[0].cpu())
    torch.testing.assert_close(*logits, rtol=0, atol=1e-3)


def test_memory_that_runs_out_halves_the_batch(experiment_on):
    prepared = prepared_on("cuda", experiment_on, budget=Budget(4096, (1, 1)))
    training, segment = training_of(prepared, Strategy())
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.empty_cache()
    # for weights, gradients and moments; what 4,096 images leave for the backward pass is more
    room = torch.cuda.memory_reserved() + 320 * 2**20
    torch.cuda.set_per_process_memory_fraction(min(1.0, room / total))
    try:
        training.run(segment)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert training.tally.micro_batches > 1
    assert training.step == 2
