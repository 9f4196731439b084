"""Suspect labels: what is found of wrong ones, and what rare classes pay where none is wrong."""

import numpy as np
import pytest

from benchmark.strategy.label_issues import (
    FOLDS,
    _deal,
    correct_prior,
    find_label_issues,
    out_of_fold_probabilities,
)


def clusters(counts, distance, dimensions=40, seed=0):
    """Features (N, D) around a mean of each class, and their true labels (N,)."""
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(len(counts), dimensions)) * distance / np.sqrt(2 * dimensions)
    labels = np.repeat(np.arange(len(counts)), counts)
    return rng.normal(size=(len(labels), dimensions)) + means[labels], labels


def with_noise(labels, classes, share, seed=0):
    """The labels, `share` of them moved to another class."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(len(labels)) < share
    return np.where(wrong, (labels + rng.integers(1, classes, len(labels))) % classes, labels)


def issues_of(features, labels, classes, **options):
    """The issues by out-of-fold probabilities."""
    counts = np.bincount(labels, minlength=classes)
    probabilities = out_of_fold_probabilities(features, labels, classes, **options)
    return find_label_issues(labels, probabilities, counts)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_wrong_labels_are_found(seed):
    features, truth = clusters([100] * 7, 4.5, seed=seed)
    given = with_noise(truth, 7, 0.18, seed)
    issues = issues_of(features, given, 7)
    wrong = given != truth
    assert (issues.suspect & wrong).sum() / issues.suspect.sum() >= 0.85
    assert (issues.suspect & wrong).sum() / wrong.sum() >= 0.70
    assert (issues.suggested == truth)[issues.suspect & wrong].mean() > 0.8
    assert issues.quality[issues.suspect].max() <= 0.2
    assert issues.quality[~wrong].mean() > issues.quality[wrong].mean() + 0.4


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_rare_is_not_mistaken_for_wrong(seed):
    counts = np.geomspace(400, 12, 9).astype(int)
    features, labels = clusters(counts, 2.5, seed=seed)
    suspect = issues_of(features, labels, 9).suspect
    head, tail = suspect[labels < 3].mean(), suspect[labels >= 6].mean()
    assert 0 < head < 0.2  # the classes overlap, so there is something to flag wrongly
    assert tail <= 2 * head


def test_the_prior_is_taken_out():
    counts = np.array([90, 9, 1])
    prior = counts / counts.sum()
    assert np.allclose(correct_prior(prior[None], counts), 1 / 3)
    p = np.array([[0.2, 0.5, 0.3]])
    joint = p * prior / (p * prior).sum()
    assert np.allclose(correct_prior(joint, counts), p)


def test_probabilities_are_those_of_the_classes_and_repeat():
    features, labels = clusters([60, 20, 6], 3.0)
    p = out_of_fold_probabilities(features, labels, 3, seed=1)
    assert np.allclose(p.sum(1), 1)
    assert p.mean(0).argmax() == 0
    assert np.array_equal(p, out_of_fold_probabilities(features, labels, 3, seed=1))
    assert not np.array_equal(p, out_of_fold_probabilities(features, labels, 3, seed=2))


def test_an_image_is_judged_by_heads_that_have_not_seen_it():
    features, labels = clusters([40, 40], 6.0)
    features, labels = np.r_[features, features[:1]], np.r_[labels, 1]  # a copy with another label
    apart = out_of_fold_probabilities(features, labels, 2, seed=0)
    copies = np.r_[np.arange(80), 0]
    together = out_of_fold_probabilities(features, labels, 2, groups=copies, seed=0)
    assert apart[80, 0] > 0.9
    assert np.allclose(together[0], together[80])  # one fold, so one head


def test_nothing_is_said_of_a_class_that_no_other_fold_has():
    features, labels = clusters([30, 30, 1, 4], 3.0)
    groups = np.r_[np.arange(61), [99] * 4]  # all four images of the last class are one group
    probabilities = out_of_fold_probabilities(features, labels, 5, groups=groups)
    assert np.isnan(probabilities[60:]).all()
    issues = find_label_issues(labels, probabilities, np.bincount(labels, minlength=5))
    assert not issues.suspect[60:].any()
    assert np.isnan(issues.quality[60:]).all()
    assert issues.judged.tolist() == [True] * 60 + [False] * 5


def spread(labels, groups, seed):
    """Images of each class by fold, (folds, C); no group is in two folds."""
    fold = _deal(labels, groups, FOLDS, seed)
    assert all(len(np.unique(fold[groups == group])) == 1 for group in np.unique(groups))
    table = np.zeros((FOLDS, labels.max() + 1), int)
    np.add.at(table, (fold, labels), 1)
    return table


@pytest.mark.parametrize("seed", range(5))
def test_classes_are_dealt_evenly(seed):
    labels = np.repeat(np.arange(4), [203, 40, 7, 2])
    table = spread(labels, np.arange(252), seed)
    assert np.ptp(table, axis=0).max() == 1
    assert np.ptp(table.sum(axis=1)) <= 1


@pytest.mark.parametrize("seed", range(5))
def test_a_rare_class_is_dealt_evenly_where_its_groups_have_images_of_frequent_ones(seed):
    """A group is not dealt by its first image alone, nor by one of its classes alone."""
    rng = np.random.default_rng(seed)
    groups = np.r_[np.repeat(np.arange(60), 5), 10:15, 20:30]
    labels = np.r_[rng.integers(0, 3, 300), [3] * 5, [4] * 10]
    table = spread(labels, groups, seed)
    assert (table[:, 3] == 1).all()
    assert (table[:, 4] == 2).all()
    assert (table[:, :3].max(axis=0) <= 0.3 * table[:, :3].sum(axis=0)).all()


@pytest.mark.parametrize("distance", [5, 50, 500])
def test_the_more_clearly_a_label_is_wrong_the_surer_it_is_found(distance):
    """A class that is known and far away is not one of which nothing is known."""
    features, given = clusters([30, 30, 5], distance, dimensions=300)
    given[0], given[35] = 1, 2
    issues = issues_of(features, given, 3)
    assert issues.judged.all()
    assert issues.suspect[[0, 35]].all()
    assert issues.suggested[[0, 35]].tolist() == [0, 1]


@pytest.mark.parametrize("distance", [0.1, 50])
def test_a_class_that_no_other_fold_has_is_suggested_of_no_image_there(distance):
    features, labels = clusters([30, 30, 4], distance)
    groups = np.r_[np.arange(60), [99] * 4]
    fold = _deal(labels, groups, FOLDS, 0)
    probabilities = out_of_fold_probabilities(features, labels, 3, groups=groups)
    neighbours = (fold == fold[-1]) & (labels < 2)
    assert (probabilities[neighbours, 2] == 0).all()


@pytest.mark.parametrize("counts", [[1], [3], [1, 1], [2, 1], [40, 0, 2], [0, 15]])
def test_small_data_are_no_error(counts):
    features, labels = clusters(counts, 3.0)
    issues = issues_of(features, labels, len(counts))
    assert len(issues.suspect) == len(labels)
    assert np.array_equal(np.isfinite(issues.quality), issues.judged)
    assert issues.judged.any() == (sorted(counts)[-2:] in ([1, 2], [2, 40]))


def test_constant_features_tell_nothing():
    labels = np.repeat(np.arange(3), 20)
    issues = issues_of(np.zeros((60, 8), np.float32), labels, 3)
    assert not issues.suspect.any()
