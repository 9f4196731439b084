"""Expectations of synthetic features: how many there are, and where they lie."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import CheckResult, StageMeasurement

_BETWEEN = 0.01  # largest detour of a row that lies between two images; rounding makes some
_ALMOST_ALL = 0.95
_END = 1e-3  # a position so near to 0 or 1 is that of an image
_FEW = 20  # synthetic features, that say little: chance may draw none
_DEVIATIONS, _CHANCE = 6, 1e-9  # normal ones, that chance is allowed, and their probability
_SMALL = 4  # images of a class in which neighbours are too few to compare


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
    class are the same, so are rows between them. Rows of synthetic features that are alike in all
    classes lie between two images of their class, too: there a neighbour of all images is seldom
    one of the class, as it may be where a network separates the classes.

    Image and neighbour are drawn equally often from n images of a class and k neighbours. So even
    an image that is a neighbour of all others is an end of at most 1 / n + (1 - 1 / n) / k of the
    rows, p: all R rows of a class have one in common in a fraction of at most 2 p^(R - 1), as the
    fractions of all images add up to 2. And at most 2 (n - 1) / (n k) of the rows lie between an
    image and its nearest, whichever end it is, because two images are the nearest of each other;
    allowed are six standard deviations more. With one neighbour, neither can be told.
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
        _, detour, rank, position, is_copy, *_ = rows.T
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
        is_random, shares = self._check_ends(rows[between], measurement.class_counts)
        observed = (
            f"{int(near.sum())} of {len(rows)} between such neighbours, {int(between.sum())} "
            f"between any two images of the class, {round(distinct * len(rows))} distinct, "
            f"{images} no other than an image{shares}"
        )
        if (detours := measurement.detours) is not None and len(detours):
            alike = detours <= _BETWEEN
            passed = passed and alike.mean() >= _ALMOST_ALL
            observed += f"; where classes are alike, {int(alike.sum())} of {len(alike)} between two"
        return CheckResult(bool(passed and is_random), observed)

    def _check_ends(self, rows: NDArray[np.float64], counts: NDArray[np.int64]) -> tuple[bool, str]:
        """Compare images and neighbours of the rows (R, 7) between them with random ones."""
        log_chances: list[float] = []  # of one image at an end of all rows of a class, if there is
        nearest, bounds = 0, np.empty(0)
        label, _, rank, _, _, first, second = rows.T
        for c in np.unique(label).astype(int):
            n, known = int(counts[c]), (label == c) & (first >= 0)
            made = int(known.sum())
            # of copies of an image, one is as good an end as the other, and all are the nearest
            if n < _SMALL or made < _ALMOST_ALL * (label == c).sum():
                continue
            k = min(self.neighbors, n - 1)
            at_end = np.bincount(np.r_[first[known], second[known]].astype(int))
            log_chance = np.log(2) + (made - 1) * np.log(1 / n + (1 - 1 / n) / k)
            log_chances.append(min(0.0, log_chance) if at_end.max() == made else 0.0)
            nearest += int((rank[known] == 1).sum())
            bounds = np.append(bounds, np.full(made, min(1.0, 2 * (n - 1) / (n * k))))
        if len(bounds) < _FEW:
            return True, ""
        allowed = bounds.sum() + _DEVIATIONS * np.sqrt((bounds * (1 - bounds)).sum())
        # any classes may be chosen to have one: 2^C choices
        is_random = sum(log_chances) + len(log_chances) * np.log(2) > np.log(_CHANCE)
        hubs = sum(chance < 0 for chance in log_chances)
        return bool(is_random and nearest <= allowed), (
            f"; {hubs} of {len(log_chances)} classes with one image at an end of all their rows, "
            f"{nearest / len(bounds):.2f} of them between nearest images"
        )
