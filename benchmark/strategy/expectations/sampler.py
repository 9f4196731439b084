"""Expectations of the sampler: how often each class is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.strategy.expectations.base import CheckResult, format_range
from benchmark.strategy.measurements import StageMeasurement


@dataclass(frozen=True)
class ExpectClassSampling:
    """Classes are drawn in proportion to a power of their size.

    Allowed are 2 % of the expected draws, two images, and five standard deviations of chance. In
    whole epochs nothing is left to chance. Chance is in the epochs at both ends of the stage, which
    it cuts: they are drawn without replacement. An epoch is taken to show each image of the largest
    class once; if `undersampled`, each image of the smallest.

    Attributes
    ----------
    power
        1 draws classes by their size, 0 draws them equally often.
    blend
        Fraction of the draws that follows that power. The others follow the class sizes.
    independent
        Each image is drawn by itself, with replacement. Then chance is in all draws.
    undersampled
        Larger classes are cut; no image of a smaller one is repeated.
    within
        Allowed relative deviation.
    """

    power: float
    blend: float = 1.0
    independent: bool = False
    undersampled: bool = False
    within: float = 0.02
    component: ClassVar[str] = "sampler"

    @property
    def claim(self) -> str:
        """The claim, as text."""
        rates = {0.0: "equally often", 1.0: "in proportion to their images"}
        rate = rates.get(self.power, f"in proportion to (images)^{self.power:g}")
        rest = "" if self.blend == 1 else f" in {self.blend:.0%} of the draws, else by their images"
        return f"classes are drawn {rate}{rest}"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the draws of each class with the expected ones."""
        present = measurement.class_counts > 0
        size = measurement.class_counts[present].astype(float)
        drawn = measurement.drawn[present]
        powers = size**self.power
        share = self.blend * powers / powers.sum() + (1 - self.blend) * size / size.sum()
        shown_once = size.argmin() if self.undersampled else size.argmax()
        epoch = float(round(size[shown_once] / share[shown_once]))
        before = measurement.drawn_before
        partial = np.array([before, before + drawn.sum()]) % epoch  # images of the cut epochs
        by_chance = drawn.sum() if self.independent else (partial * (1 - partial / epoch)).sum()
        expected = drawn.sum() * share
        allowed = self.within * expected + 2 + 5 * np.sqrt(by_chance * share * (1 - share))
        return CheckResult(
            bool((np.abs(drawn - expected) <= allowed).all()),
            f"{format_range(drawn / expected)} the expected draws; "
            f"up to ±{(allowed / expected).max():.2f} is allowed",
        )
