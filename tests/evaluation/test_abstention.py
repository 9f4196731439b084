"""Error against coverage, and the threshold below which a classifier abstains."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from benchmark.evaluation.abstention import (
    choose_threshold,
    error_coverage_curve,
    kept_at_coverage,
    kept_images,
)

CORRECT = np.array([True, True, False, True, False])
CONFIDENCE = np.array([0.9, 0.8, 0.8, 0.6, 0.3])


def test_the_curve_has_a_point_for_each_confidence_the_highest_first():
    curve = error_coverage_curve(CORRECT, CONFIDENCE)
    assert curve.thresholds.tolist() == [0.9, 0.8, 0.6, 0.3]
    assert curve.kept.tolist() == [1, 3, 4, 5]
    assert curve.errors.tolist() == [0, 1, 1, 2]


def test_the_threshold_is_the_smallest_confidence_that_keeps_the_error_down():
    assert choose_threshold(CORRECT, CONFIDENCE, 0.4) == 0.3
    assert choose_threshold(CORRECT, CONFIDENCE, 0.25) == 0.6
    assert choose_threshold(CORRECT, CONFIDENCE, 0.2) == 0.9
    assert choose_threshold(CORRECT, CONFIDENCE, 0.0) == 0.9


def test_a_threshold_may_lie_beyond_one_that_leaves_more_errors():
    correct = np.array([False, *[True] * 9])
    confidence = np.linspace(0.9, 0.1, 10)
    assert choose_threshold(correct, confidence, 0.1) == pytest.approx(0.1)


def test_images_of_equal_confidence_are_kept_together():
    assert choose_threshold(np.array([True, False]), np.array([0.7, 0.7]), 0.1) == math.inf
    assert choose_threshold(np.array([True, False]), np.array([0.7, 0.7]), 0.5) == 0.7


def test_without_a_threshold_that_helps_nothing_is_kept():
    wrong = np.zeros(3, bool)
    threshold = choose_threshold(wrong, np.array([0.5, 0.6, 0.7]), 0.05)
    assert threshold == math.inf
    kept = kept_images(wrong, np.array([0.5, 0.6, 0.7]), threshold)
    assert (kept.kept, kept.coverage) == (0, 0.0)
    assert math.isnan(kept.error)
    assert math.isnan(kept.error_low)
    assert choose_threshold(wrong[:0], np.empty(0), 0.05) == math.inf


def test_five_of_a_hundred_are_five_per_cent():
    for images in range(20, 2001, 20):
        correct = np.arange(images) >= images // 20
        assert choose_threshold(correct, np.full(images, 0.5), 0.05) == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_the_threshold_is_that_of_trying_each(seed):
    rng = np.random.default_rng(seed)
    confidence = rng.random(60).round(1)
    correct = rng.random(60) < confidence
    tried = {t: (~correct)[confidence >= t].mean() for t in np.unique(confidence)}
    for max_error in (0.0, 0.1, 0.3):
        allowed = [t for t, error in tried.items() if error <= max_error]
        expected = min(allowed, default=math.inf)
        assert choose_threshold(correct, confidence, max_error) == expected


def test_the_error_at_a_coverage_shares_ties_out():
    shares = np.array([1, 0.6, 0.4, 0.2, 0.01])
    coverage, error = kept_at_coverage(CORRECT, CONFIDENCE, shares)
    assert coverage == pytest.approx([1, 0.6, 0.4, 0.2, 0.2])  # one image at least
    assert error == pytest.approx([2 / 5, 1 / 3, 0.5 / 2, 0, 0])  # at .4 one of two, one is wrong
    assert np.isnan(kept_at_coverage(CORRECT[:0], CONFIDENCE[:0], shares)).all()


def test_of_some_images_as_many_are_kept_as_all_images_leave():
    chosen = np.array([False, False, True, True, True])
    shares = np.array([1, 0.8, 0.4, 0.2])
    coverage, error = kept_at_coverage(CORRECT, CONFIDENCE, shares, chosen)
    assert coverage == pytest.approx([1, 2 / 3, 0.5 / 3, 0])
    assert error[:3] == pytest.approx([2 / 3, 1 / 2, 1])
    assert math.isnan(error[3])


def test_other_images_have_exact_intervals():
    kept = kept_images(CORRECT, CONFIDENCE, 0.8)
    assert (kept.images, kept.kept) == (5, 3)
    coverage = binomtest(3, 5).proportion_ci(method="exact")
    error = binomtest(1, 3).proportion_ci(method="exact")
    assert (kept.coverage, kept.coverage_low, kept.coverage_high) == pytest.approx((0.6, *coverage))
    assert (kept.error, kept.error_low, kept.error_high) == pytest.approx((1 / 3, *error))


def test_images_in_groups_widen_the_intervals():
    correct, confidence = np.repeat(CORRECT, 8), np.repeat(CONFIDENCE, 8)
    alone = kept_images(correct, confidence, 0.8)
    grouped = kept_images(correct, confidence, 0.8, np.repeat(["a", "b", "c", "d", "e"], 8))
    assert grouped.coverage == alone.coverage
    assert grouped.error == alone.error
    assert grouped.coverage_low < alone.coverage_low - 0.1
    assert grouped.error_high > alone.error_high + 0.1


@pytest.mark.parametrize("max_error", [-0.1, 1.0, 5.0, math.nan])
def test_a_largest_error_that_is_no_share_is_refused(max_error):
    with pytest.raises(ValueError, match=r"allowed: a share from 0 to below 1, like \.05"):
        choose_threshold(CORRECT, CONFIDENCE, max_error)


def test_arrays_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="one number each for every image"):
        choose_threshold(CORRECT, CONFIDENCE[:-1], 0.05)
