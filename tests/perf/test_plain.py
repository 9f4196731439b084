"""The plain script and the harness do the same: same images, same order, same logits.

Adam's first step is about the sign of each gradient, so rounding decides where a gradient is nearly
0: with folded batch norm in the prefix, logits differed by 1e-4 after it, on one seed of three. In
float32 none is folded.
"""

import argparse
import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmark.execution.frozen_layers import run_frozen_layers
from benchmark.execution.prepare import prepare
from benchmark.plan.schedule import Budget
from benchmark.plan.segments import make_plan
from benchmark.strategy import Stage, Strategy
from benchmark.strategy.registry import StrategySpec
from benchmark.system.progress import NullProgress
from benchmark.train.batch_sampler import BatchSampler
from benchmark.train.trainer import Training
from tests.perf.inputs import BenchConfig, prepare_inputs
from tests.perf.segment import RECIPE, second_half

PLAIN = Path(__file__).with_name("plain.py")
BATCH, SIZE = 32, 75
BOUND = 1e-4  # largest difference of a logit


@pytest.fixture
def both(image_folder, tmp_path):
    """A plain script and a training of the harness, with the same weights and no dropout."""
    config = BenchConfig(str(image_folder), "bundled", SIZE, ("no_change",), (0,), "cpu", "fp32")
    inputs = prepare_inputs(config, tmp_path)
    experiment = second_half(
        inputs.images,
        weights=str(inputs.weights),
        image_size=SIZE,
        batch_size=BATCH,
        device="cpu",
        precision="fp32",
    )
    prepared = prepare(experiment)
    run_frozen_layers(prepared, [0], NullProgress())
    budget = Budget(BATCH, (2,))
    (segment,) = make_plan([StrategySpec("it", Strategy(), "", {})], {0: budget}, {0: ""}).segments
    training = Training(
        prepared.frozen_features, prepared.splits[0], prepared.labels(0), RECIPE, budget, 0,
        segment.head,
    )  # fmt: skip
    training.network.dropout = 0.0

    spec = importlib.util.spec_from_file_location("plain", PLAIN)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    flags = [inputs.images, str(inputs.split(0)), str(inputs.weights), "--image-size", str(SIZE)]
    options: argparse.Namespace = script.build_parser("").parse_args([*flags, "--workers", "0"])
    plain = script.Plain(options)
    plain.model.dropout.p = 0.0
    plain.model.fc.load_state_dict(training.network.head.state_dict())
    return plain, training, segment


@pytest.mark.slow
def test_logits_agree_before_training_and_after_the_first_step(both):
    plain, training, segment = both
    test = plain.images("test")

    def compare():
        plain.model.eval()
        with torch.no_grad():
            theirs = plain.model(torch.stack([test[k][0] for k in range(len(test))]))
        ours, _ = training.outputs(training.split.test)
        torch.testing.assert_close(ours, theirs, rtol=0, atol=BOUND)
        return ours

    before = compare()
    positions, _ = BatchSampler(Stage().sampler, training.labels, 0, BATCH).batch(0)

    training.run(replace(segment, end=1))

    train = plain.images("train")
    images, labels = zip(*(train[int(k)] for k in positions), strict=True)
    assert list(labels) == training.labels[positions].tolist()
    plain.train_only("half")
    plain.set_modes("half")
    optimizer = plain.optimizer([p for p in plain.model.parameters() if p.requires_grad])
    plain.loss(plain.logits(torch.stack(images)), torch.tensor(labels)).backward()
    optimizer.step()
    after = compare()
    assert (after - before).abs().max() > 30 * BOUND
