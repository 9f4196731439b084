"""Interval and test of a mean over seeds: of other data of this kind, or of other trainings.

Where every seed splits one data set anew, the question is what the strategies would do on other
data of this kind. The spread over seeds contains the chance of training and of test images, but not
all of it: splits share images. Nadeau & Bengio 2003 (Machine Learning 52, 239) count the spread for
that by n_test / n_train more, and so does this module. Seeds that draw images of their own share
none, and their spread contains all of it.

Where the split is given, seeds share all images. Their spread is that of initialisations alone, so
the variance by the test images is added, and nothing is known of other training images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm, t

from benchmark.evaluation.statistics import LEVEL, Floats

OWN_IMAGES, OWN_SPLITS = "own images", "own splits"
GIVEN_SPLIT, SOME_SHARED = "given split", "some images shared"
_MORE_THAN_CHANCE = 1.5  # times the overlap of random splits


@dataclass(frozen=True)
class SharedImages:
    """How far the images of n seeds overlap, means over pairs of seeds."""

    test: float  # share of test images that two seeds have in common: .1 for splits of 80/10/10
    train: float  # share of training images
    test_per_train: float  # test images per training image

    @classmethod
    def between(
        cls, test_sets: Sequence[frozenset[str]], train_sets: Sequence[frozenset[str]]
    ) -> SharedImages:
        """Compare the files of two seeds or more; empty training sets are taken for unknown."""
        ratios = [len(a) / len(b) for a, b in zip(test_sets, train_sets, strict=True) if b]
        per_train = float(np.mean(ratios)) if ratios else 0.0
        return cls(mean_overlap(test_sets), mean_overlap(train_sets), per_train)

    @property
    def design(self) -> str:
        """OWN_IMAGES, OWN_SPLITS, GIVEN_SPLIT or, between these, SOME_SHARED."""
        if self.test == self.train == 0:
            return OWN_IMAGES
        if self.test == self.train == 1:
            return GIVEN_SPLIT
        random_overlap = self.test_per_train / (1 + self.test_per_train)
        return OWN_SPLITS if self.test <= _MORE_THAN_CHANCE * random_overlap else SOME_SHARED

    @property
    def spread_factor(self) -> float:
        """Nadeau & Bengio's n_test / n_train; 0 where seeds train on the same images, or on others.

        Seeds that share no image at all, as those of rendered data, are independent.
        """
        return 0.0 if self.train == 1 or self.design == OWN_IMAGES else self.test_per_train


NOTHING_SHARED = SharedImages(0.0, 0.0, 0.0)


def mean_overlap(sets: Sequence[frozenset[str]]) -> float:
    """Return the share of elements that two sets have in common, mean over all pairs; 0 if empty.

    1 where all are the same.
    """
    pairs = [(len(a & b), len(a) + len(b)) for a, b in combinations(sets, 2)]
    return float(np.mean([2 * common / both if both else 0.0 for common, both in pairs]))


def t_interval_corrected(
    values: Floats,
    test_variance: Floats | float = 0.0,
    shared: SharedImages = NOTHING_SHARED,
    level: float = LEVEL,
) -> tuple[Floats, Floats]:
    """Return the bounds (...) of the mean of values (..., n), one per seed, n >= 2.

    Student's t over seeds, with the variance s² (1/n + `shared.spread_factor`) of the mean.
    `test_variance` (...) is the variance of one seed's value by its test images. The part of it
    that the seeds share takes the place of the second term where it is larger; half-widths are
    added as squares (Zou & Donner 2008). And n seeds see no more than n times the images of one: so
    the interval has a width also where all seeds agree by chance.
    """
    half = _half_width(values, test_variance, shared, (1 - level) / 2)
    return values.mean(-1) - half, values.mean(-1) + half


def corrected_t_test(
    values: Floats, test_variance: float = 0.0, shared: SharedImages = NOTHING_SHARED
) -> float:
    """Two-sided p-value of mean = 0: one minus the level at which the interval just touches 0.

    values (n,), one per seed; NaN for a single seed. The others are as in `t_interval_corrected`.
    """
    mean = abs(values.mean())
    if len(values) < 2:
        return float("nan")
    if mean == 0:
        return 1.0

    def excess(tail: float) -> float:
        return float(_half_width(values, test_variance, shared, tail)) - mean

    smallest = 1e-15  # smaller tails are rounding
    if excess(smallest) <= 0:
        return 2 * smallest
    return 2 * float(brentq(excess, smallest, 0.5))


def _half_width(
    values: Floats, test_variance: Floats | float, shared: SharedImages, tail: float
) -> Floats:
    n = values.shape[-1]
    spread = t.isf(tail, n - 1) ** 2 * values.var(-1, ddof=1)
    images = norm.isf(tail) ** 2 * test_variance
    in_common = np.maximum(spread * shared.spread_factor, images * shared.test)
    return np.sqrt(np.maximum(spread / n + in_common, images / n))
