"""Strategies over several data sets: ranks, and the pairs that differ.

Pairs are tested by Wilcoxon's signed ranks and corrected by Holm, not by a post-hoc test on mean
ranks like Nemenyi's (Demšar 2006, JMLR 7): "the outcome of the mean-ranks test depends on the pool
of algorithms originally included in the experiment" (Benavoli, Corani & Mangili 2016, JMLR 17(5)),
so the result for two strategies would depend on the other strategies of the comparison.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, count

import networkx
import numpy as np
from scipy.stats import PermutationMethod, rankdata, wilcoxon

from benchmark.evaluation.statistics import LEVEL, Floats
from benchmark.evaluation.statistics.paired_tests import DRAWS, holm

ALPHA = 1 - LEVEL  # for all pairs together
_DIGITS = 12  # smaller differences are rounding, and count as a tie


@dataclass(frozen=True)
class Pair:
    """Two strategies a and b, by index, over the data sets that have a score of both."""

    a: int
    b: int
    datasets: int
    wins: int  # data sets on which a scores higher than b
    losses: int  # data sets on which a scores lower than b
    median: float  # of a minus b; NaN without a data set
    signed_rank_sum: float  # above 0 where a is the higher by the test
    p: float  # of the signed-rank test
    p_adj: float  # by Holm, for all pairs

    @property
    def is_significant(self) -> bool:
        """Whether the difference is significant after Holm's correction."""
        return self.p_adj <= ALPHA  # False for NaN


def ranks(scores: Floats, more_is_better: bool = True) -> Floats:
    """Rank scores (S, D) on each data set: 1 is best, ties share their mean rank, NaN stays NaN."""
    rounded = np.round(scores, _DIGITS)
    return rankdata(-rounded if more_is_better else rounded, axis=0, nan_policy="omit")


def mean_ranks(ranked: Floats) -> tuple[Floats, int]:
    """Return the mean (S,) of ranks (S, D) over the data sets that rank all, and their number."""
    complete = ranked[:, ~np.isnan(ranked).any(axis=0)]
    number = complete.shape[1]
    return (complete.mean(axis=1) if number else np.full(len(ranked), np.nan)), number


def signed_rank_test(differences: Floats) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test of differences (n,), one per data set.

    Exact: each difference could as well have the other sign. Zeros are left out; where differences
    tie, their ranks are means and all 2^n signs are tried (10,000 draws beyond 13 data sets). The
    smallest possible p is 2 / 2^n: .25 for 3 data sets, .031 for 6. Wilcoxon 1945, Biometrics
    Bulletin 1(6).
    """
    nonzero = _nonzero(differences)
    if not len(nonzero):
        return 1.0
    ties = len(np.unique(np.abs(nonzero))) < len(nonzero)
    signs = PermutationMethod(n_resamples=DRAWS, rng=np.random.default_rng(0))
    return float(wilcoxon(nonzero, method=signs if ties else "exact").pvalue)


def pairwise(scores: Floats) -> list[Pair]:
    """Compare every two strategies over data sets: scores (S, D), NaN where there is none.

    A pair is compared on the data sets that have both, whatever other strategies lack there.
    """
    rows = []
    for a, b in combinations(range(len(scores)), 2):
        difference = np.round(scores[a] - scores[b], _DIGITS)
        difference = difference[~np.isnan(difference)]
        n = len(difference)
        wins, losses = int((difference > 0).sum()), int((difference < 0).sum())
        median = float(np.median(difference)) if n else np.nan
        nonzero = _nonzero(difference)
        rank_sum = float((np.sign(nonzero) * rankdata(np.abs(nonzero))).sum())
        p = signed_rank_test(difference) if n else np.nan
        rows.append((a, b, n, wins, losses, median, rank_sum, p))
    adjusted = holm(np.array([row[-1] for row in rows], dtype=float))
    return [Pair(*row, float(p)) for row, p in zip(rows, adjusted, strict=True)]


def min_datasets(tests: int) -> int:
    """Return how many data sets it takes until the smallest p, times `tests`, is at most ALPHA.

    >>> min_datasets(1), min_datasets(15)
    (6, 10)
    """
    return next(n for n in count(1) if tests * 2 / 2**n <= ALPHA)


def cliques(strategies: int, pairs: Sequence[Pair]) -> list[tuple[int, ...]]:
    """Return the largest sets, of two or more strategies, in which no pair differs.

    A set need not be a range of neighbours on the axis of mean ranks: the middle one of three
    strategies can differ from one of the others while these do not differ.
    """
    graph = networkx.Graph()
    graph.add_nodes_from(range(strategies))
    graph.add_edges_from((pair.a, pair.b) for pair in pairs if not pair.is_significant)
    maximal = (tuple(sorted(members)) for members in networkx.find_cliques(graph))
    return sorted(members for members in maximal if len(members) > 1)


def _nonzero(differences: Floats) -> Floats:
    rounded = np.round(differences, _DIGITS)
    return rounded[rounded != 0]
