"""Expectations of which training images a stage leaves out."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.strategy.measurements import CheckResult, StageMeasurement


@dataclass(frozen=True)
class NoImageLeftOut:
    """The stage trains on all training images."""

    component: ClassVar[str] = "selection"
    claim: ClassVar[str] = "no training image is left out"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count images that are left out."""
        return CheckResult(not measurement.left_out.any(), _observed(measurement))


@dataclass(frozen=True)
class ExpectSelection:
    """Some images are left out, of no class more than declared, and these are never shown.

    A class of n images loses at most `max_fraction` n, and keeps `min_images` if it has them.
    Where nothing is left out, the stage trains as if it selected nothing: that is not told apart
    from a selection that does not work.
    """

    max_fraction: float
    min_images: int
    component: ClassVar[str] = "selection"

    @property
    def claim(self) -> str:
        """The claim in words."""
        return (
            f"images are left out, at most {self.max_fraction:.0%} of a class, which keeps "
            f"{self.min_images} if it has them"
        )

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare what is left out of each class with what may be; count what is shown of it."""
        left_out, images = measurement.left_out, measurement.class_counts + measurement.left_out
        allowed = np.minimum(self.max_fraction * images + 1e-9, images - self.min_images)
        within = bool((left_out <= np.maximum(allowed, 0)).all())
        passed = within and measurement.left_out_draws == 0
        return CheckResult(passed if left_out.any() else None, _observed(measurement))


def _observed(measurement: StageMeasurement) -> str:
    left_out, images = measurement.left_out, measurement.class_counts + measurement.left_out
    if not left_out.any():
        return f"none of {int(images.sum()):,} images is left out"
    share = left_out[images > 0] / images[images > 0]
    draws = measurement.left_out_draws
    return (
        f"{int(left_out.sum()):,} of {int(images.sum()):,} images are left out, from "
        f"{share.min():.0%} to {share.max():.0%} of a class; "
        f"{f'they were shown {draws:,} times' if draws else 'none of them was shown'}"
    )
