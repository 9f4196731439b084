"""Intervals of a share and of its change: a library's where there is one, and covering."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest, norm

from benchmark.evaluation.per_class import class_scores
from benchmark.evaluation.statistics.paired_tests import paired_permutation_test
from benchmark.evaluation.statistics.proportions import (
    clopper_pearson,
    design_effect,
    paired_proportion_difference_ci,
    paired_proportion_test,
)
from benchmark.evaluation.statistics.sampling_variance import SampledUnits, influences, variance
from tests.evaluation.statistics.synthetic import exact_coverage, grouped


def bounds(n):
    return clopper_pearson(np.arange(n + 1), np.full(n + 1, n))


@pytest.mark.parametrize("n", [1, 7, 50, 200])
def test_it_is_scipys_exact_interval(n):
    low, high = bounds(n)
    theirs = [binomtest(k, n).proportion_ci(method="exact") for k in range(n + 1)]
    np.testing.assert_allclose(low, [interval.low for interval in theirs], atol=1e-12)
    np.testing.assert_allclose(high, [interval.high for interval in theirs], atol=1e-12)


def test_none_of_ten_may_be_a_third():
    low, high = bounds(10)
    assert low[0] == 0
    assert high[0] == pytest.approx(0.308, abs=5e-4)


def test_shares_of_grouped_images_need_no_whole_numbers():
    low, high = clopper_pearson(np.array([0.4, 2.5, 5.0]), np.array([2.1, 5.0, 5.0]))
    assert 0 < low[0] < 0.4 / 2.1 < high[0] < 1
    assert low[1] == pytest.approx(1 - high[1])
    assert (low[2] > 0.4, high[2]) == (True, 1)


def test_a_class_without_images_has_no_interval():
    low, high = clopper_pearson(np.array([0, 1]), np.array([0, 2]))
    assert np.isnan([low[0], high[0]]).all()
    assert np.isfinite([low[1], high[1]]).all()


def test_every_true_share_is_covered():
    """Exactly, by summing the binomial, at the worst share."""
    p = np.linspace(0.0005, 0.9995, 1999)
    for n in range(1, 101):
        low, high = (bound[:, None] for bound in bounds(n))
        held = (low <= p) & (p <= high)
        coverage = (held * binom.pmf(np.arange(n + 1)[:, None], n, p)).sum(0)
        assert coverage.min() >= 0.95 - 1e-9, n


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


def test_the_sign_test_is_scipys_binomial_test():
    gained, lost = (counts.ravel() for counts in np.indices((12, 12)))
    p = paired_proportion_test(gained, lost)
    pairs = zip(gained, lost, strict=True)
    theirs = [binomtest(int(k), int(k + m)).pvalue if k + m else 1.0 for k, m in pairs]
    np.testing.assert_allclose(p, theirs, rtol=0, atol=1e-12)
    between = paired_proportion_test(np.array([6.5]), np.array([0.5]))
    assert p[6 * 12 + 1] > between > p[7 * 12], "counts that are no whole numbers"


@pytest.mark.parametrize("images", [8, 12, 20])
def test_with_many_comparisons_the_interval_alone_excludes_0_too_often(images):
    """Counted exactly, where all images are right under one of two classifiers that are equal."""
    gained, level = np.arange(images + 1), 0.05 / 85
    whole = np.full(images + 1, float(images))
    low, high = paired_proportion_difference_ci(gained, images - gained, whole, 1 - level)
    excludes, agrees = (low > 0) | (high < 0), paired_proportion_test(gained, images - gained)
    chance = binom.pmf(gained, images, 0.5)
    assert chance[excludes].sum() > 4 * level
    assert chance[excludes & (agrees <= level)].sum() <= level


def random_predictions(rng, images=60, classes=4):
    """Labels, predictions of two strategies."""
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, images - classes)])
    predicted = np.where(rng.random((2, images)) < 0.6, labels, rng.integers(0, classes, images))
    return labels, predicted


def test_the_design_effect_of_single_images_is_1_and_of_three_copies_3():
    rng = np.random.default_rng(0)
    labels, (predicted, _) = random_predictions(rng)
    right = (predicted == labels).astype(float)
    single = design_effect(right, labels, np.arange(60), 5)
    np.testing.assert_allclose(single, 1)
    repeated_scores = design_effect(
        np.tile(right, 3), np.tile(labels, 3), np.tile(np.arange(60), 3), 5
    )
    np.testing.assert_allclose(repeated_scores[:4], 3)
    assert repeated_scores[4] == 1, "a class without images"


def test_from_many_groups_it_is_the_ratio_of_variances_of_statsmodels():
    from statsmodels.api import OLS

    rng = np.random.default_rng(1)
    labels, groups, draw = grouped(rng, 1, 400, 0.5)
    values = draw(lambda size: (rng.random(size) < 0.4).astype(float))
    fit = OLS(values, np.ones(len(values))).fit()
    robust = fit.get_robustcov_results("cluster", groups=groups)
    expected = float(robust.cov_params()[0, 0] / fit.cov_params()[0, 0])
    repeated = (np.bincount(groups) ** 2).sum() / len(groups)
    pulled = (400 * expected + 4 * repeated) / 404
    assert design_effect(values, labels, groups, 1)[0] == pytest.approx(pulled, rel=1e-9)
    assert 2 < expected < 4


def test_the_images_of_one_group_and_images_that_all_agree_count_as_copies():
    ones, labels = np.ones(12), np.zeros(12, int)
    assert design_effect(ones, labels, np.zeros(12, int), 1)[0] == pytest.approx(12)
    assert design_effect(ones, labels, np.arange(12) // 3, 1)[0] == pytest.approx(3)
    half = np.arange(12) % 2.0
    assert design_effect(half, labels, np.zeros(12, int), 1)[0] == pytest.approx(12)


def test_the_recall_of_copies_has_the_interval_of_the_images_without_copies():
    rng = np.random.default_rng(2)
    labels, (predicted, _) = random_predictions(rng)
    single_scores = class_scores(labels, predicted, 4)
    repeated_scores = class_scores(
        *(np.tile(x, 3) for x in (labels, predicted)), 4, np.arange(180) % 60
    )
    for name in ("recall", "recall_low", "recall_high"):
        np.testing.assert_allclose(repeated_scores[name], single_scores[name])


def test_groups_of_one_image_are_sampled_like_images():
    rng = np.random.default_rng(3)
    labels, (a, b) = random_predictions(rng)
    variances = []
    for groups in (None, rng.permutation(60)):
        units = SampledUnits.count(labels, 4, groups)
        difference = influences(a, units).minus(influences(b, units))
        variances.append((variance(influences(a, units), units), variance(difference, units)))
    np.testing.assert_allclose(*variances, rtol=1e-12)


def test_an_exchange_moves_whole_groups():
    rng = np.random.default_rng(6)
    labels, (predicted_a, predicted_b) = random_predictions(rng)
    predicted_a = np.where(rng.random(60) < 0.35, labels, predicted_a)
    group = np.tile(np.arange(60), 4)
    repeated_scores = [np.tile(x, 4) for x in (labels, predicted_a, predicted_b)]

    def p(groups, truth, a, b):
        known = None if groups is None else [groups]
        return paired_permutation_test([truth], [a], [b], 4, np.random.default_rng(7), 4000, known)

    single_scores = p(None, labels, predicted_a, predicted_b)
    alone = p(np.arange(60), labels, predicted_a, predicted_b)
    np.testing.assert_array_equal(alone, single_scores, "a group an image: the same coins")
    np.testing.assert_allclose(p(group, *repeated_scores), single_scores, atol=1e-12)
    assert (p(None, *repeated_scores) < 0.5 * single_scores).all(), (
        "taken for independent they seem to say more"
    )


def test_a_group_that_is_in_two_seeds_is_exchanged_in_both():
    """Two seeds that say the same of the same images are one; taken apart they seem to say more."""
    rng = np.random.default_rng(9)
    labels, (_, predicted_b) = random_predictions(rng)
    predicted_a = np.where(rng.random(60) < 0.15, labels, predicted_b)

    def p(seeds, groups):
        rng = np.random.default_rng(7)
        return paired_permutation_test(
            [labels] * seeds, [predicted_a] * seeds, [predicted_b] * seeds, 4, rng, 4000, groups
        )

    names = np.arange(60)
    once = p(1, [names])
    np.testing.assert_array_equal(p(4, [names] * 4), once)
    assert (p(4, [names + 60 * s for s in range(4)]) < 0.5 * once).all()


@pytest.mark.parametrize("groups", [3, 12])
def test_intervals_of_grouped_images_cover_where_single_ones_do_not(groups):
    """More cases of it are in test_simulations.py."""
    rng = np.random.default_rng(8)
    labels, group, draw = grouped(rng, 600, groups, 0.5)
    change = draw(lambda n: rng.choice([1, -1, 0], n, p=[0.3, 0.1, 0.6]))
    right = draw(lambda n: rng.random(n) < 0.7)
    counts, (gained, lost, hits) = (
        np.bincount(labels),
        (np.bincount(labels[x], minlength=600) for x in (change == 1, change == -1, right)),
    )

    def coverage(effect, recall_effect):
        low, high = paired_proportion_difference_ci(gained / effect, lost / effect, counts / effect)
        yield np.mean((low <= 0.2) & (high >= 0.2))
        low, high = clopper_pearson(hits / recall_effect, counts / recall_effect)
        yield np.mean((low <= 0.7) & (high >= 0.7))

    assert max(coverage(1.0, 1.0)) < 0.9
    design_effects = (design_effect(x.astype(float), labels, group, 600) for x in (change, right))
    assert min(coverage(*design_effects)) >= 0.93
