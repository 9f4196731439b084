"""Is a strategy different from the baseline? Two tests answer two questions.

On the same test images: would these trained networks differ on other images? Over seeds: would
other trainings differ again, on other data of this kind or on the given split?
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import permutation_test

from benchmark.evaluation.metrics.class_counts import ClassCounts, count_classes
from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.statistics import Floats, Labels
from benchmark.evaluation.statistics.sampling_variance import interval_scores

DRAWS, FEWEST_DRAWS = 10_000, 1_000
MOST_EXCHANGES = 200_000_000  # draws x images that differ: of 20,000 images all DRAWS are drawn
_DRAWS_AT_ONCE, _EXCHANGES_AT_ONCE = 1000, 20_000_000  # which bounds memory
# draws x classes, and draws x images, that are scored at once: they fit into a core's cache
_COUNTS_AT_ONCE, _IMAGES_AT_ONCE = 100_000, 2_000_000


def paired_permutation_test(
    labels: Sequence[Labels],
    predicted_a: Sequence[Labels],
    predicted_b: Sequence[Labels],
    classes: int,
    rng: np.random.Generator,
    draws: int = DRAWS,
    groups: Sequence[Labels] | None = None,
) -> Floats:
    """Return the two-sided p (M,) of approximate randomisation for differences of metrics.

    Null hypothesis: it makes no difference which of two classifiers predicts, so an image's two
    predictions can be exchanged. Each pair is exchanged with probability 1/2; p is how often that
    gives a difference as large as the observed one (Noreen 1989; Yeh 2000, arXiv cs/0008005). M is
    the number of `interval_metrics`.

    Labels and predictions are (N,) for each seed, over which metrics are averaged. So are groups,
    or None where images are independent. A group is exchanged as a whole, also over seeds and
    whatever the classes of its images, because its images are right or wrong together: exchanged
    singly, two equal classifiers differ in .25 of trials.

    Of many images there are fewer draws, `FEWEST_DRAWS` or more: p is known less finely then.
    """
    differ = [a != b for a, b in zip(predicted_a, predicted_b, strict=True)]
    images = max(sum(int(differs.sum()) for differs in differ), 1)
    draws = min(draws, max(MOST_EXCHANGES // images, FEWEST_DRAWS))
    pairs = [
        ExchangedPair.count(*each, classes)
        for each in zip(labels, predicted_a, predicted_b, strict=True)
    ]
    observed = np.zeros((len(interval_metrics()), 1))
    drawn = np.zeros((len(observed), draws))
    for pair in pairs:
        observed += pair.differences(np.zeros((pair.gains.shape[1], 1), bool))
    for s, part, exchanged in _exchanges(rng, draws, differ, groups):
        drawn[:, part] += pairs[s].differences(exchanged)
    # a difference that is smaller by rounding alone counts as equal
    as_large = (np.abs(drawn) >= np.abs(observed) - 1e-12).sum(-1)
    return (1 + as_large) / (1 + draws)


def sign_flip_test(differences: Floats) -> Floats:
    """Return the two-sided p (...) of the mean of differences (..., n), one per seed.

    NaN for a single seed. Null hypothesis: strategy and baseline are equal, so every difference
    could as well have the other sign. Exact up to 13 seeds. The smallest possible p is 2 / 2^n: .25
    for 3 seeds, .008 for 8 seeds.
    """
    if differences.shape[-1] < 2:
        return np.full(differences.shape[:-1], np.nan)  # one sign tests nothing
    options: dict[str, Any] = {"permutation_type": "samples", "n_resamples": DRAWS, "axis": -1}
    rng = np.random.default_rng(0)
    result = permutation_test((differences,), np.mean, vectorized=True, rng=rng, **options)
    return np.asarray(result.pvalue)


def min_seeds(tests: int, level: float = 0.05) -> int:
    """Return how many seeds the sign-flip test needs to reach `level` by Holm in so many tests.

    >>> min_seeds(5), min_seeds(7)
    (8, 9)
    """
    return math.ceil(math.log2(2 * tests / level))


def holm(p: Floats) -> Floats:
    """Return p (n,) adjusted for n tests at once (Holm 1979); NaN where there was no test.

    The same as `multipletests` of statsmodels, which collects garbage at every call: a fifth of a
    second each, half the time of a report.
    """
    adjusted, order = np.full(len(p), np.nan), np.argsort(p)  # NaN last
    order = order[: np.count_nonzero(~np.isnan(p))]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.maximum.accumulate(p[order] * factors).clip(max=1)
    return adjusted


def _exchanges(
    rng: np.random.Generator,
    draws: int,
    differ: Sequence[NDArray[np.bool_]],
    groups: Sequence[Labels] | None,
) -> Iterator[tuple[int, slice, NDArray[np.bool_]]]:
    """Yield a seed, a slice of d draws, and which of n differing images are exchanged (n, d)."""
    most = max(max((int(differs.sum()) for differs in differ), default=0), 1)
    at_once = min(_DRAWS_AT_ONCE, max(_EXCHANGES_AT_ONCE // most, 1))
    slices = [slice(start, min(start + at_once, draws)) for start in range(0, draws, at_once)]
    if groups is None:
        for s, differs in enumerate(differ):
            for part in slices:
                yield s, part, _random_bits(rng, int(differs.sum()), part.stop - part.start)
        return
    differing = [group[differs] for group, differs in zip(groups, differ, strict=True)]
    distinct, index = np.unique(np.concatenate(differing), return_inverse=True)
    ends = np.cumsum([len(group) for group in differing])
    for part in slices:
        bits = _random_bits(rng, len(distinct), part.stop - part.start)  # one bit a group
        for s, group_index in enumerate(np.split(index, ends[:-1])):
            yield s, part, bits[group_index]


def _random_bits(rng: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    """Draw rows x columns bits, eight of each random byte."""
    random_bytes = rng.integers(0, 256, (rows, -(-columns // 8)), np.uint8)
    return np.unpackbits(random_bytes, axis=1, count=columns).astype(bool)


@dataclass(frozen=True)
class ExchangedPair:
    """What two classifiers predict of the test images of one seed, and what an exchange changes."""

    a: ClassCounts  # (C,) of the first
    b: ClassCounts
    gains: csr_array  # (2C, n) predictions that a gains, and b loses; below them the hits

    @classmethod
    def count(cls, labels: Labels, a: Labels, b: Labels, classes: int) -> ExchangedPair:
        """Count labels and predictions, (N,) each; an exchange of equal ones changes nothing."""
        counts = [count_classes(labels, predicted, classes) for predicted in (a, b)]
        differ = a != b
        truth, a, b = labels[differ], a[differ], b[differ]
        # sparse, as threads of a dense product wait for each other if busy; whole numbers of this
        # size are exact in single precision
        hits = (b == truth) * 1.0 - (a == truth)
        signs = np.concatenate([np.ones(len(b)), -np.ones(len(a)), hits]).astype(np.float32)
        rows = np.concatenate([b, a, classes + truth])
        columns = np.tile(np.arange(len(truth)), 3)
        gains = csr_array((signs, (rows, columns)), shape=(2 * classes, len(truth)))
        return cls(counts[0], counts[1], gains)

    def differences(self, exchanged: NDArray[np.bool_]) -> Floats:
        """Return metrics of a minus those of b, (M, D), with some predictions exchanged.

        `exchanged` (n, D) marks them among the n images on which the two differ.
        """
        classes, images = len(self.a.support), max(self.gains.shape[1], 1)
        at_once = max(min(_COUNTS_AT_ONCE // classes, _IMAGES_AT_ONCE // images), 1)
        parts = []
        for start in range(0, exchanged.shape[1], at_once):
            part = exchanged[:, start : start + at_once].view(np.uint8).astype(np.float32)  # (n, d)
            gained = (self.gains @ part).T.astype(float)  # (d, 2C)
            called, hits = gained[:, :classes], gained[:, classes:]
            of_a, of_b = (
                _scores(counts, sign * called, sign * hits)
                for counts, sign in ((self.a, 1), (self.b, -1))
            )
            parts.append(of_a - of_b)
        return np.concatenate(parts, axis=-1)


def _scores(counts: ClassCounts, called: Floats, hits: Floats) -> Floats:
    """Return the metrics (M, D) of counts that gain predictions and hits, each (D, C)."""
    called, hits = counts.predicted + called, counts.true_positives + hits
    return interval_scores(ClassCounts(hits, counts.support - hits, called - hits))
