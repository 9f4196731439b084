"""Means over seeds: Student's where nothing is shared, less sure where test images are."""

import numpy as np
import pytest
from scipy.stats import t, ttest_1samp

from benchmark.analysis.confidence import interval, p_over_seeds
from benchmark.evaluation.statistics.across_seeds import (
    GIVEN_SPLIT,
    OWN_IMAGES,
    OWN_SPLITS,
    SOME_SHARED,
    SharedImages,
    corrected_t_test,
    mean_overlap,
    t_interval_corrected,
)
from benchmark.evaluation.statistics.paired_tests import sign_flip_test
from tests.evaluation.statistics.synthetic import overlapping_splits


def test_seeds_give_students_interval():
    values = np.array([[0.1, 0.2, 0.3]])
    low, high = t_interval_corrected(values)
    assert high - low == pytest.approx(2 * 2.484 * 0.1, rel=1e-3)


def test_own_splits_count_the_spread_more_by_nadeau_and_bengio():
    """Variance s² (1/n + n_test / n_train): of 3 seeds and splits of 80/10/10, 1/3 + 1/8."""
    values = np.array([[0.1, 0.2, 0.3]])
    low, high = t_interval_corrected(values, 0.0, SharedImages(0.1, 0.8, 1 / 8))
    assert high - low == pytest.approx(2 * 4.303 * 0.1 * np.sqrt(1 / 3 + 1 / 8), rel=1e-3)


def test_a_given_split_adds_the_variance_by_its_test_images():
    values, same = np.array([[0.1, 0.2, 0.3]]), SharedImages(1.0, 1.0, 1 / 8)
    low, high = t_interval_corrected(values)
    shared_low, shared_high = t_interval_corrected(values, np.array([0.05**2]), same)
    assert (shared_high - shared_low) ** 2 == pytest.approx(
        (high - low) ** 2 + (2 * 1.96 * 0.05) ** 2, rel=1e-3
    )


def test_seeds_that_agree_by_chance_still_have_an_interval():
    """Three seeds see at most three times the images of one."""
    low, high = t_interval_corrected(np.array([[0.2, 0.2, 0.2]]), 0.03**2)
    assert high - low == pytest.approx(2 * 1.96 * 0.03 / np.sqrt(3), rel=1e-3)


def test_a_mean_of_0_is_tested_as_its_interval_says():
    values = np.array([0.1, 0.02, 0.3, -0.05])
    assert corrected_t_test(values) == pytest.approx(ttest_1samp(values, 0).pvalue, rel=1e-6)
    for arguments in ((), (0.03**2,), (0.03**2, SharedImages(0.1, 0.8, 1 / 8))):
        p = corrected_t_test(values, *arguments)
        low, _ = t_interval_corrected(values, *arguments, level=1 - p)
        assert low == pytest.approx(0, abs=1e-9)
    assert p > corrected_t_test(values)
    assert corrected_t_test(-values, *arguments) == pytest.approx(p)
    assert corrected_t_test(np.array([0.1, -0.1])) == 1
    assert corrected_t_test(np.array([0.1, 0.1])) < 1e-9, "all alike, and no image in common"
    assert np.isnan(corrected_t_test(np.array([0.4])))


def test_overlap_is_what_two_sets_share():
    sets = [[frozenset(files) for files in names] for names in (["ab"] * 3, ["ab", "cd"])]
    assert [mean_overlap(files) for files in sets] == [1, 0]
    assert mean_overlap(list(map(frozenset, ["abcd", "axyz", "bxwv"]))) == pytest.approx(1 / 4)
    assert mean_overlap(list(map(frozenset, ["a", "abc"]))) == pytest.approx(2 / 4), "of both"
    assert mean_overlap([frozenset(), frozenset()]) == 0


def test_the_design_is_told_by_what_seeds_share():
    rng, images = np.random.default_rng(0), [str(k) for k in range(1000)]

    def shared(tests, trains):
        return SharedImages.between(
            [frozenset(files) for files in tests], [frozenset(files) for files in trains]
        )

    orders = [rng.permutation(images) for _ in range(4)]
    own = shared([order[:100] for order in orders], [order[200:] for order in orders])
    assert own.design == OWN_SPLITS
    assert own.spread_factor == pytest.approx(1 / 8)
    given = shared([images[:100]] * 4, [images[200:]] * 4)
    assert given.design == GIVEN_SPLIT
    assert given.spread_factor == 0, "other training images are not seen at all"
    test_given = shared([images[:100]] * 4, [rng.permutation(images[100:])[:800] for _ in orders])
    assert test_given.design == SOME_SHARED
    assert test_given.spread_factor == pytest.approx(1 / 8)
    half = shared(
        [np.append(images[:50], order[:50]) for order in orders], [o[200:] for o in orders]
    )
    assert half.design == SOME_SHARED


def test_splits_that_overlap_are_not_as_sure_as_new_images():
    """Each seed tests a tenth of one data set: what its images do to one seed they do to others."""
    rng = np.random.default_rng(2)
    names = [f"s{k}" for k in range(1, 6)]
    signs, reported, covered = [], [], []
    for _ in range(30):
        seeds = overlapping_splits(rng, [200, 100, 50], 8, 6, stable=1.0)
        scores = np.stack(
            [seed.influences[name].estimates[0] for seed in seeds for name in ("s0", *names)]
        )
        scores = scores.reshape(8, 6)
        signs += [sign_flip_test(scores[:, k] - scores[:, 0]) for k in range(1, 6)]
        reported += [p_over_seeds(seeds, name, "s0")[0] for name in names]
        for name in names:
            _, low, high, _ = interval(seeds, name, "s0")
            covered.append(low[0] <= 0 <= high[0])
    assert (np.array(reported) >= np.array(signs)).all()
    assert np.mean(np.array(signs) <= 0.05) > 0.08, "else the case shows nothing"
    assert np.mean(np.array(reported) <= 0.05) < 0.07
    assert np.mean(covered) > 0.92


def test_seeds_that_share_no_image_are_independent_however_large_the_test():
    """Rendered data: at n_test / n_train = 2, Nadeau & Bengio's factor would triple intervals."""
    tests = [frozenset(f"{seed}/test{i}" for i in range(20)) for seed in range(4)]
    trains = [frozenset(f"{seed}/train{i}" for i in range(10)) for seed in range(4)]
    shared = SharedImages.between(tests, trains)
    assert (shared.design, shared.spread_factor, shared.test_per_train) == (OWN_IMAGES, 0, 2)
    values = np.array([0.1, 0.3, 0.2, 0.4])
    low, high = t_interval_corrected(values, 0.0, shared)
    half = t.isf(0.025, 3) * values.std(ddof=1) / 2
    assert (low, high) == pytest.approx((0.25 - half, 0.25 + half))
