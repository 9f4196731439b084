"""Is a strategy different from the baseline? Two tests, which answer two questions.

On the same test images: would these trained networks differ on other images? Over seeds: would
another training, on another split, differ again?
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import permutation_test

from benchmark.evaluation.metrics.class_counts import ratio
from benchmark.evaluation.statistics import Floats
from benchmark.evaluation.statistics.weighted_predictions import one_hot

DRAWS = 10_000
_DRAWS_AT_ONCE = 1000


def paired_permutation_test(
    labels: Sequence[NDArray[np.int64]],
    one: Sequence[NDArray[np.int64]],
    two: Sequence[NDArray[np.int64]],
    classes: int,
    rng: np.random.Generator,
    draws: int = DRAWS,
    groups: Sequence[NDArray[np.int64]] | None = None,
) -> float:
    """Return the two-sided p of approximate randomisation for the difference of macro-F1.

    If it made no difference which of two classifiers spoke, an image's two predictions could be
    exchanged: so they are, each pair with probability 1/2, and p is how often that makes a
    difference as large as the observed one (Noreen 1989; Yeh 2000, arXiv cs/0008005).

    Parameters
    ----------
    labels, one, two
        For each seed (N,): classes, and what either predicted. Macro-F1 is averaged over seeds.
    classes
        C, the fixed number of classes.
    rng, draws
        Random numbers, and how many exchanges are tried.
    groups
        For each seed (N,) numbers, or None where images are independent. A group is exchanged
        whole, also over seeds and whatever the classes of its images, as they would be right or
        wrong together: exchanged singly, two classifiers of one law differ in .25 of trials.
    """
    differ = [a != b for a, b in zip(one, two, strict=True)]
    observed, drawn = np.zeros(1), np.zeros(draws)
    for truth, a, b, differs in zip(labels, one, two, differ, strict=True):
        observed += _difference(truth, a, b, classes, np.zeros((1, int(differs.sum())), bool))
    for s, part, exchanged in _exchanges(rng, draws, differ, groups):
        drawn[part] += _difference(labels[s], one[s], two[s], classes, exchanged)
    # what rounding alone keeps from being as large is as large
    as_large = int((np.abs(drawn) >= np.abs(observed) - 1e-12).sum())
    return (1 + as_large) / (1 + draws)


def sign_flip_test(differences: Floats) -> float:
    """Return the two-sided p of the mean of differences (n,), one a seed; NaN for a single one.

    If strategy and baseline were the same, every difference could as well have the other sign.
    Exact up to 13 seeds. The smallest possible p is 2 / 2^n: .25 for 3 seeds, .008 for 8.
    """
    if len(differences) < 2:
        return float("nan")  # one sign tests nothing
    result = permutation_test(
        (differences,),
        lambda values, axis: values.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=DRAWS,
        rng=np.random.default_rng(0),
    )
    return float(result.pvalue)


def min_seeds(tests: int, level: float = 0.05) -> int:
    """Return how many seeds the sign-flip test needs to reach `level` by Holm in so many tests.

    >>> least_seeds(5), least_seeds(7)
    (8, 9)
    """
    return math.ceil(math.log2(2 * tests / level))


def holm(p: Floats) -> Floats:
    """Return p (n,) adjusted for n tests at once (Holm 1979); NaN where there was no test."""
    from statsmodels.stats.multitest import multipletests

    adjusted, tested = np.full(len(p), np.nan), ~np.isnan(p)
    if tested.any():
        adjusted[tested] = multipletests(p[tested], method="holm")[1]
    return adjusted


def _exchanges(
    rng: np.random.Generator,
    draws: int,
    differ: Sequence[NDArray[np.bool_]],
    groups: Sequence[NDArray[np.int64]] | None,
) -> Iterator[tuple[int, slice, NDArray[np.bool_]]]:
    """Yield a seed, some of the draws (d) and which images (d, n) of those that differ change."""
    begins = range(0, draws, _DRAWS_AT_ONCE)
    parts = [slice(begun, min(begun + _DRAWS_AT_ONCE, draws)) for begun in begins]
    if groups is None:
        for s, differs in enumerate(differ):
            for part in parts:
                yield s, part, _coins(rng, part.stop - part.start, int(differs.sum()))
        return
    named = [group[differs] for group, differs in zip(groups, differ, strict=True)]
    coins, coin = np.unique(np.concatenate(named), return_inverse=True)  # which one an image obeys
    ends = np.cumsum([len(names) for names in named])
    for part in parts:
        tossed = _coins(rng, part.stop - part.start, len(coins))
        for s, obeyed in enumerate(np.split(coin, ends[:-1])):
            yield s, part, tossed[:, obeyed]


def _coins(rng: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    """Toss rows x columns coins, eight a random byte."""
    tossed = rng.integers(0, 256, (rows, -(-columns // 8)), np.uint8)
    return np.unpackbits(tossed, axis=1, count=columns).astype(bool)


def _difference(
    labels: NDArray[np.int64],
    one: NDArray[np.int64],
    two: NDArray[np.int64],
    classes: int,
    exchanged: NDArray[np.bool_],
) -> Floats:
    """Return macro-F1 of `one` minus that of `two`, (D,), if images change hands.

    `exchanged` (D, n) says so for the n images on which the two differ; all others can't matter.
    """
    differ = one != two
    truth, a, b = labels[differ], one[differ], two[differ]
    moved = exchanged.astype(float)
    # (D, C): what `one` calls more, and `two` less; and how often that is right
    called = moved @ one_hot(b, classes) - moved @ one_hot(a, classes)
    hits = (moved * ((b == truth) * 1.0 - (a == truth))) @ one_hot(truth, classes)
    support = np.bincount(labels, minlength=classes)
    f1 = []
    for predicted, sign in ((one, 1), (two, -1)):
        right = np.bincount(labels[predicted == labels], minlength=classes)
        all_ = np.bincount(predicted, minlength=classes)
        now, right_now = all_ + sign * called, right + sign * hits  # (D, C)
        f1.append(ratio(2 * right_now, support + now))
    return (f1[0] - f1[1]).mean(1)
