"""The stored thresholds give what a threshold that is fitted anew gives."""

import math

import numpy as np
import pytest

from benchmark.evaluation.abstention import choose_threshold
from benchmark.inference.abstention import error_by_threshold, threshold_for


@pytest.mark.parametrize("seed", range(5))
def test_each_share_of_errors_has_the_fitted_threshold(seed):
    rng = np.random.default_rng(seed)
    confidence = rng.integers(1, 20, 60) / 20  # with ties
    correct = rng.random(60) < confidence
    pairs = error_by_threshold(correct, confidence)
    for max_error in (0.0, 0.01, 0.05, 0.1, 0.2, 1 / 3, 0.5, 0.9):
        expected = choose_threshold(correct, confidence, max_error)
        assert threshold_for(pairs, max_error) == expected


def test_nothing_is_kept_where_every_threshold_has_errors():
    pairs = error_by_threshold(np.array([False, True]), np.array([0.9, 0.1]))
    assert math.isinf(threshold_for(pairs, 0.2))
    assert math.isinf(threshold_for((), 0.2))


@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan"), "0.05", None])
def test_a_share_is_wanted(value):
    with pytest.raises(ValueError, match=r"max-error .* is not allowed; allowed: a share from 0"):
        threshold_for((), value)
