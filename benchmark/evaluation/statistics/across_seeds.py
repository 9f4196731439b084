"""Interval and test of a mean over seeds, for two causes of chance: training and test images."""

from collections.abc import Collection, Sequence
from itertools import combinations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm, t

from benchmark.evaluation.statistics import LEVEL, Floats


def t_interval_corrected(
    values: Floats, shared_variance: Floats | float = 0.0, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Return the bounds (...) of the mean of values (..., n), one per seed, n >= 2.

    Each seed splits the images anew, so the spread over seeds contains the chance of the training
    *and* of the test images. Student's t over seeds covers both where no two seeds share a test
    image. But splits of one data set overlap, and shared test images do not show in the spread
    (Nadeau & Bengio 2003): their variance is added. `shared_variance` (...) is the variance of one
    seed's number by its test images, times the `mean_test_overlap`. The half-widths of both causes
    are added as squares (Zou & Donner 2008), so that it never makes an interval narrower.
    """
    mean, half = values.mean(-1), _half_width(values, shared_variance, (1 - level) / 2)
    return mean - half, mean + half


def corrected_t_test(values: Floats, shared_variance: float = 0.0) -> float:
    """Two-sided p-value of mean = 0: one minus the level at which the interval just touches 0.

    values (n,), one per seed; NaN for a single seed.
    """
    mean = abs(values.mean())
    if len(values) < 2:
        return float("nan")
    if mean == 0:
        return 1.0
    smallest = 1e-15  # smaller tails are rounding
    if float(_half_width(values, shared_variance, smallest)) <= mean:
        return 2 * smallest

    def excess(tail: float) -> float:
        return float(_half_width(values, shared_variance, tail)) - mean

    return 2 * float(brentq(excess, smallest, 0.5))


def mean_test_overlap(test_sets: Sequence[Collection[str]]) -> float:
    """Return the share of test images that two seeds have in common, mean over all pairs.

    1 where all seeds are tested on the same images, about .1 for splits of 80/10/10.
    """
    sets = [set(images) for images in test_sets]
    return float(np.mean([2 * len(a & b) / (len(a) + len(b)) for a, b in combinations(sets, 2)]))


def _half_width(values: Floats, shared_variance: Floats | float, tail: float) -> Floats:
    n = values.shape[-1]
    seed_variance = values.var(-1, ddof=1) / n
    return np.sqrt(t.isf(tail, n - 1) ** 2 * seed_variance + norm.isf(tail) ** 2 * shared_variance)
