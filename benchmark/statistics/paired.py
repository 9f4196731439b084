"""Is a strategy different from the control? Two tests, which answer two questions.

On the same test images: would these trained networks differ on other images? Over seeds: would
another training, on another split, differ again?
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import permutation_test

from benchmark.statistics.cells import Floats, one_hot, ratio

DRAWS = 10_000
_DRAWS_AT_ONCE = 1000


def randomisation_test(
    labels: Sequence[NDArray[np.int64]],
    one: Sequence[NDArray[np.int64]],
    two: Sequence[NDArray[np.int64]],
    classes: int,
    rng: np.random.Generator,
    draws: int = DRAWS,
    groups: Sequence[NDArray[np.int64] | None] | None = None,
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
        For each seed (N,), or None where images are independent: a group is exchanged whole,
        whatever the classes of its images, since they would be right or wrong together.
    """
    observed = np.zeros(1)
    drawn = np.zeros(draws)
    for s, (truth, a, b) in enumerate(zip(labels, one, two, strict=True)):
        observed += _difference(truth, a, b, classes, np.zeros((1, int((a != b).sum())), bool))
        group = groups[s] if groups else None
        coins, coin = int((a != b).sum()), None
        if group is not None:
            coin = np.unique(group[a != b], return_inverse=True)[1]  # which one an image obeys
            coins = int(coin.max(initial=-1)) + 1
        for begun in range(0, draws, _DRAWS_AT_ONCE):
            part = slice(begun, min(begun + _DRAWS_AT_ONCE, draws))
            exchanged = _coins(rng, part.stop - begun, coins)
            exchanged = exchanged if coin is None else exchanged[:, coin]
            drawn[part] += _difference(truth, a, b, classes, exchanged)
    # what rounding alone keeps from being as large is as large
    as_large = int((np.abs(drawn) >= np.abs(observed) - 1e-12).sum())
    return (1 + as_large) / (1 + draws)


def sign_flip_test(differences: Floats) -> float:
    """Return the two-sided p of the mean of differences (n,), one a seed; NaN for a single one.

    If strategy and control were the same, every difference could as well have the other sign.
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


def holm(p: Floats) -> Floats:
    """Return p (n,) adjusted for n tests at once (Holm 1979); NaN where there was no test."""
    from statsmodels.stats.multitest import multipletests

    adjusted, tested = np.full(len(p), np.nan), ~np.isnan(p)
    if tested.any():
        adjusted[tested] = multipletests(p[tested], method="holm")[1]
    return adjusted


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
