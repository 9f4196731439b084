"""Agreement of rankings: against scipy, by hand, and the levels of both tests."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from benchmark.evaluation.statistics.agreement import (
    axis_effect,
    concordance,
    kendall_taus,
    min_p_of_axis_effect,
    reversed_pairs,
)

FIVE = np.array([0.1, 0.2, 0.3, 0.4, 0.5])


def test_taus_are_scipys_with_ties():
    rng = np.random.default_rng(0)
    for _ in range(50):
        scores = rng.integers(0, 4, (7, 3)) / 10
        taus = kendall_taus(scores)
        expected = [[kendalltau(a, b).statistic for a in scores.T] for b in scores.T]
        np.testing.assert_allclose(taus, expected, atol=1e-12)


def test_a_difference_of_rounding_is_a_tie():
    scores = np.array([[0.1 + 0.2, 0.1], [0.3, 0.2], [0.4, 0.3]])
    assert kendall_taus(scores)[0, 1] == pytest.approx(kendalltau([3, 3, 4], [1, 2, 3]).statistic)


def test_pairs_that_change_their_order_by_hand():
    assert reversed_pairs(FIVE, FIVE) == 0
    assert reversed_pairs(FIVE, FIVE[::-1]) == 10
    assert reversed_pairs(FIVE, np.array([0.1, 0.2, 0.3, 0.5, 0.4])) == 1
    assert reversed_pairs(FIVE, np.full(5, 0.1)) == 0, "a tie is no other order"


def test_w_by_hand_and_by_spearman():
    """Kendall's W of two rankings is (1 + rho) / 2; three of three that all agree have 1."""
    scores = np.array([FIVE, [0.2, 0.1, 0.3, 0.5, 0.4]]).T
    assert concordance(scores).w == pytest.approx((1 + spearmanr(*scores.T).statistic) / 2)
    assert concordance(np.array([FIVE] * 3).T).w == pytest.approx(1)
    # Kendall & Gibbons 1990: rank sums of three rankings of three that cancel are all alike
    latin = np.array([[1, 2, 3], [2, 3, 1], [3, 1, 2]]).T / 10
    assert concordance(latin).w == pytest.approx(0)


def test_the_p_of_w_counts_all_orders():
    scores = np.array([[1, 2, 3, 4], [1, 2, 4, 3]]).T / 10
    sums = [np.var(np.array([1, 2, 3, 4]) + order) for order in permutations((1, 2, 3, 4))]
    exact = np.mean(np.array(sums) >= np.var([2, 4, 7, 7]) - 1e-12)
    assert concordance(scores).p == pytest.approx(exact)


def test_w_needs_three_strategies_and_an_order():
    assert np.isnan(concordance(np.array([[0.1, 0.2], [0.2, 0.1]])).w)
    assert np.isnan(concordance(np.array([FIVE, np.full(5, 0.3)]).T).w)


def scores_of(rng, common, own, noise, strategies=8, settings=2, seeds=8):
    """Scores with a ranking that settings share, of their own, and of each seed."""
    return (
        common * rng.normal(size=(strategies, 1, 1))
        + own * rng.normal(size=(strategies, settings, 1))
        + noise * rng.normal(size=(strategies, settings, seeds))
    )


def test_settings_that_rank_alike_are_called_different_at_the_level():
    rng = np.random.default_rng(0)
    p = [axis_effect(scores_of(rng, 1, 0, 0.7)).p for _ in range(200)]
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)


def test_settings_with_rankings_of_their_own_are_told_from_seeds():
    rng = np.random.default_rng(0)
    results = [axis_effect(scores_of(rng, 0.5, 1, 0.7)) for _ in range(40)]
    assert np.mean([effect.p <= 0.05 for effect in results]) > 0.8
    assert np.mean([effect.within - effect.between for effect in results]) > 0.2


def test_a_level_that_differs_between_settings_is_no_effect():
    scores = scores_of(np.random.default_rng(0), 1, 0, 0.7)
    shifted = scores + np.array([0, 5])[:, None]
    assert axis_effect(shifted) == axis_effect(scores)


def test_the_smallest_p_is_one_over_the_number_of_exchanges():
    planted = np.stack([np.tile(FIVE[:, None], 3), np.tile(FIVE[::-1, None], 3)], axis=1)
    effect = axis_effect(planted)
    assert (effect.within, effect.between) == pytest.approx((1, -1))
    assert effect.p == pytest.approx(min_p_of_axis_effect(2, 3), abs=0.03)


def test_one_seed_has_no_effect():
    with pytest.raises(ValueError, match="two seeds, got 2 and 1"):
        axis_effect(FIVE.reshape(-1, 1, 1) * np.ones((1, 2, 1)))


def test_rankings_that_are_all_ties_are_no_evidence():
    effect = axis_effect(np.zeros((3, 4, 2)))
    assert effect.p == 1
    assert np.isnan(effect.within)
