"""What one more image does to a score, and how far other test images would move it."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from imblearn.metrics import classification_report_imbalanced
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from benchmark.evaluation.metrics.class_counts import count_classes
from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.per_class import class_scores
from benchmark.evaluation.statistics import sampling_variance
from benchmark.evaluation.statistics.sampling_variance import (
    SampledUnits,
    influences,
    interval_scores,
    normal_interval,
    variance,
)

ACCURACY = list(interval_metrics()).index("accuracy")
BALANCED = list(interval_metrics()).index("balanced_accuracy")


def random_case(rng):
    """Labels and predictions in which classes may be absent, or never predicted."""
    classes, images = int(rng.integers(2, 18)), int(rng.integers(1, 60))
    present = rng.random(classes) < rng.uniform(0.2, 1)
    predictable = rng.random(classes) < rng.uniform(0.2, 1)
    present[rng.integers(classes)] = predictable[rng.integers(classes)] = True
    labels = rng.choice(np.flatnonzero(present), images)
    predicted = rng.choice(np.flatnonzero(predictable), images)
    correct = rng.random(images) < rng.random()
    return labels, np.where(correct & predictable[labels], labels, predicted), classes


def oracle(labels, predicted, classes):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes that are predicted and not there
        balanced = balanced_accuracy_score(labels, predicted)
    return (
        f1_score(labels, predicted, labels=range(classes), average="macro", zero_division=0),
        balanced,
        accuracy_score(labels, predicted),
    )


def test_what_an_image_changes_is_known_without_the_other_classes(monkeypatch):
    rng = np.random.default_rng(3)
    cases = [random_case(rng) for _ in range(40)]
    groups = [rng.integers(0, 9, len(labels)) for labels, _, _ in cases]

    def all_influences():
        for (labels, predicted, classes), group in zip(cases, groups, strict=True):
            for own in (None, group):
                units = SampledUnits.count(labels, classes, own)
                yield vars(influences(predicted, units)).values()

    with monkeypatch.context() as patch:  # it would cost classes times images
        patch.setattr(sampling_variance, "_whole_scores", None)
        of_parts = [tuple(parts) for parts in all_influences()]
    others = {n: replace(own, of_classes=None) for n, own in interval_metrics().items()}
    monkeypatch.setattr(sampling_variance, "interval_metrics", lambda: others)
    for ours, whole in zip(of_parts, all_influences(), strict=True):
        for part, expected in zip(ours, whole, strict=True):
            np.testing.assert_allclose(part, expected, rtol=0, atol=1e-9)


SLOW = [pytest.param(block, marks=pytest.mark.slow) for block in (1, 2, 3)]


@pytest.mark.parametrize("block", [0, *SLOW])
def test_scores_equal_scikit_learns_on_random_cases(block):
    rng = np.random.default_rng(block)
    for _ in range(500):
        labels, predicted, classes = random_case(rng)
        scores = interval_scores(count_classes(labels, predicted, classes))
        expected = oracle(labels, predicted, classes)
        np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)


def test_recall_precision_and_f1_of_each_class_equal_imbalanced_learns():
    rng = np.random.default_rng(9)
    for _ in range(60):
        labels, predicted, classes = random_case(rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = classification_report_imbalanced(
                labels, predicted, labels=range(classes), output_dict=True, zero_division=0
            )
        scores = class_scores(labels, predicted, classes)
        for c in range(classes):
            assert scores["support"][c] == report[str(c)]["sup"]
            for ours, theirs in (("recall", "rec"), ("precision", "pre"), ("f1", "f1")):
                value = scores[ours][c] if scores["support"][c] or ours != "recall" else 0.0
                assert value == pytest.approx(report[str(c)][theirs], abs=1e-12)


@pytest.mark.parametrize("group_size", [1, 3])
def test_an_influence_is_what_one_more_unit_does_to_a_score(group_size):
    rng = np.random.default_rng(0)
    for _ in range(5):
        labels, predicted, classes = random_case(rng)
        groups = rng.integers(0, -(-len(labels) // group_size), len(labels))
        units = SampledUnits.count(labels, classes, groups if group_size > 1 else None)
        influence, before = influences(predicted, units), oracle(labels, predicted, classes)
        np.testing.assert_allclose(influence.estimates, before, atol=1e-12)
        for u, c in enumerate(units.class_of_unit):
            more = np.concatenate([np.arange(len(labels)), np.flatnonzero(units.unit == u)])
            after = np.array(oracle(labels[more], predicted[more], classes))
            scale = 1 + sum(units.class_of_unit == c)
            np.testing.assert_allclose(influence.units[:, u], scale * (after - before), atol=1e-9)


def test_many_images_at_once_have_the_influences_of_each(monkeypatch):
    from benchmark.evaluation.statistics import sampling_variance

    rng = np.random.default_rng(1)
    labels = rng.integers(0, 6, 80)
    predicted, groups = rng.integers(0, 6, 80), np.arange(80) // 2
    units = SampledUnits.count(labels, 6, groups)
    whole = influences(predicted, units)
    monkeypatch.setattr(sampling_variance, "_ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(influences(predicted, units).units, whole.units, atol=1e-12)


def draw(rng, counts, recall, strategies):
    """Labels (N,) and predictions (S, N) with these recalls; errors fall on other classes."""
    labels = np.repeat(np.arange(len(counts)), counts)
    others = (labels + rng.integers(1, len(counts), (strategies, len(labels)))) % len(counts)
    right = rng.random(others.shape) < np.asarray(recall)[labels]
    return labels, np.where(right, labels, others)


def test_with_many_images_the_variance_is_that_of_other_test_sets():
    rng, counts = np.random.default_rng(1), [400, 300, 300]
    labels, predicted = draw(rng, counts, [0.9, 0.6, 0.4], 4000)
    units = SampledUnits.count(labels, 3)
    scores = np.array([influences(p, units).estimates for p in predicted[:2000]])
    other = np.array([influences(p, units).estimates for p in predicted[2000:]])
    a, b = (influences(p, units) for p in predicted[:2])
    ratio = variance(a, units) / scores.var(0)
    np.testing.assert_allclose(ratio, 1, atol=0.15)
    np.testing.assert_allclose(variance(a.minus(b), units) / (scores - other).var(0), 1, atol=0.15)


@pytest.mark.parametrize("images", [1, 2, 3, 5, 30])
def test_the_variance_is_not_short_where_a_class_has_few_images(images):
    """The ratio to the truth is 1 or more at any recall: without pseudo-units it is 0 for one."""
    rng = np.random.default_rng(images)
    labels = np.repeat(np.arange(8), images)
    units = SampledUnits.count(labels, 8)
    for recall in (0.2, 0.5, 0.8):
        _, predicted = draw(rng, [images] * 8, [recall] * 8, 400)
        estimated = np.mean([variance(influences(p, units), units) for p in predicted], axis=0)
        truth = recall * (1 - recall) / images / 8
        assert estimated[BALANCED] >= 0.97 * truth
        assert estimated[BALANCED] <= truth * (1 + 4 / images) + 0.3 / images**2 / 8


def test_nothing_collapses():
    """All right, all wrong, two strategies alike: other images would still show a difference."""
    labels = np.array([0, 0, 1, 1, 2])
    for predicted in ([0, 0, 1, 1, 2], [0, 0, 0, 0, 0], [1, 1, 0, 0, 0]):
        units = SampledUnits.count(labels, 4)
        influence = influences(np.array(predicted), units)
        for each in (influence, influence.minus(influence)):
            low, high = normal_interval(each.estimates, variance(each, units))
            assert (low < each.estimates).all()
            assert (high > each.estimates).all()


def test_images_of_one_group_are_one_unit():
    """Four copies of each image in groups of four say as much as the images alone."""
    rng = np.random.default_rng(3)
    labels, (a, b) = draw(rng, [30, 20, 10], [0.9, 0.6, 0.4], 2)
    once = SampledUnits.count(labels, 3)
    copies = [np.repeat(x, 4) for x in (labels, a, b)]
    groups = np.repeat(np.arange(60), 4)
    grouped = SampledUnits.count(copies[0], 3, groups)
    assert grouped.counts.tolist() == once.counts.tolist()
    single = variance(influences(a, once).minus(influences(b, once)), once)
    several = variance(
        influences(copies[1], grouped).minus(influences(copies[2], grouped)), grouped
    )
    np.testing.assert_allclose(several, single, rtol=0.02)


def test_a_group_of_several_classes_is_a_unit_of_each():
    units = SampledUnits.count(np.array([0, 0, 1, 1]), 3, np.array([7, 7, 7, 8]))
    assert units.counts.tolist() == [1, 2, 0]
    assert units.present.tolist() == [0, 1]


def test_a_pseudo_image_is_mistaken_as_the_others_are():
    """Adding a wrong image lowers the precision of the class that it falls on."""
    labels, predicted = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 2, 1, 1, 2])
    units = SampledUnits.count(labels, 3)
    wrong = influences(predicted, units).wrong[:, 0]
    expected = np.array(oracle(np.append(labels, 0), np.append(predicted, 2), 3)) - oracle(
        labels, predicted, 3
    )
    np.testing.assert_allclose(wrong, 4 * expected, atol=1e-12)
