"""Contrasts: weighted sums of the scores of several runs and strategies, with their intervals.

The runs of a sweep are tested on the same images, seed by seed. So a contrast of their scores, like
a difference, has one value a seed and an influence of every test image, and its interval is made as
that of a difference of two strategies is: see `benchmark.analysis.confidence.interval`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.confidence import SeedPredictions, shared_images, variance_by_images
from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.statistics import Floats
from benchmark.evaluation.statistics.across_seeds import t_interval_corrected
from benchmark.evaluation.statistics.sampling_variance import (
    DIFFERENCE_WEIGHT,
    normal_interval,
    variance,
    weighted_sum,
)


@dataclass(frozen=True)
class Term:
    """One summand: a strategy of a run, and how much its score counts."""

    weight: float
    run: Comparison
    strategy: str


@dataclass(frozen=True)
class Estimate:
    """The value of a contrast for one metric, with its 95 % interval."""

    value: float
    low: float
    high: float
    seeds: int  # 1: the interval is over the test images alone

    @property
    def direction(self) -> int:
        """1 if it is clearly above 0, -1 if clearly below, 0 if the interval includes 0."""
        return direction(self.low, self.high)


def direction(low: float, high: float) -> int:
    """Return 1 for an interval above 0, -1 for one below, 0 for one that includes it."""
    return int(low > 0) - int(high < 0)


def difference(
    more: Sequence[tuple[Comparison, str]], less: Sequence[tuple[Comparison, str]]
) -> list[Term]:
    """Return the terms of the mean score of some cells minus that of others."""
    plus = [Term(1 / len(more), run, strategy) for run, strategy in more]
    return plus + [Term(-1 / len(less), run, strategy) for run, strategy in less]


def contrast(terms: Sequence[Term]) -> dict[str, Estimate]:
    """Return a contrast's estimate of each of the `interval_metrics`, over the seeds of all terms.

    {} where no seed has all of the terms, or none is left.

    Raises
    ------
    ValueError
        If runs were tested on other images than each other.
    """
    terms = [term for term in _merged(terms) if term.weight]
    if not terms:
        return {}
    by_run = {
        id(term.run): {seed.seed: seed for seed in term.run.seed_predictions} for term in terms
    }
    first = by_run[id(terms[0].run)]
    seeds = [
        s for s in first if all(_has(by_run[id(term.run)], s, term.strategy) for term in terms)
    ]
    if not seeds:
        return {}
    parts = []
    for number in seeds:
        tested = [by_run[id(term.run)][number] for term in terms]
        if any(seed.files != tested[0].files for seed in tested):
            raise ValueError(f"runs were tested on different images under seed {number}")
        influences = [seed.influences[t.strategy] for seed, t in zip(tested, terms, strict=True)]
        parts.append(weighted_sum(influences, [term.weight for term in terms]))
    whole = [first[number] for number in seeds]
    values = np.stack([part.estimates for part in parts], axis=-1)  # (M, n)
    if len(seeds) == 1:
        variances = variance(parts[0], whole[0].units, DIFFERENCE_WEIGHT)
        low, high = normal_interval(values[:, 0], variances)
    else:
        shared = shared_images(tuple(whole))
        low, high = t_interval_corrected(values, variance_by_images(whole, parts), shared)
    # scores are from 0 to 1
    least, most = (sum(sign * t.weight for t in terms if sign * t.weight > 0) for sign in (-1, 1))
    low, high = (bound.clip(-least, most) for bound in (low, high))
    return _estimates(values.mean(-1), low, high, len(seeds))


def _merged(terms: Sequence[Term]) -> list[Term]:
    """Add up the weights of terms of one run and strategy."""
    merged: dict[tuple[int, str], Term] = {}
    for term in terms:
        key = (id(term.run), term.strategy)
        before = merged[key].weight if key in merged else 0.0
        merged[key] = Term(before + term.weight, term.run, term.strategy)
    return list(merged.values())


def _has(seeds: dict[int, SeedPredictions], seed: int, strategy: str) -> bool:
    return seed in seeds and strategy in seeds[seed].predicted


def _estimates(value: Floats, low: Floats, high: Floats, seeds: int) -> dict[str, Estimate]:
    rows = zip(interval_metrics(), value, low, high, strict=True)
    return {name: Estimate(float(v), float(a), float(b), seeds) for name, v, a, b in rows}
