"""Intervals of a share: the library's where it is left alone, and covering where it is not."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from benchmark.statistics.proportion import wilson


def bounds(n):
    return wilson(np.arange(n + 1), np.full(n + 1, n))


@pytest.mark.parametrize("n", [1, 7, 50, 51, 200])
def test_away_from_the_ends_it_is_scipys_wilson(n):
    low, high = bounds(n)
    corrected = 2 if n <= 50 else 3
    for k in range(n + 1):
        theirs = binomtest(k, n).proportion_ci(method="wilson")
        if not 1 <= k <= corrected:
            assert low[k] == pytest.approx(theirs.low, abs=1e-12)
        if not 1 <= n - k <= corrected:
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
