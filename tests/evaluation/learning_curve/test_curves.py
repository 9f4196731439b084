"""Learning curves: what they say holds for heads that are really given more images."""

import numpy as np
import pytest

from benchmark.evaluation.learning_curve.class_curve import FACTORS
from benchmark.evaluation.learning_curve.curves import learning_curves
from benchmark.evaluation.learning_curve.head import fit

CLASSES, FEATURES = 5, 20
COUNTS = np.array([12, 80, 80, 60, 60])


@pytest.fixture(scope="module")
def means():
    return np.random.default_rng(1).normal(size=(CLASSES, FEATURES)) * 0.75


def draw(means, counts, seed):
    rng, labels = np.random.default_rng(seed), np.repeat(np.arange(len(counts)), counts)
    return means[labels] + rng.normal(size=(len(labels), FEATURES)), labels


@pytest.fixture(scope="module")
def curves(means):
    return learning_curves(draw(means, COUNTS, 0), draw(means, [60] * CLASSES, 1), CLASSES)


def macro_f1(labels, predicted):
    counts = {c: ((labels == c) & (predicted == c)).sum() for c in range(CLASSES)}
    both = [(labels == c).sum() + (predicted == c).sum() for c in range(CLASSES)]
    return np.mean([2 * counts[c] / both[c] for c in range(CLASSES)])


def real_heads(means, size, times=30):
    """Recall of class 0 and macro-F1 of heads that are trained on so many new images of it."""
    (others, other_labels), results = draw(means, COUNTS, 0), []
    test, labels = draw(means, [400] * CLASSES, 2)
    for seed in range(times):
        own, _ = draw(means[:1], [size], 100 + seed)
        x = np.concatenate([own, others[other_labels > 0]])
        head = fit(x, np.r_[np.zeros(size, int), other_labels[other_labels > 0]], CLASSES)
        predicted = head.scores(head.whiten(test)).argmax(1)
        results.append(((predicted == 0)[labels == 0].mean(), macro_f1(labels, predicted)))
    return np.mean(results, axis=0)


@pytest.mark.parametrize("index", [0, 2])
def test_what_is_expected_of_more_images_holds_for_them(curves, means, index):
    point = curves[0].expected[index]
    assert point.images == COUNTS[0] * FACTORS[index]
    recall, macro = real_heads(means, point.images)
    assert point.recall == pytest.approx(recall, abs=0.08)
    assert point.recall_low < recall < point.recall_high
    assert point.macro_f1 == pytest.approx(macro, abs=0.04)


def test_macro_f1_is_that_of_the_heads_decisions(curves, means):
    test, labels = draw(means, [60] * CLASSES, 1)
    head = fit(*draw(means, COUNTS, 0), CLASSES)
    predicted = head.scores(head.whiten(test)).argmax(1)
    for curve in curves:
        assert curve.expected[0].macro_f1 == pytest.approx(macro_f1(labels, predicted), abs=0.03)


def test_rings_are_heads_on_parts_of_the_images(curves, means):
    measured = curves[0].measured
    assert [point.images for point in measured] == [2, 3, 6, 12]
    test, labels = draw(means, [60] * CLASSES, 1)
    head = fit(*draw(means, COUNTS, 0), CLASSES)
    predicted = head.scores(head.whiten(test)).argmax(1)
    assert measured[-1].recall == pytest.approx((predicted == 0)[labels == 0].mean())
    hits = ((predicted == 0) & (labels == 0)).sum()
    assert measured[-1].f1 == pytest.approx(2 * hits / (60 + (predicted == 0).sum()))
    assert measured[0].recall < measured[-1].recall


def test_recall_grows_with_images_and_bounds_hold_it(curves):
    for curve in curves:
        recalls = [point.recall for point in curve.expected]
        assert recalls == sorted(recalls)
        assert all(p.recall_low <= p.recall_high for p in curve.expected)
        assert all(p.macro_f1_low <= p.macro_f1 <= p.macro_f1_high for p in curve.expected)
        half = curve.half
        assert half.low is None or half.images is None or half.low <= half.images


def test_the_same_images_give_the_same_curves(curves, means):
    again = learning_curves(draw(means, COUNTS, 0), draw(means, [60] * CLASSES, 1), CLASSES)
    assert again == curves


def test_a_class_that_lies_on_another_is_confused_with_it(means):
    means = means.copy()
    means[0] = means[2]
    counts = np.array([10, 80, 200, 60, 60])
    curve = learning_curves(draw(means, counts, 0), draw(means, [60] * CLASSES, 1), CLASSES)[0]
    assert curve.confuser == 2
    assert curve.half.high is None


def test_a_sample_of_a_class_stands_for_all_of_it(means):
    whole = learning_curves(
        draw(means, COUNTS * [1, 4, 1, 1, 1], 0), draw(means, [60] * CLASSES, 1), CLASSES
    )[1]
    sample = learning_curves(
        draw(means, COUNTS, 0),
        draw(means, [60] * CLASSES, 1),
        CLASSES,
        COUNTS * [1, 4, 1, 1, 1],
    )[1]
    assert sample.train_images == whole.train_images == 320
    assert [point.images for point in sample.expected] == [p.images for p in whole.expected]
    assert sample.measured[-1].images == 320
    assert sample.expected[0].recall == pytest.approx(whole.expected[0].recall, abs=0.05)


def test_classes_without_training_or_test_images_have_no_curve(means):
    train = draw(means, COUNTS * [1, 0, 1, 1, 1], 0)
    test = draw(means, [60, 60, 0, 60, 60], 1)
    curves = learning_curves(train, test, CLASSES + 1)
    assert [curve.label for curve in curves] == [0, 3, 4]


def test_two_classes_and_single_images_are_enough(means):
    curves = learning_curves(draw(means, [1, 30], 0), draw(means, [1, 3], 1), 2)
    assert [curve.train_images for curve in curves] == [1, 30]
    for point in curves[0].expected:
        assert 0 <= point.recall_low <= point.recall_high <= 1
    assert curves[0].measured[0].images == 1


def test_one_class_alone_has_no_curve(means):
    assert learning_curves(draw(means, [5], 0), draw(means, [5], 1), CLASSES) == ()
