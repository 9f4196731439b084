"""Means over seeds: Student's where nothing is shared, less sure where test images are."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from benchmark.analysis.confidence import interval, p_over_seeds
from benchmark.evaluation.statistics.across_seeds import (
    corrected_t_test,
    mean_test_overlap,
    t_interval_corrected,
)
from benchmark.evaluation.statistics.paired_tests import sign_flip_test
from tests.evaluation.statistics.synthetic import overlapping_splits


def test_seeds_give_students_interval_wider_if_they_share_their_images():
    values = np.array([[0.1, 0.2, 0.3]])
    low, high = t_interval_corrected(values)
    assert high - low == pytest.approx(2 * 2.484 * 0.1, rel=1e-3)
    shared_low, shared_high = t_interval_corrected(values, np.array([0.05**2]))
    assert (shared_high - shared_low) ** 2 == pytest.approx(
        (high - low) ** 2 + (2 * 1.96 * 0.05) ** 2, rel=1e-3
    )
    nothing, same = t_interval_corrected(np.array([[0.2, 0.2]]))
    assert nothing == same == 0.2


def test_a_mean_of_0_is_tested_as_its_interval_says():
    values = np.array([0.1, 0.02, 0.3, -0.05])
    assert corrected_t_test(values) == pytest.approx(ttest_1samp(values, 0).pvalue, rel=1e-6)
    for shared_variance in (0.0, 0.03**2):
        p = corrected_t_test(values, shared_variance)
        low, _ = t_interval_corrected(values, shared_variance, level=1 - p)
        assert low == pytest.approx(0, abs=1e-9)
    assert p > corrected_t_test(values)
    assert corrected_t_test(-values, shared_variance) == pytest.approx(p)
    assert corrected_t_test(np.array([0.1, -0.1])) == 1
    assert corrected_t_test(np.array([0.1, 0.1])) < 1e-9, "all alike, and no image in common"
    assert np.isnan(corrected_t_test(np.array([0.4])))


def test_overlap_is_what_two_test_sets_share():
    assert mean_test_overlap(["ab", "ab", "ab"]) == 1
    assert mean_test_overlap(["ab", "cd"]) == 0
    assert mean_test_overlap(["abcd", "axyz", "bxwv"]) == pytest.approx(1 / 4)
    assert mean_test_overlap(["a", "abc"]) == pytest.approx(2 / 4), "of both"


def test_splits_that_overlap_are_not_as_sure_as_new_images():
    """Each seed tests a tenth of one data set: what its images do to one seed they do to others."""
    rng = np.random.default_rng(2)
    names = [f"s{k}" for k in range(1, 6)]
    signs, reported, covered = [], [], []
    for _ in range(30):
        seeds = overlapping_splits(rng, [200, 100, 50], 8, 6, stable=1.0)
        scores = np.stack([seed.estimates[name][0] for seed in seeds for name in ("s0", *names)])
        scores = scores.reshape(8, 6)
        signs += [sign_flip_test(scores[:, k] - scores[:, 0]) for k in range(1, 6)]
        reported += [p_over_seeds(seeds, name, "s0") for name in names]
        for name in names:
            _, low, high, _ = interval(seeds, name, "s0")
            covered.append(low[0] <= 0 <= high[0])
    assert (np.array(reported) >= np.array(signs)).all()
    assert np.mean(np.array(signs) <= 0.05) > 0.08, "else the case shows nothing"
    assert np.mean(np.array(reported) <= 0.05) < 0.07
    assert np.mean(covered) > 0.92
