"""Images in groups: what a group's images say together, and intervals that know it."""

import numpy as np
import pytest
from made_up import grouped

from benchmark.evaluation.metrics.per_class import class_scores
from benchmark.evaluation.statistics.bootstrap import bca, bootstrap, jackknife
from benchmark.evaluation.statistics.design_effect import design_effect
from benchmark.evaluation.statistics.paired_tests import paired_permutation_test
from benchmark.evaluation.statistics.proportions import paired_proportion_difference_ci, wilson
from benchmark.evaluation.statistics.weighted_predictions import WeightedPredictions


def case(rng, images=60, classes=4):
    """Labels, predictions of two strategies."""
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, images - classes)])
    predicted = np.where(rng.random((2, images)) < 0.6, labels, rng.integers(0, classes, images))
    return labels, predicted


def test_single_images_are_worth_themselves_and_copies_one_of_them():
    rng = np.random.default_rng(0)
    labels, (predicted, _) = case(rng)
    right = (predicted == labels).astype(float)
    single = design_effect(right, labels, np.arange(60), 5)
    np.testing.assert_allclose(single, 1)
    copied = design_effect(np.tile(right, 3), np.tile(labels, 3), np.tile(np.arange(60), 3), 5)
    np.testing.assert_allclose(copied[:4], 3)
    assert copied[4] == 1, "a class without images"


def test_from_many_groups_it_is_the_ratio_of_variances_of_statsmodels():
    from statsmodels.api import OLS

    rng = np.random.default_rng(1)
    labels, groups, draw = grouped(rng, 1, 400, 0.5)
    values = draw(lambda size: (rng.random(size) < 0.4).astype(float))
    fit = OLS(values, np.ones(len(values))).fit()
    robust = fit.get_robustcov_results("cluster", groups=groups)
    expected = float(robust.cov_params()[0, 0] / fit.cov_params()[0, 0])
    copies = (np.bincount(groups) ** 2).sum() / len(groups)
    pulled = (400 * expected + 4 * copies) / 404
    assert design_effect(values, labels, groups, 1)[0] == pytest.approx(pulled, rel=1e-9)
    assert 2 < expected < 4


