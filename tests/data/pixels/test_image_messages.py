"""What a user is told about the pixels of a set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from benchmark.data.decoding.decode import decode
from benchmark.data.imageset import ImageSet
from benchmark.data.pixels.image_info import read_image_info
from benchmark.data.pixels.image_messages import image_messages
from tests.data.stored import encoded, raw_png

SHAPE = (24, 32)


@dataclass
class Files:
    contents: list[bytes]

    def image(self, index, at_least=0):
        return decode(self.contents[index], at_least)

    def content(self, index):
        return self.contents[index]


def messages_about(contents: list[bytes]) -> list[str]:
    """Messages about the images 0a, 1b, 2a … of the classes a and b, in turn."""
    n = len(contents)
    images = ImageSet(
        name="set",
        spec="set",
        description="",
        files=tuple(f"{'ab'[i % 2]}/{i}.png" for i in range(n)),
        labels=np.arange(n) % 2,
        classes=("a", "b"),
        stamps=("",) * n,
        reader=Files(contents),
    )
    infos, errors = read_image_info(images.reader, range(n))
    assert not errors
    return list(image_messages(images, infos))


def made(make, kind="PNG", n=12, **options) -> list[bytes]:
    """Files of the arrays that `make(i, rng)` returns."""
    rng = np.random.default_rng(0)
    return [encoded(Image.fromarray(make(i, rng)), kind, **options) for i in range(n)]


def colour(i, rng):
    return rng.integers(0, 256, (*SHAPE, 3), dtype=np.uint8)


def twelve_bits(i, rng):
    return rng.integers(0, 4096, SHAPE).astype(np.uint16)


def test_of_ordinary_images_there_is_nothing_to_say():
    assert messages_about(made(colour)) == []
    assert messages_about(made(lambda i, rng: colour(i, rng)[..., 0])) == []


@pytest.mark.parametrize("level", [255, 252])
def test_a_light_drawing_on_a_transparent_ground_vanishes(level):
    def drawing(i, rng):
        pixels = np.zeros((*SHAPE, 4), dtype=np.uint8)
        pixels[5:9, 3 : 5 + i] = (level, level, level, 255)
        return pixels

    message = messages_about(made(drawing))[0]
    assert message.startswith("12 of 12 images are of one flat colour (a/0.png, b/1.png, a/2.png")
    assert "transparent" in message
    assert "on white" in message


def test_a_dark_drawing_on_a_transparent_ground_is_seen():
    def drawing(i, rng):
        pixels = np.zeros((*SHAPE, 4), dtype=np.uint8)
        pixels[5:9, 3 : 5 + i, 3] = 255
        return pixels

    assert messages_about(made(drawing)) == []


def test_a_class_of_flat_images_is_named():
    def flat(i, rng):
        return np.full((*SHAPE, 3), (200, 90, i), dtype=np.uint8) if i % 2 else colour(i, rng)

    (message,) = messages_about(made(flat))
    assert message == (
        "6 of 12 images are of one flat colour (b/1.png, b/3.png, b/5.png and 3 more); all of the "
        "class b are."
    )


@pytest.mark.parametrize(
    ("make", "kind", "sentence"),
    [
        (twelve_bits, "PNG", "(integer): 0 is shown black and 4095 white, the smallest usual"),
        (
            lambda i, rng: np.int16([[-1024, 900]] if i % 2 else [[0, 3071]]),
            "TIFF",
            "(integer): -1024 is shown black and 3071 white, the range of",
        ),
        (
            lambda i, rng: np.float32([[-6, 9]] if i % 2 else [[10, 24]]),
            "TIFF",
            "(float): -6 is shown black and 24 white, the range of",
        ),
    ],
)
def test_the_scale_of_wide_grey_is_told(make, kind, sentence):
    messages = messages_about(made(make, kind))
    assert messages[0].startswith("12 images have grey of more than 8 bits ")
    assert sentence in messages[0]


def test_a_hot_pixel_that_sets_the_scale_is_named():
    def hot(i, rng):
        pixels = twelve_bits(i, rng)
        if i == 7:
            pixels[3, 3] = 65535
        return pixels

    message = messages_about(made(hot))[1]
    assert message.startswith(
        "In half of the images 99.8% of the values lie within 16 of 255 levels: from "
    )
    assert "the greatest 65535 (b/7.png)" in message
    assert "upper 8" not in message


def test_a_mark_of_missing_values_that_sets_the_scale_is_named():
    def map_of_heights(i, rng):
        pixels = rng.uniform(5, 20, SHAPE).astype(np.float32)
        pixels[0, : 5 * (i % 3 == 0)] = -9999
        return pixels

    contents = made(map_of_heights, "TIFF")
    assert any("the least of all is -9999 (a/0.png)" in each for each in messages_about(contents))
    tagged = messages_about(made(map_of_heights, "TIFF", tiffinfo={42113: "-9999"}))
    assert "the range of" in tagged[0]
    assert tagged[1].startswith("4 images have pixels without a value (NaN, infinite")
    assert len(tagged) == 2


@pytest.mark.parametrize(
    ("mark", "kind", "sentence"),
    [
        (-9999, np.float32, "But for -9999, all values lie between 5.0"),
        (
            -9999,
            np.int32,
            "But for -9999, all values lie between 5 and 19, which are 0 of 255 levels",
        ),
        (65535, np.uint16, "But for 65535, all values lie between 5 and 19"),
    ],
)
def test_a_mark_in_many_pixels_takes_the_scale_for_itself_and_is_named(mark, kind, sentence):
    def map_of_heights(i, rng):
        pixels = rng.uniform(5, 20, SHAPE).astype(kind)
        pixels[:6] = mark
        return pixels

    messages = messages_about(made(map_of_heights, "TIFF"))
    assert messages[1].startswith(sentence)
    assert messages[1].endswith(f"If {mark} marks missing values, replace it.")
    assert len(messages) == 2


def test_zeros_around_a_thermal_image_are_named():
    def thermal(i, rng):
        return np.where(np.eye(*SHAPE), 0, rng.integers(29_000, 29_765, SHAPE)).astype(np.uint16)

    assert "But for 0, all values lie between 29000 and 2976" in messages_about(made(thermal))[1]


@pytest.mark.parametrize(
    "make",
    [
        lambda i, rng: (rng.integers(0, 2, SHAPE) * 65535).astype(np.uint16),
        lambda i, rng: rng.integers(0, 60_000, SHAPE).astype(np.uint16),
        lambda i, rng: np.where(np.eye(*SHAPE), 0, rng.integers(2000, 4096, SHAPE)).astype(
            np.uint16
        ),
    ],
    ids=["mask", "full range", "cells on black"],
)
def test_of_ordinary_wide_grey_nothing_but_the_scale_is_told(make):
    assert len(messages_about(made(make))) == 1


def test_twelve_and_sixteen_bits_in_every_class_are_told():
    def scaled(i, rng):
        return rng.integers(0, 65536 if i % 4 < 2 else 4096, SHAPE).astype(np.uint16)

    message = messages_about(made(scaled, n=20))[1]
    assert message.startswith("10 images with grey of more than 8 bits reach 16 of 255 (a/2.png,")
    assert "10 others 255" in message


def test_images_that_are_flat_by_the_scale_alone_are_told_so():
    def stained(i, rng):
        return rng.integers(150, 60_000 if i % 2 else 350, SHAPE).astype(np.uint16)

    message = messages_about(made(stained))[0]
    assert message.startswith("6 of 12 images are of one flat colour (a/0.png, ")
    assert message.endswith("; 6 of them by the grey scale alone, which fits the whole set.")


def test_black_images_reach_0():
    def night(i, rng):
        return colour(i, rng) * (i % 2)

    assert any("class a reach 0 of 255" in each for each in messages_about(made(night)))


def test_twelve_bits_in_colour_end_nearly_black():
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 4096, (8, 8 * 3)).astype(">u2") for _ in range(4)]
    contents = [raw_png(8, 8, 16, 2, b"".join(b"\0" + r.tobytes() for r in each)) for each in rows]
    (message,) = messages_about(contents)
    assert message.startswith("All values lie between 0 and 15 of 255")
    assert "only the upper 8 are read" in message


def test_masks_of_0_and_1_are_nearly_black():
    messages = messages_about(made(lambda i, rng: rng.integers(0, 2, SHAPE).astype(np.uint8)))
    assert messages[1].startswith("All values lie between 0 and 1 of 255")


def test_kinds_and_scales_that_differ_by_class():
    def mixed(i, rng):
        return twelve_bits(i, rng) if i % 2 else colour(i, rng)[..., 0]

    messages = messages_about(made(mixed))
    assert "6 8-bit and 6 integer. Are they comparable?" in messages[1]
    assert "All images of the class a are 8-bit and all of the class b are integer" in messages[2]

    def scaled(i, rng):
        return rng.integers(0, 65536 if i % 2 else 4096, SHAPE).astype(np.uint16)

    message = messages_about(made(scaled))[1]
    assert message.startswith("The images of the class a reach 16 of 255, those of b 255 (medians)")


def test_what_tells_the_class_without_a_look_at_it():
    def grey(i, rng):
        pixels = colour(i, rng)
        return np.repeat(pixels[..., :1], 3, axis=2) if i % 2 else pixels

    (message,) = messages_about(made(grey))
    assert message == (
        "All images of the class b are grey and all of the class a are in colour: a network can "
        "tell these classes apart by that alone."
    )
    (message,) = messages_about(made(lambda i, rng: colour(i, rng)[: 20 + i % 2]))
    assert "class a are 32 x 20 pixels and all of the class b are 32 x 21 pixels" in message
    few = made(grey, n=8)  # 4 of a class may be so by chance
    assert messages_about(few) == []


def test_pages_that_are_not_used_are_counted():
    contents = made(colour)
    pages = [Image.fromarray(colour(i, np.random.default_rng(9))) for i in range(2)]
    contents[3] = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    (message,) = messages_about(contents)
    assert message == "1 file holds further pages or frames, of which the first is used (b/3.png)."


def test_a_decoder_that_warns_is_quoted():
    contents = made(colour, "JPEG")
    exif = b"Exif\0\0MM\0*\0\0\xff\xff"
    contents[4] = encoded(decode(contents[4]), "JPEG", exif=exif)
    (message,) = messages_about(contents)
    assert message.startswith("1 image was read with a warning, 'Corrupt EXIF data")
    assert message.endswith("(a/4.png).")


def test_thin_lines_on_a_large_sheet_are_no_flat_images():
    def sheet(i, rng):
        pixels = np.full((900, 900), 255, dtype=np.uint8)
        pixels[100 + i, :200] = 0
        return pixels

    (message,) = messages_about(made(sheet))
    assert message == "In half of the images 99.8% of the values lie within 0 of 255 levels."


def test_flat_images_are_not_counted_twice():
    def flat(i, rng):
        return np.full((*SHAPE, 3), 20 * i, dtype=np.uint8) if i > 3 else colour(i, rng)

    (message,) = messages_about(made(flat))
    assert message.startswith("8 of 12 images are of one flat colour")
