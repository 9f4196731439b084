"""The harness' training of a segment, a few steps at a time, so that it can be timed."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import torch

from benchmark.execution.prepare import PreparedExperiment
from benchmark.plan.experiment import Experiment
from benchmark.plan.recipes import RECIPES
from benchmark.plan.schedule import Budget
from benchmark.plan.segments import Segment, make_plan
from benchmark.strategy import Strategy
from benchmark.strategy.registry import StrategySpec
from benchmark.train.trainer import Training

STEPS = 10**6  # so many that the segment does not end, and nothing is validated

FORUM = RECIPES["forum"]
# its second phase alone
RECIPE = replace(FORUM, name="second half", phases=(replace(FORUM.phases[1], epochs=1),))


def second_half(data: str, **settings: object) -> Experiment:
    """Return an experiment that trains the second half from the first step on."""
    return Experiment(data=data, recipe=RECIPE, **settings)  # type: ignore[arg-type]


def segment_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the flags of a script that measures the second half on a GPU."""
    parser = argparse.ArgumentParser(description=(description or "").split("\n", 1)[0])
    parser.add_argument("folder")
    parser.add_argument("--weights", default="bundled")
    parser.add_argument("--image-size", type=int, default=299)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--precision", default="auto")
    return parser


def experiment_of(options: argparse.Namespace) -> Experiment:
    """Return `second_half` of a script's flags."""
    return second_half(
        options.folder,
        weights=options.weights,
        image_size=options.image_size,
        batch_size=options.batch_size,
        device=options.device,
        precision=options.precision,
    )


def begin(prepared: PreparedExperiment, seed: int, batch_size: int) -> tuple[Training, Segment]:
    """Return a training before its first step, and a segment that does not end."""
    budget = Budget(batch_size, (STEPS,))
    strategies = [StrategySpec("no_change", Strategy(), "", {})]
    (segment,) = make_plan(strategies, {seed: budget}, {seed: ""}).segments
    training = Training(
        prepared.frozen_features,
        prepared.splits[seed],
        prepared.labels(seed),
        RECIPE,
        budget,
        seed,
        segment.head,
    )
    return training, segment


def endless(prepared: PreparedExperiment, seed: int, batch_size: int) -> Callable[[int], None]:
    """Return a function that trains so many more steps, and waits for the device."""
    training, segment = begin(prepared, seed, batch_size)

    def train(steps: int) -> None:
        training.run(replace(segment, end=training.step + steps))
        if prepared.device.type == "cuda":
            torch.cuda.synchronize(prepared.device.torch_device)

    return train
