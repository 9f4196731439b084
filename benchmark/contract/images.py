"""Sampler, augmentation, mixing and synthesizer."""

from __future__ import annotations

import numpy as np
import torch

from benchmark.contract.case import Case, describe, require, require_pair, stage_prefix
from benchmark.strategy import RepeatsAugmented

COUNTS = np.array([40, 15, 5, 1])
LABELS = np.repeat(np.arange(4), COUNTS)


def check_sampler(case: Case) -> None:
    """The sampler draws indices of training images, with its generator as the only randomness."""
    for number, stage in enumerate(case.strategy.stages, start=1):
        prefix = stage_prefix(case, number)
        state = np.random.get_state()  # noqa: NPY002 - a sampler must not use this generator
        labels = LABELS.copy()
        drawn = np.asarray(stage.sampler(labels, np.random.default_rng(1)))
        np.random.seed(5)  # noqa: NPY002
        again = np.asarray(stage.sampler(LABELS.copy(), np.random.default_rng(1)))
        np.random.set_state(state)  # noqa: NPY002
        require(
            drawn.ndim == 1 and drawn.size and np.issubdtype(drawn.dtype, np.integer),
            f"{prefix}an epoch must be indices, whole numbers (M,); got {drawn.dtype} "
            f"{drawn.shape}",
        )
        require(
            np.array_equal(labels, LABELS),
            f"{prefix}it changed its argument labels; shuffle indices, or a copy",
        )
        require(
            np.array_equal(drawn, again),
            f"{prefix}the same generator gives other draws the second time; draw with `rng` alone",
        )
        require(
            drawn.min() >= 0 and drawn.max() < len(LABELS),
            f"{prefix}indices from {drawn.min()} to {drawn.max()} of {len(LABELS)} images; count "
            "from 0, and return indices into `labels`",
        )
        require(
            not np.array_equal(drawn, stage.sampler(LABELS.copy(), np.random.default_rng(2))),
            f"{prefix}another generator gives the same draws, so every epoch and every seed would "
            "be the same; shuffle with `rng`",
        )


def check_augmentation(case: Case) -> None:
    """Augmented images keep shape and type, with the generator as the only randomness."""
    images = torch.randint(
        0, 256, (5, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    repeat_index = torch.arange(5)
    for number, stage in enumerate(case.strategy.stages, start=1):
        prefix = stage_prefix(case, number)
        require(
            callable(getattr(stage.augmentation, "selects", None)),
            f"{prefix}{type(stage.augmentation).__name__} has no method selects(repeat_index), "
            "which selects the images to augment, (B,) -> (B,) bool",
        )
        selected = stage.augmentation.selects(repeat_index)
        require(
            isinstance(selected, torch.Tensor)
            and selected.dtype == torch.bool
            and selected.shape == (5,),
            f"{prefix}selects(repeat_index) must return for 5 images whether each is augmented, "
            f"(5,) bool; got {describe(selected)}",
        )
        augmented, again = (
            stage.augmentation(images.clone(), repeat_index, torch.Generator().manual_seed(0))
            for _ in range(2)
        )
        require(
            isinstance(augmented, torch.Tensor)
            and augmented.shape == images.shape
            and augmented.dtype == torch.uint8,
            f"{prefix}images {describe(images)} became {describe(augmented)}; return the same "
            "shape and type, rounded",
        )
        require(
            torch.equal(augmented, again),
            f"{prefix}the same generator gives other images the second time; draw with `rng` alone",
        )


def check_first_occurrences(case: Case) -> None:
    """First occurrences of an image are not augmented, if RepeatsAugmented is declared."""
    for number, stage in enumerate(case.strategy.stages, start=1):
        if any(isinstance(item, RepeatsAugmented) for item in stage.expectations):
            selected = stage.augmentation.selects(torch.tensor([0, 1, 2])).tolist()
            require(
                selected == [False, True, True],
                f"{stage_prefix(case, number)}it declares RepeatsAugmented, but for "
                f"repeat_index 0, 1 and 2 selects returns {selected}",
            )


def check_mixing(case: Case) -> None:
    """Mixed images keep their shape and range, and targets their sum."""
    rng = torch.Generator().manual_seed(0)
    images = torch.rand(8, 3, 16, 16, generator=rng) * 255
    target = torch.eye(4)[[0, 1, 2, 3] * 2]
    counts = torch.from_numpy(COUNTS).float()
    for number, stage in enumerate(case.strategy.stages, start=1):
        prefix = stage_prefix(case, number)
        batches = []
        with torch.random.fork_rng(devices=[]):
            for _ in range(2):
                torch.manual_seed(1)  # as before every step
                argument = counts.clone()
                mixed = stage.mixing(
                    images.clone(), target.clone(), argument, torch.Generator().manual_seed(1)
                )
                batches.append(require_pair(mixed, f"{prefix}images and targets"))
                require(torch.equal(argument, counts), f"{prefix}it changed its argument counts")
        (mixed_images, mixed_target), again = batches
        require(
            mixed_images.shape == images.shape and mixed_target.shape == target.shape,
            f"{prefix}images {describe(images)} and targets {describe(target)} became "
            f"{describe(mixed_images)} and {describe(mixed_target)}; return the same shapes",
        )
        require(
            mixed_images.min() >= 0 and mixed_images.max() <= 255,
            f"{prefix}pixels from 0 to 255 became {mixed_images.min():.3g} to "
            f"{mixed_images.max():.3g}; blend images with shares that add up to 1",
        )
        require(
            torch.allclose(mixed_target.sum(1), torch.ones(8)),
            f"{prefix}targets sum to {mixed_target.sum(1).tolist()}, not to 1; give the classes of "
            "an image shares that add up to 1",
        )
        require(
            torch.equal(mixed_images, again[0]) and torch.equal(mixed_target, again[1]),
            f"{prefix}the same generator mixes otherwise the second time; draw with `rng` alone",
        )


def check_synthesizer(case: Case) -> None:
    """Synthetic features have classes of the training images, drawn with the generator alone."""
    features = np.random.default_rng(0).normal(size=(len(LABELS), 6)).astype(np.float32)
    for number, stage in enumerate(case.strategy.stages, start=1):
        prefix, before = stage_prefix(case, number), features.copy()
        (rows, labels), again = (
            require_pair(
                stage.synthesizer(features, LABELS.copy(), np.random.default_rng(1)),
                f"{prefix}rows and labels",
            )
            for _ in range(2)
        )
        require(
            rows.shape == (len(labels), 6) and np.isin(labels, LABELS).all(),
            f"{prefix}rows must be (S, 6) with labels (S,) from 0 to 3; got {rows.shape} and "
            f"{labels.shape}, labels {np.unique(labels).tolist()}",
        )
        require(
            np.array_equal(features, before),
            f"{prefix}it changed its argument features; copy it first",
        )
        require(
            np.array_equal(rows, again[0]) and np.array_equal(labels, again[1]),
            f"{prefix}the same generator gives other rows the second time; draw with `rng` alone",
        )
