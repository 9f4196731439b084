"""A mean over seeds: its interval and its test on two levels, trainings and test images."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm, t

from benchmark.evaluation.statistics import LEVEL, Floats


def t_interval_corrected(
    values: Floats, of_images: Floats | float = 0.0, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Return the bounds (...) of the mean of values (..., n), one a seed, n >= 2.

    Each seed splits the images anew, so how its number strays from the others' holds the chance of
    its training *and* of its test images. Student's t over seeds covers both where no two seeds
    are tested on the same image. But splits of one data set overlap, and what seeds share does not
    show in how they differ (Nadeau & Bengio 2003): it is added.

    Parameters
    ----------
    values
        What each seed gave.
    of_images
        (...) variance by the test images that seeds share: that of one seed's number by its test
        images, times the `mean_test_overlap`. The half-widths of both causes are added as squares (Zou &
        Donner 2008), so that it never makes an interval narrower.
    """
    mean, half = values.mean(-1), _half_width(values, of_images, (1 - level) / 2)
    return mean - half, mean + half


def corrected_t_test(values: Floats, of_images: float = 0.0) -> float:
    """Return the two-sided p of a mean of 0: how sure an interval would just touch 0.

    values (n,), one a seed; NaN for a single one.
    """
    mean = abs(values.mean())
    if len(values) < 2:
        return float("nan")
    if mean == 0:
        return 1.0
    least = 1e-15  # smaller tails are rounding
    if float(_half_width(values, of_images, least)) <= mean:
        return 2 * least
    tail = brentq(lambda tail: float(_half_width(values, of_images, tail)) - mean, least, 0.5)
    return 2 * float(tail)


def mean_test_overlap(test_sets: Sequence[Collection[str]]) -> float:
    """Return the share of a seed's test images that another seed has too, mean over all pairs.

    1 where all seeds are tested on the same images, about .1 for splits of 80/10/10.
    """
    sets = [set(one) for one in test_sets]
    return float(np.mean([2 * len(a & b) / (len(a) + len(b)) for a, b in combinations(sets, 2)]))


def _half_width(values: Floats, of_images: Floats | float, tail: float) -> Floats:
    n = values.shape[-1]
    of_seeds = values.var(-1, ddof=1) / n
    return np.sqrt(t.isf(tail, n - 1) ** 2 * of_seeds + norm.isf(tail) ** 2 * of_images)
