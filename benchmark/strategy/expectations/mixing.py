"""Expectations of the mixing: which images have more than one class in their target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from benchmark.strategy.expectations.base import CheckResult
from benchmark.strategy.measurements import StageMeasurement


@dataclass(frozen=True)
class NoImageMixed:
    """Every target is a single class."""

    component: ClassVar[str] = "mixing"
    claim: ClassVar[str] = "no images are mixed"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count targets of more than one class."""
        return CheckResult(
            measurement.mixed == 0,
            f"{measurement.mixed:,} of {sum(measurement.images_shown):,} images",
        )


@dataclass(frozen=True)
class ImagesMixed:
    """Images are mixed, and so are their labels.

    Attributes
    ----------
    at_least
        Least fraction with two labels, out of the images that a random partner of another class
        would give two labels. A strategy may give a mixed image a single label.
    """

    at_least: float
    component: ClassVar[str] = "mixing"
    claim: ClassVar[str] = "images of different classes are mixed, and so are their labels"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count targets of more than one class."""
        mixed, total = measurement.mixed, sum(measurement.images_shown)
        share = measurement.drawn / measurement.drawn.sum()
        pairs = total * (1 - (share**2).sum())  # expected pairs of different classes
        return CheckResult(
            bool(mixed > 0 and mixed >= self.at_least * pairs), f"{mixed:,} of {total:,} images"
        )
