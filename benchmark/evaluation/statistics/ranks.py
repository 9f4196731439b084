"""Strategies over several data sets: ranks, and which pairs differ.

Pairs are tested by Wilcoxon's signed ranks and corrected by Holm, not by a post-hoc test on mean
ranks like Nemenyi's (Demšar 2006, JMLR 7): "the outcome of the mean-ranks test depends on the pool
of algorithms originally included in the experiment" (Benavoli, Corani & Mangili 2016, JMLR 17(5)),
so two strategies would differ or not according to which others stand beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, wilcoxon

from benchmark.evaluation.statistics import LEVEL, Floats
from benchmark.evaluation.statistics.paired_tests import holm, sign_flip_test

ALPHA = 1 - LEVEL  # for all pairs together
_DIGITS = 12  # what rounding alone tells apart is a tie


@dataclass(frozen=True)
class Pair:
    """Two strategies, by their places, over the data sets that have a score of both."""

    one: int
    two: int
    datasets: int
    higher: int  # on so many data sets `one` scores higher
    lower: int
    median: float  # of one minus two; NaN without a data set
    balance: float  # of the signed ranks: above 0 where `one` is the higher by the test
    p: float
    p_holm: float

    @property
    def differ(self) -> bool:
        """Whether the difference is significant after Holm's correction."""
        return self.p_holm <= ALPHA  # False for NaN


def ranks(scores: Floats, more_is_better: bool = True) -> Floats:
    """Rank scores (S, D) on each data set: 1 is best, ties share their mean rank, NaN stays NaN."""
    rounded = np.round(scores, _DIGITS)
    return rankdata(-rounded if more_is_better else rounded, axis=0, nan_policy="omit")


def mean_ranks(ranked: Floats) -> tuple[Floats, int]:
    """Return the mean (S,) of ranks (S, D) over the data sets that rank all, and their number."""
    whole = ranked[:, ~np.isnan(ranked).any(axis=0)]
    number = whole.shape[1]
    return (whole.mean(axis=1) if number else np.full(len(ranked), np.nan)), number


def signed_rank_test(differences: Floats) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test of differences (n,), one a data set.

    Exact: each difference could as well have the other sign. Zeros are left out; where differences
    tie, their ranks are means and all 2^n signs are tried (10,000 draws beyond 13 data sets). The
    smallest possible p is 2 / 2^n: .25 for 3 data sets, .031 for 6. Wilcoxon 1945, Biometrics
    Bulletin 1(6).
    """
    signed = signed_ranks(differences)
    if len(signed) < 2:
        return 1.0
    if len(np.unique(np.abs(signed))) == len(signed):
        return float(wilcoxon(signed, method="exact").pvalue)
    return sign_flip_test(signed)


def signed_ranks(differences: Floats) -> Floats:
    """Return the ranks (m,) of the sizes of those differences (n,) that are not 0, with signs."""
    rounded = np.round(differences, _DIGITS)
    rounded = rounded[rounded != 0]
    return np.sign(rounded) * rankdata(np.abs(rounded))


def pairwise(scores: Floats) -> list[Pair]:
    """Compare every two strategies over data sets: scores (S, D), NaN where there is none.

    A pair is compared on the data sets that have both, whatever a third one did there.
    """
    found = []
    for one, two in combinations(range(len(scores)), 2):
        difference = np.round(scores[one] - scores[two], _DIGITS)
        difference = difference[~np.isnan(difference)]
        n = len(difference)
        signs = int((difference > 0).sum()), int((difference < 0).sum())
        median = float(np.median(difference)) if n else np.nan
        balance = float(signed_ranks(difference).sum())
        p = signed_rank_test(difference) if n else np.nan
        found.append((one, two, n, *signs, median, balance, p))
    adjusted = holm(np.array([row[-1] for row in found], dtype=float))
    return [Pair(*row, float(p)) for row, p in zip(found, adjusted, strict=True)]


def min_datasets(tests: int) -> int:
    """Return how many data sets it takes until the smallest p, times `tests`, is at most ALPHA.

    >>> least_datasets(1), least_datasets(15)
    (6, 10)
    """
    n = 1
    while tests * 2 / 2**n > ALPHA:
        n += 1
    return n


def groups(strategies: int, pairs: Sequence[Pair]) -> list[tuple[int, ...]]:
    """Return the largest sets, of two or more strategies, in which no pair differs.

    Not every such set is a stretch of neighbours on the axis of mean ranks: tests of pairs can set
    the middle one of three apart.
    """
    alike = np.ones((strategies, strategies), bool)
    for pair in pairs:
        alike[pair.one, pair.two] = alike[pair.two, pair.one] = not pair.differ
    np.fill_diagonal(alike, False)
    everyone = frozenset(range(strategies))
    found = _cliques(alike, frozenset(), everyone, frozenset())
    return sorted(tuple(sorted(members)) for members in found if len(members) > 1)


def _cliques(
    alike: NDArray[np.bool_], members: frozenset[int], open_: frozenset[int], done: frozenset[int]
) -> Iterator[frozenset[int]]:
    """Yield maximal cliques that hold `members` (Bron & Kerbosch 1973, with a pivot)."""
    if not open_ and not done:
        yield members
        return
    beside = {one: frozenset(np.flatnonzero(alike[one]).tolist()) for one in open_ | done}
    pivot = max(sorted(beside), key=lambda one: len(beside[one] & open_))
    for one in sorted(open_ - beside[pivot]):
        yield from _cliques(alike, members | {one}, open_ & beside[one], done & beside[one])
        open_, done = open_ - {one}, done | {one}
