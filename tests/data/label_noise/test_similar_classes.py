"""The class that each looks most like, on planted pairs."""

import numpy as np
import pytest

from benchmark.data.label_noise.similar_classes import describe_images, most_similar_classes

SIZES = np.array([60, 30, 8, 20, 12, 20])
LABELS = np.repeat(np.arange(6), SIZES)
ALL = np.arange(len(LABELS))


def coloured(side=20):
    """Pairs of classes (0, 1), (2, 3), (4, 5) of nearly the same colour."""
    rng = np.random.default_rng(0)
    colours = np.array([[200, 40, 40], [40, 180, 60], [50, 60, 190]])[LABELS // 2]
    colours = colours + 25 * (LABELS % 2)[:, None]
    noise = rng.normal(0, 20, (len(LABELS), side, side, 3))
    return (colours[:, None, None] + noise).clip(0, 255).astype(np.uint8)


def striped(side=32):
    """Pairs of classes of nearly the same number of stripes, at any place and of any colour."""
    rng = np.random.default_rng(1)
    cycles = np.array([2, 2.7, 5, 6, 10, 11])[LABELS]
    phase = rng.uniform(0, 2 * np.pi, len(LABELS))
    wave = np.sin(2 * np.pi * cycles[:, None] * np.arange(side) / side + phase[:, None])
    colour = rng.uniform(60, 190, (len(LABELS), 1, 1, 3))
    noise = rng.normal(0, 10, (len(LABELS), side, side, 3))
    return (colour + 50 * wave[:, None, :, None] + noise).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("images", [coloured, striped])
def test_planted_pairs_are_found(images):
    assert most_similar_classes(images(), LABELS, ALL, 6).tolist() == [1, 0, 3, 2, 5, 4]


def test_only_the_images_that_are_named_are_looked_at():
    pixels, indices = coloured(), np.flatnonzero(LABELS != 1)
    pixels[LABELS == 1] = 255
    toward = most_similar_classes(pixels, LABELS, indices, 6)
    assert 1 not in toward[[0, 2, 3, 4, 5]]  # nothing is known of it
    assert toward[1] != 1
    assert toward[2:].tolist() == [3, 2, 5, 4]


def test_images_that_are_all_the_same_are_no_error():
    pixels = np.zeros((4, 16, 16, 3), np.uint8)
    toward = most_similar_classes(pixels, np.array([0, 0, 1, 1]), np.arange(4), 2)
    assert toward.tolist() == [1, 0]


def test_the_spectrum_does_not_tell_where_things_are():
    image = np.zeros((1, 64, 64, 3), np.uint8)
    image[:, 20:30, 20:30] = 200
    moved = np.roll(image, (5, 7), (1, 2))
    same, other = describe_images(np.concatenate([image, moved]), np.arange(2))[:, 48:]
    assert np.corrcoef(same, other)[0, 1] > 0.98


@pytest.mark.parametrize("side", [1, 3, 17, 64, 75, 128])
def test_images_of_any_size_are_described(side):
    pixels = np.random.default_rng(0).integers(0, 256, (3, side, side, 3), dtype=np.uint8)
    described = describe_images(pixels, np.arange(3))
    assert len(described) == 3
    assert np.isfinite(described).all()
