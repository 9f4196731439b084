"""Positions in turn."""

import numpy as np
import pytest

from benchmark.strategy import chunks as module
from benchmark.strategy.chunks import chunks, highest_class


@pytest.mark.parametrize(("images", "width"), [(0, 3), (1, 3), (10, 3), (12, 4), (5, 100), (7, 0)])
def test_chunks_hold_all_images_once_and_few_numbers(images, width, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 12)
    positions = [np.arange(images)[chunk] for chunk in chunks(np.zeros((images, width)))]
    np.testing.assert_array_equal(np.concatenate(positions), np.arange(images))
    assert all(len(each) == 1 or len(each) * width <= 12 for each in positions if len(each))


def test_the_highest_class_is_that_of_all_scores(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 8)
    scores = np.random.default_rng(0).integers(0, 3, (9, 4)).astype(float)
    np.testing.assert_array_equal(highest_class(scores, scores.__getitem__), scores.argmax(1))
