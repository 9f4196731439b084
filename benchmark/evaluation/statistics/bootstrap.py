"""BCa intervals from test images that are resampled within each class.

The split fixes how many test images each class has, hence each class is resampled by itself: a
class-stratified bootstrap, which is multinomial over the rows of a confusion matrix. Efron &
Tibshirani 1993, An Introduction to the Bootstrap, chapter 14. A unit is drawn: an image, or all
images of a group in a class.
"""

from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from benchmark.evaluation.statistics import LEVEL, Floats
from benchmark.evaluation.statistics.weighted_predictions import WeightedPredictions

DRAWS = 10_000
_DRAWS_AT_ONCE = 500  # rows of weights, which bounds memory


def bootstrap(
    predictions: WeightedPredictions, rng: np.random.Generator, draws: int = DRAWS
) -> Floats:
    """Return scores (M, S, D) of D resampled test sets, the same sets for all strategies."""
    weights = _resample(predictions, rng, draws)
    return np.concatenate([predictions.scores(w) for w in weights], axis=-1)


def jackknife(predictions: WeightedPredictions) -> Floats:
    """Return scores (M, S, U) with one unit of each kind left out."""
    scores, counts = [], predictions.units.counts
    for kinds in np.array_split(np.arange(len(counts)), len(counts) // 500 + 1):
        units = np.repeat(counts[None].astype(float), len(kinds), axis=0)  # (u, U)
        units[np.arange(len(kinds)), kinds] -= 1
        scores.append(predictions.scores(predictions.units.weights(units)))
    return np.concatenate(scores, axis=-1)


def bca(
    predictions: WeightedPredictions, estimate: Floats, drawn: Floats, left_out: Floats
) -> tuple[Floats, Floats]:
    """Return the bounds (...) of bias-corrected and accelerated intervals at LEVEL.

    They are those of observed numbers `estimate` (...), from `drawn` (..., D) of `bootstrap` and
    `left_out` (..., U) of `jackknife`. Where all resampled sets give the same number, both bounds
    are that number.
    """
    below = (drawn < estimate[..., None]).mean(-1) + (drawn == estimate[..., None]).mean(-1) / 2
    most = 1 - 0.5 / drawn.shape[-1]
    bias = norm.ppf(np.clip(below, 1 - most, most))
    a = _acceleration(predictions, left_out)
    bounds = []
    for z in norm.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2]):
        share = norm.cdf(bias + (bias + z) / (1 - a * (bias + z)))
        bounds.append(_quantiles(drawn, share))
    return bounds[0], bounds[1]


def _resample(
    predictions: WeightedPredictions, rng: np.random.Generator, draws: int
) -> Iterator[Floats]:
    """Yield weights (d, K) of D resampled test sets, some at a time."""
    units = predictions.units
    for begun in range(0, draws, _DRAWS_AT_ONCE):
        drawn = np.zeros((min(_DRAWS_AT_ONCE, draws - begun), len(units.counts)))
        for stratum in units.strata:
            counts = units.counts[stratum]
            share = counts / counts.sum()
            drawn[:, stratum] = rng.multinomial(counts.sum(), share, size=len(drawn))
        yield units.weights(drawn)


def variance(predictions: WeightedPredictions, left_out: Floats) -> Floats:
    """Return the variance (...) by the test images, from the scores (..., U) of `jackknife`.

    Efron & Stein 1981, each class by itself. A class of one unit adds nothing.
    """
    return _moments(predictions, left_out)[0]


def _acceleration(predictions: WeightedPredictions, left_out: Floats) -> Floats:
    """Return the acceleration (...): skewness of the influence of units within classes, / 6."""
    squares, cubes = _moments(predictions, left_out)
    return np.divide(cubes, 6 * squares**1.5, out=np.zeros_like(cubes), where=squares > 0)


def _moments(predictions: WeightedPredictions, left_out: Floats) -> tuple[Floats, Floats]:
    """Return the second and third moment (...) of a score by the influences of its units."""
    cubes, squares = np.zeros(left_out.shape[:-1]), np.zeros(left_out.shape[:-1])
    for stratum in predictions.units.strata:
        counts = predictions.units.counts[stratum]
        n = counts.sum()
        if n == 1:  # a class of one unit is resampled as itself
            continue
        values = left_out[..., stratum]
        influence = (n - 1) * ((values @ counts)[..., None] / n - values)
        cubes += influence**3 @ counts / n**3
        squares += influence**2 @ counts / n**2
    return squares, cubes


def _quantiles(drawn: Floats, share: Floats) -> Floats:
    """Return for each of drawn (..., D) the quantile at share (...)."""
    ordered = np.sort(drawn, axis=-1)
    position = np.clip(share * (drawn.shape[-1] - 1), 0, drawn.shape[-1] - 1)
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, drawn.shape[-1] - 1)
    values = np.take_along_axis(ordered, np.stack([low, high], -1), -1)  # (..., 2)
    return values[..., 0] + (position - low) * (values[..., 1] - values[..., 0])
