"""The scale of a set's wide grey, by the range of its values."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from benchmark.data.decoding.grey_scale import GreyScale, choose_scale, grey_values, is_wide


@pytest.mark.parametrize(
    ("low", "high", "black", "white"),
    [
        (0, 200, 0, 255),  # 8 bits in 16
        (0, 1023, 0, 1023),
        (64, 1100, 0, 4095),
        (200, 3695, 0, 4095),
        (0, 16383, 0, 16383),
        (0, 65535, 0, 65535),
        (-1024, 3071, -1024, 3071),  # CT
        (0, 200_000, 0, 200_000),
        (29_000, 31_000, 29_000, 31_000),  # a camera's hundredths of a Kelvin
        (0, 1, 0, 1),  # a mask
        (4000, 4000, 0, 4095),
    ],
)
def test_integers(low, high, black, white):
    assert choose_scale("I", low, high) == GreyScale(black, white)


@pytest.mark.parametrize(
    ("low", "high", "black", "white"),
    [
        (0, 1, 0, 1),
        (0.1, 0.8, 0, 1),
        (0, 0.1, 0, 0.1),
        (0, 255, 0, 255),
        (0, 3900, 0, 4095),
        (0, 1.02, 0, 1.02),  # resampled: above 1, and not 255 levels
        (-6, 24, -6, 24),  # degrees Celsius
        (280, 300, 280, 300),  # Kelvin
        (0, 1e6, 0, 1e6),
    ],
)
def test_floats(low, high, black, white):
    assert choose_scale("F", low, high) == GreyScale(black, white)


def test_levels_are_rounded_and_values_outside_are_clipped():
    scale = GreyScale(0, 4095)
    values = np.array([-1, 0, 8, 9, 2048, 4095, 9999, np.nan])
    assert scale.levels(values).tolist() == [0, 0, 0, 1, 128, 255, 255, 0]
    constant = choose_scale("F", -3, -3)
    assert constant.levels([-3.0, np.nan]).tolist() == [0, 0]


def test_wide_images_become_grey_rgb():
    image = Image.fromarray(np.int32([[0, 2048, 4095]]))
    assert is_wide(image)
    assert not is_wide(Image.new("RGB", (1, 1)))
    rgb = GreyScale(0, 4095).to_rgb(image)
    assert np.asarray(rgb)[0].tolist() == [[0] * 3, [128] * 3, [255] * 3]


def test_what_is_no_measurement_is_nan():
    image = Image.fromarray(np.float32([[np.inf, -np.inf, np.nan, -3.4e38, -9999, 5]]))
    assert np.isnan(grey_values(image)[0]).tolist() == [True] * 4 + [False] * 2
    image.info["no_data"] = -9999
    assert np.isnan(grey_values(image)[0]).tolist() == [True] * 5 + [False]
