"""Ranks and pairs over data sets, against a published table, scipy and plain counting."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from scipy.stats import rankdata, wilcoxon

from benchmark.evaluation.statistics.ranks import (
    ALPHA,
    Pair,
    cliques,
    mean_ranks,
    min_datasets,
    pairwise,
    ranks,
    signed_rank_test,
)

# Demšar 2006, table 6: AUC of C4.5 with no, one, another and both tunings on 14 data sets. The two
# last numbers of "voting" are both printed .975, but ranked 2 and 3.
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9752, 0.9748],
        [0.957, 0.978, 0.946, 0.970],
    ]
).T


def by_counting(differences: np.ndarray) -> float:
    """Two-sided p of the signed ranks: all signs tried, one by one."""
    differences = differences[differences != 0]
    size = rankdata(abs(differences))
    observed = abs((np.sign(differences) * size).sum())
    every = [abs(np.dot(signs, size)) for signs in product((-1, 1), repeat=len(size))]
    return float(np.mean([sum_ >= observed - 1e-9 for sum_ in every]))


def test_mean_ranks_are_those_of_demsars_example() -> None:
    means, number = mean_ranks(ranks(DEMSAR))
    assert means.round(3).tolist() == [3.143, 2.0, 2.893, 1.964]
    assert number == 14


def test_the_best_has_rank_1_whichever_way_is_better() -> None:
    scores = np.array([[0.3, 0.2], [0.1, 0.2], [0.2, np.nan]])
    np.testing.assert_array_equal(ranks(scores), [[1, 1.5], [3, 1.5], [2, np.nan]])
    np.testing.assert_array_equal(ranks(scores, False), [[3, 1.5], [1, 1.5], [2, np.nan]])
    means, number = mean_ranks(ranks(scores))
    assert (means.tolist(), number) == ([1, 3, 2], 1)
    assert np.isnan(mean_ranks(ranks(scores[:, 1:]))[0]).all()


def test_scores_that_differ_by_rounding_alone_are_a_tie() -> None:
    assert ranks(np.array([[0.1 + 0.2], [0.3]])).tolist() == [[1.5], [1.5]]
    assert signed_rank_test(np.array([0.1 + 0.2 - 0.3] * 6)) == 1


@pytest.mark.parametrize("n", [2, 3, 6, 9, 20])
def test_without_ties_p_is_scipys(n: int) -> None:
    differences = np.random.default_rng(n).normal(0.4, 1, n)
    expected = wilcoxon(differences, method="exact").pvalue
    assert signed_rank_test(differences) == pytest.approx(expected, rel=1e-9)
    assert signed_rank_test(-differences) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_with_ties_and_zeros_p_is_exact_too(seed: int) -> None:
    rng = np.random.default_rng(seed)
    differences = rng.integers(-2, 4, rng.integers(4, 11)).astype(float)
    assert signed_rank_test(differences) == pytest.approx(by_counting(differences), abs=1e-12)


@pytest.mark.parametrize(("n", "p"), [(1, 1), (2, 0.5), (3, 0.25), (6, 0.03125), (10, 2 / 1024)])
def test_the_smallest_p_is_2_in_2_to_the_n(n: int, p: float) -> None:
    assert signed_rank_test(np.arange(1.0, n + 1)) == pytest.approx(p)
    assert signed_rank_test(np.ones(n)) == pytest.approx(p)  # ties


def test_equal_scores_have_no_rank() -> None:
    """Ranked with the others, the two zeros would make the sum of .1, .2 and -.3 positive."""
    (pair,) = pairwise(np.array([[0.5, 0.5, 0.6, 0.7, 0.2], [0.5, 0.5, 0.5, 0.5, 0.5]]))
    assert (pair.datasets, pair.wins, pair.losses) == (5, 2, 1)
    assert pair.signed_rank_sum == 0
    assert pair.p == signed_rank_test(np.array([0.1, 0.2, -0.3])) == 1


def test_a_pair_is_compared_where_both_finished_whatever_a_third_did() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random((3, 8))
    scores[1, 0] = scores[2, 1] = np.nan
    pairs = {(pair.a, pair.b): pair for pair in pairwise(scores)}
    assert [pairs[key].datasets for key in ((0, 1), (0, 2), (1, 2))] == [7, 7, 6]
    alone = pairwise(scores[:2])[0]
    together = pairs[0, 1]
    assert (together.p, together.median) == (alone.p, alone.median)
    difference = (scores[0] - scores[1])[1:]
    assert together.p == pytest.approx(by_counting(difference))
    assert together.median == pytest.approx(np.median(difference))
    assert (together.wins, together.losses) == ((difference > 0).sum(), (difference < 0).sum())


def test_holm_is_over_all_pairs() -> None:
    scores = np.cumsum(np.random.default_rng(3).random((4, 12)) - 0.3, axis=0)
    pairs = pairwise(scores)
    p = np.sort([pair.p for pair in pairs])
    steps = np.maximum.accumulate(p * (len(p) - np.arange(len(p)))).clip(max=1)
    assert sorted(pair.p_adj for pair in pairs) == pytest.approx(steps.tolist())


def test_a_pair_without_a_data_set_is_not_tested() -> None:
    scores = np.array([[1.0, np.nan, 0.5], [np.nan, 2.0, np.nan], [0.5, 1.0, 0.2]])
    first = pairwise(scores)[0]
    assert first.datasets == 0
    assert np.isnan([first.p, first.p_adj, first.median]).all()
    assert not first.is_significant


@pytest.mark.parametrize("strategies", [2, 3, 6, 10])
def test_nothing_is_significant_below_the_minimum_number_of_data_sets(strategies: int) -> None:
    """Planted: every strategy beats the next one everywhere, by more on every data set."""
    tests = strategies * (strategies - 1) // 2
    needed = min_datasets(tests)
    assert 2 / 2**needed * tests <= ALPHA < 2 / 2 ** (needed - 1) * tests
    sizes = np.arange(1, needed + 1) + np.random.default_rng(0).random(needed)
    scores = -np.arange(strategies)[:, None] * sizes
    assert not any(pair.is_significant for pair in pairwise(scores[:, : needed - 1]))
    assert all(pair.is_significant for pair in pairwise(scores))
    assert all(pair.signed_rank_sum > 0 for pair in pairwise(scores))


def pairs_that_differ(strategies: int, differ: set[tuple[int, int]]) -> list[Pair]:
    return [
        Pair(a, b, 12, 6, 6, 0, 0, 0.001, 0.01 if (a, b) in differ else 0.6)
        for a, b in combinations(range(strategies), 2)
    ]


@pytest.mark.parametrize(
    ("differ", "expected"),
    [
        (set(), [(0, 1, 2)]),
        ({(0, 2)}, [(0, 1), (1, 2)]),
        ({(0, 1), (1, 2)}, [(0, 2)]),  # without the strategy between them
        ({(0, 1), (0, 2), (1, 2)}, []),
    ],
)
def test_cliques_hold_no_pair_that_differs(differ: set, expected: list) -> None:
    assert cliques(3, pairs_that_differ(3, differ)) == expected


@pytest.mark.parametrize("seed", range(5))
def test_cliques_are_the_largest_sets_without_a_pair_that_differs(seed: int) -> None:
    rng, strategies = np.random.default_rng(seed), 7
    differ = {pair for pair in combinations(range(strategies), 2) if rng.random() < 0.35}
    sets = [
        set(members)
        for size in range(2, strategies + 1)
        for members in combinations(range(strategies), size)
        if not differ & set(combinations(members, 2))
    ]
    largest = [tuple(sorted(members)) for members in sets if not any(members < o for o in sets)]
    assert cliques(strategies, pairs_that_differ(strategies, differ)) == sorted(largest)


def test_many_strategies_alike_are_one_group_at_once() -> None:
    assert cliques(40, pairs_that_differ(40, set())) == [tuple(range(40))]
