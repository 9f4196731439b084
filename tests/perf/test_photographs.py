"""Repeated images differ."""

import numpy as np

from benchmark.data.sources import open_data
from tests.perf.photographs import Variants


def test_each_repeat_of_an_image_differs():
    reader = Variants(open_data("wheels:images=64").reader)
    original, repeat = (np.asarray(reader.image(index)) for index in (0, 64))
    assert (original != repeat).any()
    assert np.array_equal(original[32:], repeat[32:])
    assert reader.content(0) != reader.content(64)
