"""Which images are drawn, how they look, and what is made of them."""

from __future__ import annotations

import numpy as np
import torch

from benchmark.contract.clause import Case, described, pair, require, stage_name
from benchmark.strategy import RepeatsAugmented

COUNTS = np.array([40, 15, 5, 1])
LABELS = np.repeat(np.arange(4), COUNTS)


def draws_by_its_rng_alone(case: Case) -> None:
    """Draws lie within the training split and follow from the generator that is given."""
    for number, stage in enumerate(case.strategy.stages, start=1):
        of = stage_name(case, number)
        state = np.random.get_state()  # noqa: NPY002 - the one that a sampler must not use
        labels = LABELS.copy()
        one = np.asarray(stage.sampler(labels, np.random.default_rng(1)))
        np.random.seed(5)  # noqa: NPY002
        two = np.asarray(stage.sampler(LABELS.copy(), np.random.default_rng(1)))
        np.random.set_state(state)  # noqa: NPY002
        require(
            one.ndim == 1 and one.size and np.issubdtype(one.dtype, np.integer),
            f"{of}a pass must be positions, whole numbers (M,); got {one.dtype} {one.shape}",
        )
        require(
            np.array_equal(labels, LABELS),
            f"{of}it changed the labels that it was given; shuffle positions, or a copy",
        )
        require(
            np.array_equal(one, two),
            f"{of}the same generator gives other draws the second time; draw with `rng` alone",
        )
        require(
            one.min() >= 0 and one.max() < len(LABELS),
            f"{of}positions from {one.min()} to {one.max()} of {len(LABELS)} images; count from 0, "
            "and return positions in `labels`",
        )
        require(
            not np.array_equal(one, stage.sampler(LABELS.copy(), np.random.default_rng(2))),
            f"{of}another generator gives the same draws: every pass would be the same, and every "
            "seed; shuffle with `rng`",
        )


def leaves_other_images_alone(case: Case) -> None:
    """Views keep the images' shape and type, and follow from the generator that is given."""
    images = torch.randint(
        0, 256, (5, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    repeat_index = torch.arange(5)
    for number, stage in enumerate(case.strategy.stages, start=1):
        of = stage_name(case, number)
        require(
            callable(getattr(stage.augmentation, "changes", None)),
            f"{of}{type(stage.augmentation).__name__} has no method changes(copy), which tells of each "
            "showing whether it is altered, (B,) -> (B,) bool",
        )
        changes = stage.augmentation.changes(repeat_index)
        require(
            isinstance(changes, torch.Tensor)
            and changes.dtype == torch.bool
            and changes.shape == (5,),
            f"{of}changes(copy) must tell for each of 5 images whether it is altered, (5,) bool; "
            f"got {described(changes)}",
        )
        one, two = (
            stage.augmentation(images.clone(), repeat_index, torch.Generator().manual_seed(0))
            for _ in range(2)
        )
        require(
            isinstance(one, torch.Tensor)
            and one.shape == images.shape
            and one.dtype == torch.uint8,
            f"{of}images {described(images)} became {described(one)}; return the same shape and "
            "type, rounded",
        )
        require(
            torch.equal(one, two),
            f"{of}the same generator gives other views the second time; draw with `rng` alone",
        )


def shows_the_first_as_it_is(case: Case) -> None:
    """The first showing of an image is as it is, where repeats alone are said to be altered."""
    for number, stage in enumerate(case.strategy.stages, start=1):
        if any(isinstance(effect, RepeatsAugmented) for effect in stage.expectations):
            changed = stage.augmentation.changes(torch.tensor([0, 1, 2])).tolist()
            require(
                changed == [False, True, True],
                f"{stage_name(case, number)}it declares RepeatsAugmented, but of showings 0, 1 and 2 "
                f"changes(copy) says {changed}",
            )


def mixes_within_bounds(case: Case) -> None:
    """Mixed images keep their shape and range, and targets their sum."""
    draw = torch.Generator().manual_seed(0)
    images = torch.rand(8, 3, 16, 16, generator=draw) * 255
    target = torch.eye(4)[[0, 1, 2, 3] * 2]
    counts = torch.from_numpy(COUNTS).float()
    for number, stage in enumerate(case.strategy.stages, start=1):
        of = stage_name(case, number)
        with torch.random.fork_rng(devices=[]):
            made = []
            for _ in range(2):
                torch.manual_seed(1)  # as before every step
                rng = torch.Generator().manual_seed(1)
                given = counts.clone()
                made.append(
                    pair(
                        stage.mixing(images.clone(), target.clone(), given, rng),
                        f"{of}images and targets",
                    )
                )
                require(torch.equal(given, counts), f"{of}it changed the counts that it was given")
        (mixed, soft), again = made
        require(
            mixed.shape == images.shape and soft.shape == target.shape,
            f"{of}images {described(images)} and targets {described(target)} became "
            f"{described(mixed)} and {described(soft)}; return the same shapes",
        )
        require(
            mixed.min() >= 0 and mixed.max() <= 255,
            f"{of}pixels from 0 to 255 became {mixed.min():.3g} to {mixed.max():.3g}; blend images "
            "with shares that add up to 1",
        )
        require(
            torch.allclose(soft.sum(1), torch.ones(8)),
            f"{of}targets sum to {soft.sum(1).tolist()}, not to 1; give the classes of an image "
            "shares that add up to 1",
        )
        require(
            torch.equal(mixed, again[0]) and torch.equal(soft, again[1]),
            f"{of}the same generator gives another mix the second time; draw with `rng` alone",
        )


def makes_up_rows_that_fit(case: Case) -> None:
    """Made-up features are rows of the training images' classes, by the generator that is given."""
    features = np.random.default_rng(0).normal(size=(len(LABELS), 6)).astype(np.float32)
    for number, stage in enumerate(case.strategy.stages, start=1):
        of, before = stage_name(case, number), features.copy()
        (rows, labels), again = (
            pair(
                stage.synthesizer(features, LABELS.copy(), np.random.default_rng(1)),
                f"{of}rows and labels",
            )
            for _ in range(2)
        )
        require(
            rows.shape == (len(labels), 6) and np.isin(labels, LABELS).all(),
            f"{of}rows must be (S, 6) with labels (S,) from 0 to 3; got {rows.shape} and "
            f"{labels.shape}, labels {np.unique(labels).tolist()}",
        )
        require(
            np.array_equal(features, before),
            f"{of}it changed the features of the images; work on a copy",
        )
        require(
            np.array_equal(rows, again[0]) and np.array_equal(labels, again[1]),
            f"{of}the same generator makes up other rows the second time; draw with `rng` alone",
        )
