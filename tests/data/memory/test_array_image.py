"""An image from an array: read where it is certain, refused in a sentence where it is not."""

import numpy as np
import pytest
import torch
from PIL import Image

from benchmark.data.memory.array_image import require_contrast, to_image

WIDE = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
GREY = WIDE[:, :, 0]


@pytest.mark.parametrize(
    "value",
    [
        WIDE,
        WIDE.transpose(2, 0, 1),
        WIDE / 255,
        (WIDE / 255).astype(np.float16),
        torch.tensor(WIDE).permute(2, 0, 1),
        torch.tensor(WIDE).permute(2, 0, 1) / 255,
        (torch.tensor(WIDE).permute(2, 0, 1) / 255).requires_grad_(),
        Image.fromarray(WIDE),
        np.concatenate([WIDE, np.full((5, 7, 1), 255, np.uint8)], axis=2),
        WIDE[:, ::-1][:, ::-1],
    ],
)
def test_layouts_and_types_of_the_same_pixels_give_the_same_image(value):
    image = to_image(value)
    assert image.mode == "RGB"
    assert np.array_equal(np.asarray(image), WIDE)


@pytest.mark.parametrize(
    "value", [GREY, GREY[:, :, None], GREY[None], GREY / 255, GREY[None] / 255]
)
def test_grey_has_no_channels_or_one(value):
    pixels = np.asarray(to_image(value))
    assert np.array_equal(pixels, np.stack([GREY] * 3, axis=2))


def test_transparent_pixels_show_white():
    clear = np.zeros((5, 7, 4), np.uint8)
    assert np.asarray(to_image(clear)).min() == 255


def test_truth_values_are_black_and_white():
    assert np.array_equal(np.asarray(to_image(np.eye(2, dtype=bool)))[:, :, 0], np.eye(2) * 255)


def test_grey_of_16_bits_keeps_them_for_the_scale_of_the_set():
    image = to_image(np.array([[0, 4095]], dtype=np.uint16))
    assert (image.mode, image.getextrema()) == ("I", (0, 4095))


def test_a_path_is_decoded(tmp_path):
    Image.fromarray(WIDE).save(tmp_path / "a.png")
    assert np.array_equal(np.asarray(to_image(tmp_path / "a.png")), WIDE)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (WIDE / 255 - 0.5, "Leave the Normalize transform away"),
        (WIDE.astype(np.float32), "floats go from 0 to 1; divide by the value of white, like 255"),
        (np.full((5, 7), np.nan), "values from nan to nan"),
        (WIDE.astype(np.int64), r"if 255 is white, give \.astype\('uint8'\)"),
        (WIDE.astype(np.int32) * 100, "divide by the value of white"),
        (WIDE.astype(np.uint16), "uint16 with several channels: divide by 65535"),
        (WIDE.astype(complex), "values of type complex128 are no pixels"),
        (np.array([["a"]]), "values of type <U1 are no pixels"),
        (np.zeros((3, 5, 3), np.uint8), "both ends could be channels"),
        (np.zeros((2, 5, 6), np.uint8), "no end can be channels"),
        (np.zeros(5, np.uint8), r"the shape \(5,\) is no image's"),
        (np.zeros((1, 1, 5, 5), np.uint8), "is no image's"),
        (np.zeros((0, 5)), "holds no pixels"),
    ],
)
def test_what_is_not_certain_is_refused(value, sentence):
    with pytest.raises(ValueError, match=sentence):
        to_image(value)


def test_images_that_were_scaled_wrongly_are_refused():
    with pytest.raises(ValueError, match="multiply by 255"):
        require_contrast(np.round(WIDE / 255).astype(np.uint8))
    with pytest.raises(ValueError, match="divided by 255 twice"):
        require_contrast(WIDE / 255 / 255)
    require_contrast(WIDE)
    require_contrast(np.zeros((4, 4)))


def test_rounding_beyond_the_range_is_black_and_white() -> None:
    array = np.array([[-1e-7, 0.5, 1 + 1e-6]])
    assert np.asarray(to_image(array))[0, :, 0].tolist() == [0, 128, 255]
