"""Intervals of a share and of its change: a library's where there is one, and covering."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest, norm

from benchmark.evaluation.statistics.proportions import paired_proportion_difference_ci, wilson
from tests.evaluation.statistics.synthetic import exact_coverage


def bounds(n):
    return wilson(np.arange(n + 1), np.full(n + 1, n))


@pytest.mark.parametrize("n", [1, 7, 50, 51, 200])
def test_away_from_the_ends_it_is_scipys_wilson(n):
    low, high = bounds(n)
    posthoc_scores = 2 if n <= 50 else 3
    for k in range(n + 1):
        theirs = binomtest(k, n).proportion_ci(method="wilson")
        if not 1 <= k <= posthoc_scores:
            assert low[k] == pytest.approx(theirs.low, abs=1e-12)
        if not 1 <= n - k <= posthoc_scores:
            assert high[k] == pytest.approx(theirs.high, abs=1e-12)
    np.testing.assert_allclose(low, 1 - high[::-1], atol=1e-12)


def test_none_of_ten_may_be_a_quarter():
    low, high = bounds(10)
    assert low[0] == 0
    assert high[0] == pytest.approx(0.278, abs=5e-4)


def test_a_class_without_images_has_no_interval():
    low, high = wilson(np.array([0, 1]), np.array([0, 2]))
    assert np.isnan([low[0], high[0]]).all()
    assert np.isfinite([low[1], high[1]]).all()


def test_every_true_share_is_covered():
    """Exactly, by summing the binomial: on average, and at the worst share."""
    p = np.linspace(0.0005, 0.9995, 1999)
    for n in range(5, 101):
        low, high = (bound[:, None] for bound in bounds(n))
        held = (low <= p) & (p <= high)
        coverage = (held * binom.pmf(np.arange(n + 1)[:, None], n, p)).sum(0)
        assert coverage.mean() >= 0.945, n
        assert coverage.min() >= 0.89, n


def test_no_image_of_ten_that_changes_hands_may_still_be_a_change():
    low, high = paired_proportion_difference_ci(
        np.array([0, 0]), np.array([0, 0]), np.array([10, 0])
    )
    assert -low[0] == high[0] == pytest.approx(0.231, abs=5e-4)
    assert np.isnan([low[1], high[1]]).all(), "no images"


def test_a_change_has_walds_interval_of_one_image_more_each_way():
    """By hand: 7 gained and 1 lost of 30 are 8 and 2 of 32."""
    low, high = paired_proportion_difference_ci(np.array([7]), np.array([1]), np.array([30]))
    half = 1.959964 * np.sqrt((10 / 32 - (6 / 32) ** 2) / 32)
    assert (low[0], high[0]) == pytest.approx((6 / 32 - half, 6 / 32 + half), abs=1e-6)
    other = paired_proportion_difference_ci(np.array([1]), np.array([7]), np.array([30]))
    assert (-high[0], -low[0]) == pytest.approx((other[0][0], other[1][0]))
    wider = paired_proportion_difference_ci(
        np.array([7]), np.array([1]), np.array([30]), level=0.999
    )
    assert (wider[1] - wider[0])[0] == pytest.approx(2 * half * norm.isf(0.0005) / 1.959964)


@pytest.mark.parametrize("n", [1, 3, 8, 30])
def test_every_true_change_is_covered(n):
    """Exactly, by summing over every outcome; up to 100 images in test_simulations.py."""
    held, _ = exact_coverage(n, paired_proportion_difference_ci)
    assert held.mean() >= 0.95
    assert held.min() >= 0.92


def test_an_interval_of_a_change_holds_what_was_seen():
    for n in (1, 2, 5, 40):
        for gained in range(n + 1):
            low, high = paired_proportion_difference_ci(
                *(np.array([k]) for k in (gained, n - gained, n))
            )
            assert low[0] <= (2 * gained - n) / n <= high[0]
