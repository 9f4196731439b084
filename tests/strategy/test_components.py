"""Neutral components change nothing, and shared ones do what their docstrings say."""

import numpy as np
import pytest
import torch

from benchmark.strategy import (
    Argmax,
    CrossEntropy,
    LinearHead,
    NoAugmentation,
    NoMixing,
    NoSynthesis,
    OffsetArgmax,
    Outputs,
    RandomAugmentation,
    Shuffle,
    WeightedLoss,
)

IMAGES = torch.randint(
    0, 256, (6, 3, 24, 24), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)
LOGITS = torch.randn(6, 3, generator=torch.Generator().manual_seed(1))
TARGET = torch.eye(3)[[0, 1, 2, 0, 1, 2]]
COUNTS = torch.tensor([60.0, 30.0, 10.0])


def rng():
    return torch.Generator().manual_seed(0)


def test_an_epoch_of_shuffle_is_a_permutation():
    drawn = Shuffle()(np.zeros(9, int), np.random.default_rng(0))
    assert sorted(drawn.tolist()) == list(range(9))


def test_neutral_components_change_nothing():
    repeat_index = torch.arange(6)
    assert not NoAugmentation().selects(repeat_index).any()
    assert NoAugmentation()(IMAGES, repeat_index, rng()) is IMAGES
    images, target = NoMixing()(IMAGES, TARGET, COUNTS, rng())
    assert images is IMAGES
    assert target is TARGET
    rows, labels = NoSynthesis()(np.ones((5, 4)), np.zeros(5, int), np.random.default_rng(0))
    assert (rows.shape, labels.shape) == ((0, 4), (0,))


def test_argmax_and_offsets():
    logits = LOGITS.numpy()
    outputs = Outputs(logits, logits, np.zeros(6, int))
    rule = Argmax().fit(outputs, np.array([60, 30, 10]))
    assert rule == OffsetArgmax((0.0, 0.0, 0.0))
    np.testing.assert_array_equal(rule(outputs), logits.argmax(1))
    assert OffsetArgmax((0.0, 0.0, 99.0))(outputs).tolist() == [2] * 6


def test_cross_entropy_is_torchs():
    expected = torch.nn.functional.cross_entropy(LOGITS, TARGET, reduction="none")
    torch.testing.assert_close(CrossEntropy()(LOGITS, TARGET, COUNTS), expected)


def inverse(counts):
    return 1 / counts


def test_weights_have_mean_1_over_the_training_images():
    weighted = WeightedLoss(inverse)
    weights = weighted.scaled_weights(COUNTS)
    assert (weights * COUNTS).sum() / COUNTS.sum() == pytest.approx(1)
    assert (weights[2] / weights[0]).item() == pytest.approx(6)
    expected = weights[[0, 1, 2, 0, 1, 2]] * CrossEntropy()(LOGITS, TARGET, COUNTS)
    torch.testing.assert_close(weighted(LOGITS, TARGET, COUNTS), expected)


def test_a_linear_head_has_a_logit_for_each_class():
    assert LinearHead()(4, 3)(torch.zeros(5, 4)).shape == (5, 3)


def test_random_augmentation_is_drawn_for_each_image():
    same = IMAGES[:1].expand(6, -1, -1, -1)
    augmented = RandomAugmentation()(same, torch.arange(6), rng())
    assert augmented.shape == same.shape
    assert augmented.dtype == torch.uint8
    assert len({image.numpy().tobytes() for image in augmented}) == 6


def test_random_augmentation_of_strength_0_flips_or_keeps():
    plain = RandomAugmentation(degrees=0, zoom=0, shift=0, light=0)
    augmented = plain(IMAGES, torch.arange(6), rng())
    same_pixels = [
        torch.equal(image, result) for image, result in zip(IMAGES, augmented, strict=True)
    ]
    flipped = [
        torch.equal(image.flip(2), out) for image, out in zip(IMAGES, augmented, strict=True)
    ]
    assert all(a or b for a, b in zip(same_pixels, flipped, strict=True))
    assert any(same_pixels)
    assert any(flipped)


def test_occurrences_before_from_repeat_are_not_selected():
    repeat_index = torch.tensor([0, 1, 2])
    assert RandomAugmentation().selects(repeat_index).tolist() == [True, True, True]
    assert RandomAugmentation(from_repeat=2).selects(repeat_index).tolist() == [False, False, True]
