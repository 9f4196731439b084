"""Is a strategy different from the baseline? Two tests answer two questions.

On the same test images: would these trained networks differ on other images? Over seeds: would
other trainings differ again, on other data of this kind or on the given split?
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import permutation_test

from benchmark.evaluation.metrics.class_counts import ClassCounts, count_classes
from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.statistics import Floats, Labels
from benchmark.evaluation.statistics.sampling_variance import interval_scores

DRAWS = 10_000
_DRAWS_AT_ONCE = 1000


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
    """
    differ = [a != b for a, b in zip(predicted_a, predicted_b, strict=True)]
    observed = np.zeros((len(interval_metrics()), 1))
    drawn = np.zeros((len(observed), draws))
    for truth, a, b, differs in zip(labels, predicted_a, predicted_b, differ, strict=True):
        observed += _differences(truth, a, b, classes, np.zeros((int(differs.sum()), 1), bool))
    for s, part, exchanged in _exchanges(rng, draws, differ, groups):
        drawn[:, part] += _differences(
            labels[s], predicted_a[s], predicted_b[s], classes, exchanged
        )
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
    starts = range(0, draws, _DRAWS_AT_ONCE)
    slices = [slice(start, min(start + _DRAWS_AT_ONCE, draws)) for start in starts]
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


def _differences(
    labels: Labels,
    predicted_a: Labels,
    predicted_b: Labels,
    classes: int,
    exchanged: NDArray[np.bool_],
) -> Floats:
    """Return metrics of a minus those of b, (M, D), with some predictions exchanged.

    `exchanged` (n, D) marks them among the n images on which the two differ; an exchange of equal
    predictions changes nothing.
    """
    differ = predicted_a != predicted_b
    truth, a, b = labels[differ], predicted_a[differ], predicted_b[differ]
    # sparse, as threads of a dense product wait for each other if busy: predictions (2C, n) that a
    # gains in an exchange, and b loses, by class; below them the hits
    signs = np.concatenate([np.ones(len(b)), -np.ones(len(a)), (b == truth) * 1.0 - (a == truth)])
    rows = np.concatenate([b, a, classes + truth])
    columns = np.tile(np.arange(len(truth)), 3)
    gains = csr_array((signs, (rows, columns)), shape=(2 * classes, len(truth)))
    gained = (gains @ exchanged.astype(float)).T  # (D, 2C)
    scores = []
    for predicted, sign in ((predicted_a, 1), (predicted_b, -1)):
        counts = count_classes(labels, predicted, classes)
        called = counts.predicted + sign * gained[:, :classes]
        hits = counts.true_positives + sign * gained[:, classes:]
        support = np.broadcast_to(counts.support, hits.shape)
        scores.append(interval_scores(ClassCounts(hits, support - hits, called - hits)))
    return scores[0] - scores[1]
