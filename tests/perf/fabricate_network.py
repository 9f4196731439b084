"""The stored outputs of a network that was never trained, as large as those of many images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.evaluation.posthoc import posthoc_decisions
from benchmark.evaluation.training_fit import IMAGES_PER_CLASS
from benchmark.execution.outputs import OutputsManifest, OutputStore, output_tensors
from benchmark.execution.record import SeedContext
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.recipes import RECIPES
from benchmark.plan.schedule import Budget, StepRange, build_schedule
from benchmark.strategy import Strategy
from benchmark.strategy.measurements import CONFIDENCE_BINS
from benchmark.train.image_sample import ImageSample
from benchmark.train.telemetry import StepRangeMonitor

WIDTH = 2048  # of InceptionV3's features
BLOCKS = ("second_half", "head")
_SPLIT = 8  # training images for each of validation, and of test
_EVIDENCE = 3.0  # logit of the own class, above that of others, if features had no noise

Counts = NDArray[np.int64]


def class_counts(images: int, classes: int) -> Counts:
    """Return training images of each class, (C,): a long tail of `_SPLIT` times `images`."""
    shares = 1 / np.arange(1, classes + 1)
    return np.maximum(_SPLIT * images * shares / shares.sum(), 5).astype(np.int64)


def seed_context(counts: Counts) -> SeedContext:
    """Return what records of the fabricated network are computed with."""
    recipe, images = RECIPES["forum"], int(counts.sum())
    budget = Budget.from_phases(recipe.phases, images, recipe.batch_size)
    return SeedContext(recipe, BLOCKS, budget, counts, posthoc_decisions())


def fabricate_network(folder: RunFolder, key: str, images: int, counts: Counts) -> None:
    """Store the outputs of a network for so many validation images, and as many of test.

    It has learnt the prior and confuses classes; `counts` (C,) are its training images.
    """
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(len(counts), WIDTH)).astype(np.float32)  # (C, D)
    weight = centres * np.float32(_EVIDENCE / WIDTH)
    bias = np.log(counts / counts.sum()).astype(np.float32)
    held_out = np.sort(rng.choice(len(counts), images, p=counts / counts.sum()))
    sampled = np.repeat(np.arange(len(counts)), np.minimum(counts, IMAGES_PER_CLASS))
    splits = {}
    for split, labels in (("train", sampled), ("val", held_out), ("test", held_out)):
        features = rng.normal(size=(len(labels), WIDTH)).astype(np.float32) * 8
        features += centres[labels]
        logits = features @ weight.T + bias
        splits[split] = (torch.from_numpy(logits), torch.from_numpy(features), labels.copy())
    head = {"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)}
    OutputStore(folder).save(key, output_tensors(splits, head), _manifest(key, counts))


def _manifest(key: str, counts: Counts) -> OutputsManifest:
    context = seed_context(counts)
    measured = [
        _measure(steps, context.budget, counts)
        for steps in build_schedule(Strategy(), context.budget)
    ]
    return OutputsManifest(
        key=key,
        seed=0,
        steps=context.budget.steps,
        seconds=1.0,
        drawn=tuple((4 * counts).tolist()),
        distinct_images=int(counts.sum()),
        augmented_images=0,
        measured_step_ranges=tuple(measured),
        micro_batch=context.budget.batch_size,
        curve=(),
        losses=(),
        effective_prior=tuple((counts / counts.sum()).tolist()),
    )


def _measure(steps: StepRange, budget: Budget, counts: Counts) -> dict[str, object]:
    """Return what a training measures of a step range in which nothing is unusual."""
    count, classes = steps.end - steps.start, len(counts)
    monitor = StepRangeMonitor(
        start=steps.start,
        drawn=2 * counts,
        synthetic=np.zeros(classes, np.int64),
        gradient_norm=np.ones((classes, CONFIDENCE_BINS, 2)),
        image_draws=np.full(counts.sum(), 2, np.int32),
        sample=_sample(classes),
        steps=count,
        images=count * budget.batch_size,
        images_shown=[int(counts.sum()), 0],
        blocks=list(BLOCKS),
        changed_parameters=set(BLOCKS[steps.phase == 0 :]),
    )
    return monitor.to_json()


def _sample(classes: int) -> ImageSample:
    """Return the rows of images whose gradient is that of cross-entropy."""
    sample, rng = ImageSample.empty(classes, mixes=False), np.random.default_rng(1)
    logits = rng.normal(size=(len(sample.rows), classes))
    target = np.eye(classes)[np.arange(len(logits)) % classes]
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return replace(sample, rows=np.hstack([logits, p - target, target]).astype(np.float32))
