"""Expectations of the synthesizer: how many features are synthetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.strategy.expectations.base import CheckResult
from benchmark.strategy.measurements import StageMeasurement


@dataclass(frozen=True)
class NoFeatureSynthetic:
    """The head is trained on the features of images alone."""

    component: ClassVar[str] = "synthesizer"
    claim: ClassVar[str] = "no features are synthetic"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count synthetic features."""
        synthetic = int(measurement.synthetic.sum())
        total = synthetic + int(measurement.drawn.sum())
        return CheckResult(synthetic == 0, f"{synthetic:,} of {total:,} features")


@dataclass(frozen=True)
class SyntheticFeatures:
    """Synthetic features fill every class up to the size of the largest.

    In a class of n images the fraction 1 - n / max n of the features is synthetic. A class of one
    image has no synthetic features, because there is nothing to interpolate. Allowed are 2 % and
    five standard deviations of chance.
    """

    within: float = 0.02
    component: ClassVar[str] = "synthesizer"
    claim: ClassVar[str] = "synthetic features fill each class up to the size of the largest"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the fraction of synthetic features with the expected one, class by class."""
        counts, synthetic = measurement.class_counts, measurement.synthetic
        total = synthetic + measurement.drawn
        checked = (counts > 1) & (total > 0)
        expected = 1 - counts[checked] / counts.max()
        share = synthetic[checked] / total[checked]
        chance = np.sqrt(expected * (1 - expected) / total[checked])
        observed = f"{int(synthetic.sum()):,} of {int(total.sum()):,} features"
        if not expected.any():
            return CheckResult(None if not synthetic.any() else False, observed)
        close = np.abs(share - expected) <= self.within + 5 * chance
        return CheckResult(bool(synthetic.any() and close.all()), observed)
