"""Augmentations with a planted error."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from benchmark.strategy import (
    RandomAugmentation,
)
from tests.evaluation.planted.planted_error import PlantedError, every


@dataclass(frozen=True)
class Changed(RandomAugmentation):
    """An augmentation whose images are changed afterwards, or drawn otherwise."""

    change: str = ""

    def selects(self, repeat_index):
        match self.change:
            case "half":
                return (repeat_index >= self.from_repeat) & (repeat_index % 2 == 0)
            case "first":
                return repeat_index < 1
        return super().selects(repeat_index)

    def __call__(self, images, repeat_index, rng):
        match self.change:
            case "other":
                return super().__call__(images, repeat_index, rng).roll(1, 0)
            case "idle":
                return images
            case "black":
                return (super().__call__(images, repeat_index, rng).float() / 255).to(torch.uint8)
            case "same":
                rng = torch.Generator(images.device).manual_seed(0)
                rows = [
                    super(Changed, self).__call__(image[None], None, rng.manual_seed(0))
                    for image in images
                ]
                return torch.cat(rows)
            case "upright":
                return images.flip(2)
        return super().__call__(images, repeat_index, rng)


_repeats, _all = "augmentation_oversampling", "augmentation_only"
PLANTED = [
    PlantedError(
        "first occurrences in place of repeats",
        "augmentation",
        _repeats,
        every(augmentation=Changed(change="first")),
    ),
    PlantedError(
        "a tenth of the strength",
        "augmentation",
        _all,
        every(augmentation=RandomAugmentation(1.5, 0.02, 0.01, 0.025)),
    ),
    PlantedError(
        "another image's pixels", "augmentation", _all, every(augmentation=Changed(change="other"))
    ),
    PlantedError(
        "nothing is changed",
        "augmentation",
        _repeats,
        every(augmentation=Changed(from_repeat=1, change="idle")),
    ),
    PlantedError(
        "the same change every time",
        "augmentation",
        _repeats,
        every(augmentation=Changed(from_repeat=1, change="same")),
    ),
]
KEPT_APART = [
    PlantedError("black images", "augmentation", _all, every(augmentation=Changed(change="black"))),
    PlantedError(
        "six times the angle", "augmentation", _all, every(augmentation=RandomAugmentation(90.0))
    ),
    PlantedError(
        "half of the repeats",
        "augmentation",
        _repeats,
        every(augmentation=Changed(from_repeat=1, change="half")),
    ),
]
