"""Is a strategy different from the baseline? Two tests answer two questions.

On the same test images: would these trained networks differ on other images? Over seeds: would
another training, on another split, differ again?
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import permutation_test
from statsmodels.stats.multitest import multipletests

from benchmark.evaluation.metrics.class_counts import ClassCounts, count_classes
from benchmark.evaluation.statistics import Floats, Labels
from benchmark.evaluation.statistics.weighted_predictions import one_hot

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
) -> float:
    """Return the two-sided p of approximate randomisation for the difference of macro-F1.

    Null hypothesis: it makes no difference which of two classifiers predicts, so an image's two
    predictions can be exchanged. Each pair is exchanged with probability 1/2; p is how often that
    gives a difference as large as the observed one (Noreen 1989; Yeh 2000, arXiv cs/0008005).

    Labels and predictions are (N,) for each seed, over which macro-F1 is averaged. So are groups,
    or None where images are independent. A group is exchanged as a whole, also over seeds and
    whatever the classes of its images, because its images are right or wrong together: exchanged
    singly, two equal classifiers differ in .25 of trials.
    """
    differ = [a != b for a, b in zip(predicted_a, predicted_b, strict=True)]
    observed, drawn = np.zeros(1), np.zeros(draws)
    for truth, a, b, differs in zip(labels, predicted_a, predicted_b, differ, strict=True):
        observed += _difference(truth, a, b, classes, np.zeros((1, int(differs.sum())), bool))
    for s, rows, exchanged in _exchanges(rng, draws, differ, groups):
        drawn[rows] += _difference(labels[s], predicted_a[s], predicted_b[s], classes, exchanged)
    # a difference that is smaller by rounding alone counts as equal
    as_large = int((np.abs(drawn) >= np.abs(observed) - 1e-12).sum())
    return (1 + as_large) / (1 + draws)


def sign_flip_test(differences: Floats) -> float:
    """Return the two-sided p of the mean of differences (n,), one per seed; NaN for a single seed.

    Null hypothesis: strategy and baseline are equal, so every difference could as well have the
    other sign. Exact up to 13 seeds. The smallest possible p is 2 / 2^n: .25 for 3 seeds, .008 for
    8 seeds.
    """
    if len(differences) < 2:
        return float("nan")  # one sign tests nothing
    options: dict[str, Any] = {"permutation_type": "samples", "n_resamples": DRAWS}
    rng = np.random.default_rng(0)
    result = permutation_test((differences,), np.mean, vectorized=True, rng=rng, **options)
    return float(result.pvalue)


def min_seeds(tests: int, level: float = 0.05) -> int:
    """Return how many seeds the sign-flip test needs to reach `level` by Holm in so many tests.

    >>> min_seeds(5), min_seeds(7)
    (8, 9)
    """
    return math.ceil(math.log2(2 * tests / level))


def holm(p: Floats) -> Floats:
    """Return p (n,) adjusted for n tests at once (Holm 1979); NaN where there was no test."""
    adjusted, tested = np.full(len(p), np.nan), ~np.isnan(p)
    if tested.any():
        adjusted[tested] = multipletests(p[tested], method="holm")[1]
    return adjusted


def _exchanges(
    rng: np.random.Generator,
    draws: int,
    differ: Sequence[NDArray[np.bool_]],
    groups: Sequence[Labels] | None,
) -> Iterator[tuple[int, slice, NDArray[np.bool_]]]:
    """Yield a seed, a slice of d draws, and which of n differing images are exchanged (d, n)."""
    starts = range(0, draws, _DRAWS_AT_ONCE)
    slices = [slice(start, min(start + _DRAWS_AT_ONCE, draws)) for start in starts]
    if groups is None:
        for s, differs in enumerate(differ):
            for rows in slices:
                yield s, rows, _random_bits(rng, rows.stop - rows.start, int(differs.sum()))
        return
    differing = [group[differs] for group, differs in zip(groups, differ, strict=True)]
    distinct, index = np.unique(np.concatenate(differing), return_inverse=True)
    ends = np.cumsum([len(group) for group in differing])
    for rows in slices:
        bits = _random_bits(rng, rows.stop - rows.start, len(distinct))  # one bit a group
        for s, group_index in enumerate(np.split(index, ends[:-1])):
            yield s, rows, bits[:, group_index]


def _random_bits(rng: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    """Draw rows x columns bits, eight of each random byte."""
    random_bytes = rng.integers(0, 256, (rows, -(-columns // 8)), np.uint8)
    return np.unpackbits(random_bytes, axis=1, count=columns).astype(bool)


def _difference(
    labels: Labels,
    predicted_a: Labels,
    predicted_b: Labels,
    classes: int,
    exchanged: NDArray[np.bool_],
) -> Floats:
    """Return macro-F1 of a minus that of b, (D,), with some predictions exchanged.

    `exchanged` (D, n) marks them among the n images on which the two differ; an exchange of equal
    predictions changes nothing.
    """
    differ = predicted_a != predicted_b
    truth, a, b = labels[differ], predicted_a[differ], predicted_b[differ]
    weights = exchanged.astype(float)
    # (D, C): predictions and hits that a gains, and b loses, by class
    predicted_gain = weights @ one_hot(b, classes) - weights @ one_hot(a, classes)
    hit_gain = (weights * ((b == truth) * 1.0 - (a == truth))) @ one_hot(truth, classes)
    f1 = []
    for predicted, gain in ((predicted_a, 1), (predicted_b, -1)):
        counts = count_classes(labels, predicted, classes)
        hits = counts.true_positives + gain * hit_gain
        all_predicted = counts.predicted + gain * predicted_gain
        f1.append(ClassCounts(hits, counts.support - hits, all_predicted - hits).f1)
    return (f1[0] - f1[1]).mean(1)
