"""Intervals from resampled test images, BCa, within each class.

The test set has so many images of each class because it was split so, hence each class is drawn
from by itself: a class-stratified bootstrap, which is multinomial over the rows of a confusion
matrix. Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 14. What is drawn is a
unit: an image, or all images of a group in a class.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from benchmark.evaluation.statistics import LEVEL, Floats
from benchmark.evaluation.statistics.weighted_predictions import WeightedPredictions

DRAWS = 10_000
_DRAWS_AT_ONCE = 500  # bounds memory: so many rows of weights


def bootstrap(cells: WeightedPredictions, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Return scores (M, S, D) of D redrawn test sets; strategies are scored on the same ones."""
    return np.concatenate([cells.scores(w) for w in _redrawn(cells, rng, draws)], axis=-1)


def jackknife(cells: WeightedPredictions) -> Floats:
    """Return scores (M, S, U) with one unit of each kind left out."""
    parts, counts = [], cells.units.counts
    for part in np.array_split(np.arange(len(counts)), len(counts) // 500 + 1):
        weights = np.repeat(counts[None].astype(float), len(part), axis=0)  # (u, U)
        weights[np.arange(len(part)), part] -= 1
        parts.append(cells.scores(cells.units.weights(weights)))
    return np.concatenate(parts, axis=-1)


def bca(
    cells: WeightedPredictions, estimate: Floats, drawn: Floats, left_out: Floats
) -> tuple[Floats, Floats]:
    """Return the bounds (...) of bias-corrected and accelerated intervals at LEVEL.

    Parameters
    ----------
    cells
        What was resampled.
    estimate
        (...) numbers, as observed.
    drawn
        (..., D) of redrawn test sets, see `bootstrap`.
    left_out
        (..., U) with one unit of each kind left out, see `jackknife`.

    Where all redrawn sets give the same number, so does the interval.
    """
    below = (drawn < estimate[..., None]).mean(-1) + (drawn == estimate[..., None]).mean(-1) / 2
    most = 1 - 0.5 / drawn.shape[-1]
    bias = norm.ppf(np.clip(below, 1 - most, most))
    a = _acceleration(cells, left_out)
    bounds = []
    for z in norm.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2]):
        share = norm.cdf(bias + (bias + z) / (1 - a * (bias + z)))
        bounds.append(_quantiles(drawn, share))
    return bounds[0], bounds[1]


def _redrawn(cells: WeightedPredictions, rng: np.random.Generator, draws: int) -> Iterator[Floats]:
    """Yield weights (d, K) of D redrawn test sets, some at a time."""
    units = cells.units
    for begun in range(0, draws, _DRAWS_AT_ONCE):
        taken = np.zeros((min(_DRAWS_AT_ONCE, draws - begun), len(units.counts)))
        for stratum in units.strata:
            counts = units.counts[stratum]
            drawn = rng.multinomial(counts.sum(), counts / counts.sum(), size=len(taken))
            taken[:, stratum] = drawn
        yield units.weights(taken)


def variance(cells: WeightedPredictions, left_out: Floats) -> Floats:
    """Return (...) the jackknife's variance by the test images, from `jackknife`'s (..., U).

    Efron & Stein 1981, each class by itself. A class of one unit adds nothing.
    """
    return _moments(cells, left_out)[0]


def _acceleration(cells: WeightedPredictions, left_out: Floats) -> Floats:
    """Return a (...) for several samples, one a class: skewness of the units' influence, / 6."""
    squares, cubes = _moments(cells, left_out)
    return np.divide(cubes, 6 * squares**1.5, out=np.zeros_like(cubes), where=squares > 0)


def _moments(cells: WeightedPredictions, left_out: Floats) -> tuple[Floats, Floats]:
    """Return the second and third moment (...) of a score by the influences of its units."""
    cubes, squares = np.zeros(left_out.shape[:-1]), np.zeros(left_out.shape[:-1])
    for stratum in cells.units.strata:
        counts = cells.units.counts[stratum]
        n = counts.sum()
        if n == 1:  # a class of one unit is redrawn as itself
            continue
        values = left_out[..., stratum]
        influence = (n - 1) * ((values @ counts)[..., None] / n - values)
        cubes += influence**3 @ counts / n**3
        squares += influence**2 @ counts / n**2
    return squares, cubes


def _quantiles(drawn: Floats, share: Floats) -> Floats:
    """Return for each of drawn (..., D) the quantile at share (...)."""
    ordered = np.sort(drawn, axis=-1)
    place = np.clip(share * (drawn.shape[-1] - 1), 0, drawn.shape[-1] - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, drawn.shape[-1] - 1)
    of = np.take_along_axis(ordered, np.stack([low, high], -1), -1)  # (..., 2)
    return of[..., 0] + (place - low) * (of[..., 1] - of[..., 0])
