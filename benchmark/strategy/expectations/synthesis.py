"""Expectations of synthetic features: how many there are, and where they lie."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.strategy.measurements import CheckResult, StageMeasurement

_BETWEEN = 0.01  # largest detour of a row that lies between two images; rounding makes some
_ALMOST_ALL = 0.95
_END = 1e-3  # a position so near to 0 or 1 is that of an image
_FEW = 20  # expected synthetic features, of which chance may draw none


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
    five standard deviations of chance in the draws; the rows to draw from are counted exactly.
    """

    tolerance: float = 0.02
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
        if not synthetic.any() and (expected * total[checked]).sum() < _FEW:
            return CheckResult(None, f"{observed}: too few to tell")
        passed = bool((np.abs(share - expected) <= self.tolerance + 5 * chance).all())
        passed = passed and bool(synthetic.any())
        if measurement.added_features is not None:
            rows = (counts + measurement.added_features)[counts > 1]
            passed = passed and bool((rows == counts.max()).all())
            observed += f"; {rows.min():,} to {rows.max():,} rows a class"
        return CheckResult(passed, observed)


@dataclass(frozen=True)
class FeaturesInterpolated:
    """A synthetic feature lies between an image and one of its nearest neighbours in its class.

    `neighbors` is the largest allowed rank of the neighbour. Positions between the two are uniform,
    up to five standard errors of their mean square distance from the middle, and at most one row in
    twenty is an image: one that is a neighbour of itself makes more. Where several images of a
    class are the same, so are rows between them.
    """

    neighbors: int
    component: ClassVar[str] = "synthesizer"

    @property
    def claim(self) -> str:
        """The claim in words."""
        nearest = "the nearest" if self.neighbors == 1 else f"one of the {self.neighbors} nearest"
        return f"each lies between an image and {nearest} of its class, anywhere, and no two alike"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count rows that lie between neighbours."""
        if not measurement.synthetic_rows:
            return CheckResult(None, "no row is synthetic")
        rows = np.array(measurement.synthetic_rows)
        _, detour, rank, position, is_copy = rows.T
        between = detour <= _BETWEEN
        near, distinct = between & (rank <= self.neighbors), 1 - is_copy.mean()
        # of a uniform position, mean and variance of the square distance from the middle
        expected, variance = 1 / 12, 1 / 180
        known = position[between & (position >= 0)]
        total = ((known - 0.5) ** 2).sum()
        allowed = 5 * np.sqrt(variance * len(known)) + 0.005 * len(known)
        images = int((np.minimum(known, 1 - known) <= _END).sum())
        is_uniform = abs(total - expected * len(known)) <= allowed
        is_uniform = is_uniform and images <= (1 - _ALMOST_ALL) * len(known)
        passed = near.mean() >= _ALMOST_ALL and distinct >= _ALMOST_ALL and is_uniform
        return CheckResult(
            bool(passed),
            f"{int(near.sum())} of {len(rows)} between such neighbours, {int(between.sum())} "
            f"between any two images of the class, {round(distinct * len(rows))} distinct, "
            f"{images} no other than an image",
        )
