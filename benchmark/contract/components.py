"""The components of each stage but its loss, and the decision."""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from benchmark.contract.case import Case, describe, require
from benchmark.strategy import Outputs, RepeatsAugmented
from benchmark.strategy.rules import calibrated

COUNTS = np.array([40, 15, 5, 1])
LABELS = np.repeat(np.arange(4), COUNTS)
GROUPS = np.arange(len(LABELS)) // 2  # pairs that look the same


def check_selection(case: Case) -> None:
    """The selection keeps images of every class, by its generator as the only randomness."""
    features = np.random.default_rng(0).normal(size=(len(LABELS), 6)).astype(np.float32)
    for prefix, stage in case.stages():
        arguments = features.copy(), LABELS.copy(), GROUPS.copy()
        kept = stage.selection(*arguments, np.random.default_rng(1))
        again = stage.selection(
            features.copy(), LABELS.copy(), GROUPS.copy(), np.random.default_rng(1)
        )
        require(
            isinstance(kept, np.ndarray) and kept.dtype == bool and kept.shape == LABELS.shape,
            f"{prefix}it must return for {len(LABELS)} images whether each is trained on, "
            f"({len(LABELS)},) bool; got {describe(kept)}",
        )
        require(
            np.array_equal(arguments[0], features)
            and np.array_equal(arguments[1:], (LABELS, GROUPS)),
            f"{prefix}it changed its arguments features, labels or groups; copy them first",
        )
        require(
            np.array_equal(kept, again),
            f"{prefix}the same generator keeps others the second time; draw with `rng` alone",
        )
        require(
            np.isin(LABELS, LABELS[kept]).all(),
            f"{prefix}of {COUNTS.tolist()} images by class it keeps "
            f"{np.bincount(LABELS[kept], minlength=4).tolist()}; keep some of every class",
        )


def check_sampler(case: Case) -> None:
    """The sampler draws indices of training images, with its generator as the only randomness."""
    for prefix, stage in case.stages():
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
    rng, repeat_index = torch.Generator().manual_seed(0), torch.arange(5)
    images = torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8, generator=rng)
    for prefix, stage in case.stages():
        augmentation = stage.augmentation
        require(
            callable(getattr(augmentation, "selects", None)),
            f"{prefix}{type(augmentation).__name__} has no method selects(repeat_index), which "
            "selects the images to augment, (B,) -> (B,) bool",
        )
        selected = augmentation.selects(repeat_index)
        require(
            _is_tensor(selected, (5,), torch.bool),
            f"{prefix}selects(repeat_index) must return for 5 images whether each is augmented, "
            f"(5,) bool; got {describe(selected)}",
        )
        augmented, again = (
            augmentation(images.clone(), repeat_index, torch.Generator().manual_seed(0))
            for _ in range(2)
        )
        require(
            _is_tensor(augmented, images.shape, torch.uint8),
            f"{prefix}images {describe(images)} became {describe(augmented)}; return the same "
            "shape and type, rounded",
        )
        require(
            torch.equal(augmented, again),
            f"{prefix}the same generator gives other images the second time; draw with `rng` alone",
        )


def check_first_occurrences(case: Case) -> None:
    """First occurrences of an image are not augmented, if RepeatsAugmented is declared."""
    for prefix, stage in case.stages():
        if any(isinstance(item, RepeatsAugmented) for item in stage.expectations):
            selected = stage.augmentation.selects(torch.tensor([0, 1, 2])).tolist()
            require(
                selected == [False, True, True],
                f"{prefix}it declares RepeatsAugmented, but for repeat_index 0, 1 and 2 selects "
                f"returns {selected}",
            )


def check_mixing(case: Case) -> None:
    """Mixed images keep their shape and range, and targets their sum."""
    images = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 255
    target = torch.eye(4)[[0, 1, 2, 3] * 2]
    counts = torch.from_numpy(COUNTS).float()
    for prefix, stage in case.stages():
        batches = []
        with torch.random.fork_rng(devices=[]):
            for _ in range(2):
                torch.manual_seed(1)  # as before every step
                rng, argument = torch.Generator().manual_seed(1), counts.clone()
                batch = stage.mixing(images.clone(), target.clone(), argument, rng)
                batches.append(_require_pair(batch, f"{prefix}images and targets"))
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
    for prefix, stage in case.stages():
        before = features.copy()
        pairs = [
            stage.synthesizer(features, LABELS.copy(), np.random.default_rng(1)) for _ in range(2)
        ]
        (rows, labels), again = (_require_pair(item, f"{prefix}rows and labels") for item in pairs)
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


def check_decision_sees_validation_only(case: Case) -> None:
    """The decision is fitted on validation, and sees no label of the images that it decides on."""
    rng, labels = np.random.default_rng(0), np.repeat(np.arange(4), [8, 4, 2, 1])
    logits, head = rng.normal(size=(15, 4)).astype(np.float32), rng.normal(size=(4, 6))
    validation = Outputs(logits, rng.normal(size=(15, 6)), labels, head)
    before, counts = copy.deepcopy(validation), COUNTS.copy()
    rule = case.strategy.decision.fit(validation, counts)
    require(callable(rule), f"fit must return a rule, outputs -> labels; got {rule!r}")
    require(np.array_equal(counts, COUNTS), "fit changed its argument counts; copy it first")
    for name in ("logits", "features", "labels", "head"):
        require(
            np.array_equal(getattr(validation, name), getattr(before, name)),
            f"fit changed its argument {name}; copy it first",
        )
    test = Outputs(logits[:7], validation.features[:7], np.zeros(7, np.int64), head)
    predicted = np.asarray(rule(test))
    require(
        predicted.shape == (7,) and np.isin(predicted, range(4)).all(),
        "for 7 images and 4 classes the rule must return labels (7,) from 0 to 3; got "
        f"{describe(predicted)}, {np.unique(predicted).tolist()}",
    )
    require(
        np.array_equal(predicted, rule(replace(test, labels=np.ones(7, np.int64)))),
        "with other labels of the same images the rule decides otherwise: it uses the labels of "
        "the images that it decides on, which are unknown; fit it to the validation outputs",
    )
    each = [test.subset(np.arange(7) == index) for index in range(7)]
    together, alone = calibrated(rule, test), [calibrated(rule, image) for image in each]
    logits = np.concatenate([image.logits for image in alone])
    require(
        np.array_equal(predicted, np.concatenate([rule(image) for image in each]))
        and np.allclose(together.logits, logits),
        "the rule decides otherwise for an image alone than for the same image among others: it "
        "uses all of the test images; fit it to the validation outputs",
    )


def _is_tensor(value: object, shape: tuple[int, ...], dtype: torch.dtype) -> bool:
    return isinstance(value, torch.Tensor) and value.shape == shape and value.dtype == dtype


def _require_pair(value: Any, name: str) -> tuple[Any, Any]:
    """Return two arrays or tensors. The name begins the error if there are not two."""
    is_pair = isinstance(value, tuple) and len(value) == 2
    require(
        is_pair and all(hasattr(item, "shape") for item in value),
        f"{name} must be returned as a tuple of two; got {describe(value)}",
    )
    return value
