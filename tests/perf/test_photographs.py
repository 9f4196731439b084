"""Repeated images differ."""

import numpy as np

from benchmark.data.sources import open_data
from tests.perf.photographs import Variants


def test_each_repeat_of_an_image_differs():
    read = Variants(open_data("wheels:images=64").read)
    original, repeat = (np.asarray(read.image(index)) for index in (0, 64))
    assert (original != repeat).any()
    assert np.array_equal(original[32:], repeat[32:])
    assert read.content(0) != read.content(64)
