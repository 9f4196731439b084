"""Facts of images, measured on the decoded pixels."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from benchmark.data.pixels.grey_levels import choose_scales, levels
from benchmark.data.pixels.image_info import read_image, read_image_info


@dataclass
class Read:
    """Has these images; None is damaged."""

    images: list

    def image(self, index, at_least=0):
        if self.images[index] is None:
            raise OSError("damaged")
        return self.images[index]

    def content(self, index):
        return b"bytes"


def info_of(array: np.ndarray):
    return read_image(Read([Image.fromarray(array)]), 0)[1]


def test_facts_of_readable_images_and_reasons_for_the_others():
    infos, errors = read_image_info(Read([Image.new("RGB", (3, 2)), None]), range(2))
    info = infos[0]
    assert (info.width, info.height, info.mode) == (3, 2, "RGB")
    assert info.digest == hashlib.sha256(b"bytes").hexdigest()
    assert (info.low, info.high, info.span, info.is_grey) == (0, 0, 0, True)
    assert errors == {1: "OSError: damaged"}


def test_the_span_is_that_of_one_channel_and_one_faulty_pixel_is_no_dark_or_bright_value():
    pixels = np.full((40, 50, 3), (10, 200, 30), dtype=np.uint8)
    pixels[:20, :, 0] = 20
    assert info_of(pixels).span == 10
    pixels[0, 0], pixels[0, 1] = 255, 0
    info = info_of(pixels)
    assert (info.low, info.dark, info.bright, info.high) == (0, 10, 200, 255)
    assert info.span == 255
    assert not info.is_grey


def test_a_thin_line_on_a_large_ground_is_not_overlooked():
    pixels = np.full((1000, 1000, 3), 255, dtype=np.uint8)
    pixels[501] = 0
    info = info_of(pixels)
    assert (info.low, info.high, info.span) == (0, 255, 255)


def test_a_small_spot_of_colour_is_colour_and_noise_of_a_jpeg_is_not():
    pixels = np.full((200, 200, 3), 100, dtype=np.uint8)
    pixels[::7, :, 2] += 5
    assert info_of(pixels).is_grey
    pixels[101, 101] = (200, 100, 100)
    assert not info_of(pixels).is_grey


def test_wide_grey_has_the_facts_of_its_values():
    pixels = np.linspace(200, 1200, 4000).reshape(50, 80).astype(np.int32)
    pixels[3, 3] = 65535
    info = info_of(pixels)
    assert (info.kind, info.low, info.high, info.span) == ("I", 200, 65535, 65335)
    assert 200 < info.dark < 203
    assert 1197 < info.bright <= 1200
    assert not info.lacks_values
    celsius = np.array([[-6, 24, np.nan]], dtype=np.float32)
    assert info_of(celsius).lacks_values
    assert (info_of(celsius).low, info_of(celsius).high) == (-6, 24)


def test_an_image_without_any_value_is_unreadable():
    _, errors = read_image_info(Read([Image.fromarray(np.float32([[np.nan]]))]), range(1))
    assert errors == {0: "none of its pixels holds a number"}


def test_the_scale_is_that_of_the_whole_set_and_of_its_kind():
    arrays = [np.int32([[0, 4095]]), np.int32([[0, 819]]), np.float32([[-6, 24]])]
    infos = {i: info_of(array) for i, array in enumerate([*arrays, np.uint8([[[9, 9, 9]]])])}
    scales = choose_scales(infos)
    assert {kind: (scale.black, scale.white) for kind, scale in scales.items()} == {
        "F": (-6, 24),
        "I": (0, 4095),
    }
    assert levels(infos, "high").tolist() == [255, 51, 255, 9]
    assert levels(infos, "low").tolist() == [0, 0, 0, 9]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Corrupt EXIF data.  Expecting to read 2 bytes", "Corrupt EXIF data. Expecting to read"),
        ("Palette images with Transparency expressed in bytes", ""),
    ],
)
def test_a_warning_is_kept_as_a_fact_and_not_printed(text, kept, recwarn):
    class Warn(Read):
        def image(self, index, at_least=0):
            warnings.warn(text, stacklevel=1)
            return Image.new("RGB", (1, 1))

    assert read_image(Warn([]), 0)[1].warning.startswith(kept)
    assert bool(read_image(Warn([]), 0)[1].warning) == bool(kept)
    assert not recwarn.list
