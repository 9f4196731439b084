"""Intervals of a mean over seeds: two levels, trainings and test images."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, t

from benchmark.statistics import LEVEL
from benchmark.statistics.cells import Floats


def over_seeds(
    values: Floats, of_images: Floats | float = 0.0, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Return the bounds (...) of the mean of values (..., n), one a seed, n >= 2.

    Each seed splits the images anew, so how its number strays from the others' holds the chance of
    its training *and* of its test images: Student's t over seeds covers both. Its half-width is 2.5
    standard deviations for 3 seeds, .8 for 8.

    Parameters
    ----------
    values
        What each seed gave.
    of_images
        (...) variance by the test images, where all seeds were tested on the same ones: then it
        does not average out. The half-widths of both causes are added as squares (Zou & Donner
        2008), so that it never makes an interval narrower.
    """
    n = values.shape[-1]
    tail = (1 + level) / 2
    of_seeds = values.var(-1, ddof=1) / n
    half = np.sqrt(t.ppf(tail, n - 1) ** 2 * of_seeds + norm.ppf(tail) ** 2 * of_images)
    mean = values.mean(-1)
    return mean - half, mean + half
