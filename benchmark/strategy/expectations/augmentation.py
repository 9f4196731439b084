"""Expectations of the augmentation: which images have other pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from benchmark.strategy.expectations.base import CheckResult
from benchmark.strategy.measurements import StageMeasurement

SHARE = 0.95  # of the images to augment: an image of a single colour may stay the same


@dataclass(frozen=True)
class NoImageAugmented:
    """The strategy changes no image."""

    component: ClassVar[str] = "augmentation"
    claim: ClassVar[str] = "no image is augmented"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count images with changed pixels."""
        augmented, total = sum(measurement.augmented), sum(measurement.images_shown)
        return CheckResult(augmented == 0, f"{augmented:,} of {total:,} images")


@dataclass(frozen=True)
class AllImagesAugmented:
    """The strategy changes every image."""

    component: ClassVar[str] = "augmentation"
    claim: ClassVar[str] = "every image is augmented"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count images with changed pixels."""
        augmented, total = sum(measurement.augmented), sum(measurement.images_shown)
        return CheckResult(augmented >= SHARE * total, f"{augmented:,} of {total:,} images")


@dataclass(frozen=True)
class RepeatsAugmented:
    """Repeats of an image in an epoch are augmented, its first occurrence is not."""

    component: ClassVar[str] = "augmentation"
    claim: ClassVar[str] = "each repeat of an image is augmented, no first occurrence is"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count repeats and first occurrences with changed pixels."""
        first, repeats = measurement.images_shown
        first_augmented, augmented = measurement.augmented
        observed = (
            f"{augmented:,} of {repeats:,} repeats, "
            f"{first_augmented:,} of {first:,} first occurrences"
        )
        if not repeats:
            return CheckResult(None if first_augmented == 0 else False, observed)
        return CheckResult(first_augmented == 0 and augmented >= SHARE * repeats, observed)
