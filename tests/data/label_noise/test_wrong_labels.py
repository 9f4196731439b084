"""Which labels are drawn to be wrong: shares, seeds, targets, and what no class may lose."""

import numpy as np
import pytest

from benchmark.data.label_noise.wrong_labels import flip_labels

SIZES = np.array([161, 140, 59, 44, 16, 4, 4, 2, 1])
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(9), SIZES))


def wrong_counts(given, labels=LABELS, classes=9):
    return np.bincount(labels[given != labels], minlength=classes)


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.18, 0.5])
def test_each_class_and_all_of_them_have_the_share_rounded_down_or_up(rate):
    for seed in range(20):
        counts = wrong_counts(flip_labels(LABELS, rate, 9, [seed, 0]))
        expected = rate * SIZES
        assert (np.abs(counts - expected)[SIZES > 1] < 1).all()
        assert abs(counts.sum() - rate * SIZES.sum()) < 1 + rate  # the class of one image


def test_a_whole_share_is_met_exactly():
    labels = np.repeat(np.arange(7), 50)
    for seed in range(5):
        counts = wrong_counts(flip_labels(labels, 0.18, 7, [seed]), labels, 7)
        assert counts.tolist() == [9] * 7


def test_each_label_is_wrong_with_the_same_probability():
    times = sum(flip_labels(LABELS, 0.18, 9, [seed]) != LABELS for seed in range(400))
    by_size = [times[np.equal(LABELS, c)].sum() / (400 * n) for c, n in enumerate(SIZES) if n > 1]
    np.testing.assert_allclose(by_size, 0.18, atol=0.03)
    assert times[SIZES[LABELS] > 1].min() > 400 * 0.18 * 0.5  # none is always spared


@pytest.mark.parametrize("rate", [0.5, 0.9, 0.999])
def test_each_class_keeps_a_right_label(rate):
    for seed in range(20):
        assert (wrong_counts(flip_labels(LABELS, rate, 9, [seed])) < SIZES).all()


def test_a_wrong_label_is_any_other_class_alike():
    labels = np.repeat([0, 1, 2, 3], 2000)
    given = flip_labels(labels, 0.6, 4, [3])
    pairs = np.zeros((4, 4))
    np.add.at(pairs, (labels, given), 1)
    others = pairs[~np.eye(4, dtype=bool)]
    assert others.sum() == pytest.approx(0.6 * len(labels), abs=1)
    np.testing.assert_allclose(others, 400, atol=80)  # four standard deviations


def test_toward_a_class_each_wrong_label_is_that_one():
    toward = np.roll(np.arange(9), 1)
    given = flip_labels(LABELS, 0.3, 9, [1], toward)
    wrong = given != LABELS
    np.testing.assert_array_equal(given[wrong], toward[LABELS[wrong]])
    np.testing.assert_array_equal(wrong, flip_labels(LABELS, 0.3, 9, [1]) != LABELS)


def test_what_is_wrong_depends_on_the_seed_and_on_nothing_else():
    before = LABELS.copy()
    first, again, other = (flip_labels(LABELS, 0.18, 9, [seed]) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    np.testing.assert_array_equal(LABELS, before)


def test_less_noise_hits_some_of_the_same_images_in_the_same_way():
    less, more = (flip_labels(LABELS, rate, 9, [5]) for rate in (0.05, 0.3))
    spared = (less != LABELS) & (more != less)
    assert spared.sum() <= 1  # of a class whose share was rounded up, then down
