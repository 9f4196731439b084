from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from benchmark.data.pixels.thumbnail import SIDE, grey_levels, make_thumbnail, read_steps
from tests.data.duplicates.pictures import make_photographs


def levels_of(image: Image.Image, dark: float = 0, bright: float = 255) -> np.ndarray:
    return grey_levels(read_steps([make_thumbnail(image, dark, bright)]))[0].astype(float)


def test_each_level_is_the_mean_of_what_lies_below() -> None:
    levels = np.repeat(np.repeat(np.arange(256).reshape(SIDE, SIDE), 20, 0), 20, 1)
    image = Image.fromarray(levels.astype(np.uint8)).convert("RGB")
    difference = np.abs(levels_of(image) - np.arange(256).reshape(SIDE, SIDE))
    assert np.median(difference) <= 1


@pytest.mark.parametrize("size", [(400, 300), (97, 61), (40, 200)])
def test_a_resized_image_has_the_same_levels(size: tuple[int, int]) -> None:
    image = make_photographs(1, (320, 240))[0]
    resized = image.resize(size, Image.Resampling.LANCZOS)
    assert np.abs(levels_of(image) - levels_of(resized)).mean() < 3


def test_no_thumbnail_is_black() -> None:
    assert read_steps(["", ""]).tolist() == np.zeros((2, SIDE, SIDE)).tolist()
    assert read_steps([]).shape == (0, SIDE, SIDE)


@pytest.mark.parametrize(("mode", "scale"), [("I", 200), ("F", 0.01)])
def test_wide_grey_has_the_levels_of_its_own_range(mode: str, scale: float) -> None:
    grey = make_photographs(1)[0].convert("L")
    wide = Image.fromarray((np.asarray(grey, np.float64) * scale).astype(np.float32)).convert(mode)
    expected, actual = levels_of(grey.convert("RGB")), levels_of(wide, 0, 255 * scale)
    assert np.abs(expected - actual).max() <= 2


def test_pixels_without_a_value_and_faulty_ones_do_no_harm() -> None:
    values = np.asarray(make_photographs(1)[0].convert("L"), np.float32).copy()
    expected = levels_of(Image.fromarray(values))
    values[3, 5], values[7, 7] = np.nan, 1e9
    assert np.abs(levels_of(Image.fromarray(values)) - expected).max() <= 4
    assert levels_of(Image.fromarray(np.full((20, 20), np.float32(7))), 7, 7).max() == 0


def test_a_dark_image_keeps_its_shades() -> None:
    image = make_photographs(1)[0]
    dark = Image.fromarray((np.asarray(image) / 24).astype(np.uint8))
    assert len(np.unique(levels_of(dark))) > 100
    assert np.corrcoef(levels_of(dark).ravel(), levels_of(image).ravel())[0, 1] > 0.99
