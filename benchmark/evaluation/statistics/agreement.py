"""How far several rankings of the same strategies agree: Kendall's tau and W."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray
from scipy.stats import friedmanchisquare, permutation_test, rankdata

from benchmark.evaluation.statistics import Floats
from benchmark.evaluation.statistics.paired_tests import DRAWS

_DIGITS = 12  # smaller differences are rounding, and count as a tie
_EXCHANGES = 1000


@dataclass(frozen=True)
class Concordance:
    """How far D rankings agree, all together."""

    w: float  # Kendall's W: 0 none, 1 all alike; NaN below three strategies
    p: float  # that rankings which have nothing in common agree as much


def pair_orders(scores: Floats) -> Floats:
    """Return for scores (S,) the order of every two, (S (S - 1) / 2,): 1, -1, or 0 for a tie."""
    pairs = np.array(list(combinations(range(len(scores)), 2)), int).reshape(-1, 2)
    return np.sign(np.round(scores[pairs[:, 0]] - scores[pairs[:, 1]], _DIGITS))


def kendall_taus(scores: Floats) -> Floats:
    """Return Kendall's tau-b of every two of D rankings, (D, D), by scores (S, D) without NaN.

    1: the same order; -1: the reverse; NaN where a ranking has no order at all. Ties are corrected
    for (Kendall 1945, Biometrika 33). The diagonal is 1. `scipy.stats.kendalltau` gives the same
    for two rankings at a time.
    """
    orders = np.array([pair_orders(column) for column in scores.T])  # (D, pairs)
    ordered = np.sqrt((orders != 0).sum(1))
    with np.errstate(invalid="ignore"):
        return (orders @ orders.T) / np.outer(ordered, ordered)


def reversed_pairs(a: Floats, b: Floats) -> int:
    """Return how many pairs of strategies have one order by scores a (S,) and the other by b."""
    return int((pair_orders(a) * pair_orders(b) < 0).sum())


def concordance(scores: Floats) -> Concordance:
    """Return Kendall's W of D rankings by scores (S, D) without NaN, with its p-value.

    Kendall & Babington Smith 1939, Annals of Mathematical Statistics 10; ties are corrected for.
    p is how often W is as large when each ranking is in a random order: all orders, or DRAWS of
    them.
    """
    strategies, rankings = scores.shape
    if strategies < 3 or rankings < 2 or not np.isfinite(kendall_taus(scores)).all():
        return Concordance(float("nan"), float("nan"))
    ranked = rankdata(np.round(scores, _DIGITS), axis=0)
    statistic = friedmanchisquare(*ranked).statistic
    test = permutation_test(
        tuple(ranked.T),
        lambda *columns, axis: np.var(np.sum(columns, axis=0), axis=axis),
        permutation_type="pairings",
        alternative="greater",
        n_resamples=DRAWS,
        vectorized=True,
        rng=np.random.default_rng(0),
    )
    return Concordance(float(statistic / (rankings * (strategies - 1))), float(test.pvalue))


@dataclass(frozen=True)
class AxisEffect:
    """Whether rankings differ more between settings than between seeds."""

    within: float  # mean tau of two seeds under the same setting
    between: float  # mean tau of two seeds under different settings
    p: float  # that seeds alone make `within` so much larger than `between`


def axis_effect(scores: Floats) -> AxisEffect:
    """Compare the agreement of rankings within and between settings: scores (S, D, n), n seeds.

    Only different seeds are compared, so that what two rankings share by their split counts for
    neither. If the setting does not matter, the D rankings of a seed could as well have each
    other's settings: p is how often an random exchange within seeds makes the difference
    of the two means as large (a permutation test, Good 2005, section 3).

    Raises
    ------
    ValueError
        For fewer than two settings or seeds.
    """
    strategies, settings, seeds = scores.shape
    if settings < 2 or seeds < 2:
        raise ValueError(f"it takes two settings and two seeds, got {settings} and {seeds}")
    taus = kendall_taus(scores.reshape(strategies, -1))  # (D n, D n)
    seed = np.tile(np.arange(seeds), settings)
    counted = (seed[:, None] != seed) & np.isfinite(taus)
    identity = np.tile(np.arange(settings)[:, None], seeds)  # (D, n) setting of each ranking
    exchanged = np.broadcast_to(identity, (_EXCHANGES, settings, seeds))
    exchanged = np.random.default_rng(0).permuted(exchanged, axis=1)
    labels = np.concatenate([identity[None], exchanged]).reshape(1 + _EXCHANGES, -1)
    within, between = _mean_taus(np.where(counted, taus, 0.0), counted, labels)
    gap = within - between
    # the first is as observed; what has no mean, as of rankings that are all ties, is no evidence
    p = (~(gap < gap[0] - 1e-12)).mean()
    return AxisEffect(float(within[0]), float(between[0]), float(p))


def min_p_of_axis_effect(settings: int, seeds: int) -> float:
    """Return the smallest p that `axis_effect` can have: one over the number of exchanges.

    Exchanging the same settings in every seed changes nothing.

    >>> min_p_of_axis_effect(2, 6), min_p_of_axis_effect(2, 5)
    (0.03125, 0.0625)
    """
    return float(factorial(settings)) ** (1 - seeds)


def _mean_taus(
    taus: Floats, counted: NDArray[np.bool_], labels: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Mean of the counted taus (m, m) of equal and of different labels (k, m) -> (k,) each."""
    members = (labels[:, :, None] == np.unique(labels)).astype(float)  # (k, m, D)
    sums, numbers = (
        np.einsum("kid,kid->k", members, matrix @ members) for matrix in (taus, counted * 1.0)
    )
    with np.errstate(invalid="ignore"):  # NaN where none is counted
        return sums / numbers, (taus.sum() - sums) / (counted.sum() - numbers)