def test_one_group_or_images_that_all_agree_are_taken_for_copies():
    ones, labels = np.ones(12), np.zeros(12, int)
    assert design_effect(ones, labels, np.zeros(12, int), 1)[0] == pytest.approx(12)
    assert design_effect(ones, labels, np.arange(12) // 3, 1)[0] == pytest.approx(3)
    half = np.arange(12) % 2.0
    assert design_effect(half, labels, np.zeros(12, int), 1)[0] == pytest.approx(12)


def test_a_recall_of_copies_has_the_interval_of_one_of_each():
    rng = np.random.default_rng(2)
    labels, (predicted, _) = case(rng)
    apart = class_scores(labels, predicted, 4)
    copied = class_scores(*(np.tile(x, 3) for x in (labels, predicted)), 4, np.arange(180) % 60)
    for name in ("recall", "recall_low", "recall_high"):
        np.testing.assert_allclose(copied[name], apart[name])


def test_groups_of_one_image_are_weighed_as_images_are():
    rng = np.random.default_rng(3)
    labels, predicted = case(rng)
    apart, alone = (
        WeightedPredictions.count(labels, predicted, 4),
        WeightedPredictions.count(labels, predicted, 4, np.arange(60)),
    )
    np.testing.assert_array_equal(apart.estimates, alone.estimates)
    values = {tuple(column) for column in jackknife(apart).reshape(-1, len(apart.counts)).T}
    assert values == {tuple(column) for column in jackknife(alone).reshape(-1, 60).T}
    of = [
        bca(cells, cells.estimates, bootstrap(cells, rng, 4000), jackknife(cells))
        for cells in (apart, alone)
    ]
    np.testing.assert_allclose(of[0], of[1], atol=0.02)


def test_the_bootstrap_of_copies_is_that_of_one_of_each():
    rng = np.random.default_rng(4)
    labels, predicted = case(rng)
    apart = WeightedPredictions.count(labels, predicted, 4, np.arange(60))
    copies = (np.tile(labels, 3), np.tile(predicted, (1, 3)), 4, np.arange(180) % 60)
    copied = WeightedPredictions.count(*copies)
    np.testing.assert_allclose(jackknife(copied), jackknife(apart))
    same = [bootstrap(cells, np.random.default_rng(5), 50) for cells in (copied, apart)]
    np.testing.assert_allclose(*same)
    single = bootstrap(WeightedPredictions.count(*copies[:3]), rng, 500).std(-1)
    assert (single < 0.75 * bootstrap(copied, rng, 500).std(-1)).all(), "1/sqrt(3) is .58"


def test_a_redrawn_test_set_holds_whole_groups_and_as_many_units_of_each_class():
    labels = np.array([0, 0, 0, 1, 1, 1, 1])
    groups = np.array([5, 5, 7, 5, 8, 8, 8])  # group 5 has images of both classes
    predicted = np.arange(7)[None]  # every image a cell
    from benchmark.evaluation.statistics.bootstrap import _redrawn

    cells = WeightedPredictions.count(labels, predicted, 7, groups)
    (weights,) = _redrawn(cells, np.random.default_rng(0), 200)
    by_image = dict(zip(cells.predicted[0].tolist(), weights.T, strict=True))
    for together in ((0, 1), (4, 5, 6)):
        for image in together[1:]:
            np.testing.assert_array_equal(by_image[together[0]], by_image[image])
    np.testing.assert_array_equal(by_image[0] + by_image[2], 2)
    np.testing.assert_array_equal(by_image[3] + by_image[4], 2)
    assert len(np.unique(by_image[0])) == 3


def test_an_exchange_moves_whole_groups():
    rng = np.random.default_rng(6)
    labels, (one, two) = case(rng)
    one = np.where(rng.random(60) < 0.35, labels, one)
    group = np.tile(np.arange(60), 4)
    copied = [np.tile(x, 4) for x in (labels, one, two)]

    def p(groups, truth, a, b):
        known = None if groups is None else [groups]
        return paired_permutation_test([truth], [a], [b], 4, np.random.default_rng(7), 4000, known)

    apart = p(None, labels, one, two)
    assert p(np.arange(60), labels, one, two) == apart, "a group an image: the same coins"
    assert p(group, *copied) == pytest.approx(apart, abs=1e-12)
    assert p(None, *copied) < 0.5 * apart, "taken for independent they seem to say more"


def test_a_group_that_is_in_two_seeds_is_exchanged_in_both():
    """Two seeds that say the same of the same images are one; taken apart they seem to say more."""
    rng = np.random.default_rng(9)
    labels, (_, two) = case(rng)
    one = np.where(rng.random(60) < 0.15, labels, two)

    def p(seeds, groups):
        rng = np.random.default_rng(7)
        return paired_permutation_test(
            [labels] * seeds, [one] * seeds, [two] * seeds, 4, rng, 4000, groups
        )

    names = np.arange(60)
    once = p(1, [names])
    assert p(4, [names] * 4) == once
    assert p(4, [names + 60 * s for s in range(4)]) < 0.5 * once


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

    def held(effect, of_hits):
        low, high = paired_proportion_difference_ci(gained / effect, lost / effect, counts / effect)
        yield np.mean((low <= 0.2) & (high >= 0.2))
        low, high = wilson(hits / of_hits, counts / of_hits)
        yield np.mean((low <= 0.7) & (high >= 0.7))

    assert max(held(1.0, 1.0)) < 0.9
    effects = (design_effect(x.astype(float), labels, group, 600) for x in (change, right))
    assert min(held(*effects)) >= 0.93
