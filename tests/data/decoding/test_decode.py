"""Every mode that images come in, down to the exact pixel; and files that are damaged."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from benchmark.data.decoding.decode import decode, standardize
from benchmark.data.decoding.grey_scale import choose_scale, grey_values
from benchmark.data.decoding.unreadable import UnreadableImageError
from tests.data.stored import encoded, raw_png


def pixel(image: Image.Image, x: int = 0, y: int = 0) -> tuple[int, ...]:
    assert image.mode == "RGB"
    return image.getpixel((x, y))


def grey(*values: float, dtype: type = np.uint8) -> Image.Image:
    return Image.fromarray(np.array([values], dtype=dtype))


def reds(image: Image.Image) -> list[int]:
    """Red of the first row, by the scale of a set that consists of this image alone."""
    values = grey_values(image)
    scale = choose_scale(image.mode, np.nanmin(values), np.nanmax(values))
    return np.asarray(scale.to_rgb(image))[0, :, 0].tolist()


def test_sixteen_bit_grey_keeps_its_bits_until_the_scale_is_known() -> None:
    wide = decode(encoded(grey(0, 257, 12850, 65535, 384, dtype=np.uint16)))
    assert (wide.mode, wide.info["mode"]) == ("I", "I;16")
    assert reds(wide) == [0, 1, 50, 255, 1]


def test_sixteen_bit_rgb_png_keeps_the_upper_byte_and_says_so() -> None:
    content = raw_png(1, 1, 16, 2, b"\0" + struct.pack(">HHH", 0x8080, 0xFFFF, 0x0101))
    assert pixel(decode(content)) == (128, 255, 1)
    assert decode(content).info["mode"] == "RGB;16"
    grey_and_alpha = raw_png(1, 1, 16, 4, b"\0" + struct.pack(">HH", 0x8080, 0xFFFF))
    assert decode(grey_and_alpha).info["mode"] == "RGBA;16"


def test_32_bit_grey_is_taken_as_16_bit_while_it_fits() -> None:
    assert reds(standardize(grey(0, 257, 65535, dtype=np.int32))) == [0, 1, 255]
    assert reds(standardize(grey(0, 100_000, 200_000, dtype=np.int32))) == [0, 128, 255]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0.5, 1], [0, 128, 255]),
        ([0, 51, 255], [0, 51, 255]),
        ([0, 12850, 25700], [0, 50, 100]),
        ([-1, 0, 1], [0, 128, 255]),
        ([0, 1e6, 2e6], [0, 128, 255]),
        ([np.nan, np.inf, 1], [0, 0, 255]),
        ([0, 0, 0], [0, 0, 0]),
        ([-3, -3, -3], [0, 0, 0]),
    ],
)
def test_float_tiff_is_scaled_by_its_range(values: list[float], expected: list[int]) -> None:
    stored = encoded(grey(*values, dtype=np.float32), "TIFF")
    assert decode(stored).mode == "F"
    assert reds(decode(stored)) == expected


def test_transparency_shows_white_not_the_hidden_colour() -> None:
    rgba = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    rgba.putpixel((1, 0), (0, 0, 0, 128))
    rgb = decode(encoded(rgba))
    assert pixel(rgb) == (255, 255, 255)
    assert pixel(rgb, 1) == (127, 127, 127)
    assert pixel(standardize(Image.new("LA", (1, 1), (10, 0)))) == (255, 255, 255)
    assert pixel(standardize(Image.new("LA", (1, 1), (10, 255)))) == (10, 10, 10)
    assert pixel(standardize(Image.new("La", (1, 1), (10, 255)))) == (10, 10, 10)


def test_transparent_palette_and_colour_key_show_white() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.putpixel((1, 0), 1)
    rgb = decode(encoded(palette, transparency=0))
    assert [pixel(rgb), pixel(rgb, 1)] == [(255, 255, 255), (0, 0, 255)]
    assert pixel(decode(encoded(palette))) == (255, 0, 0)
    key = decode(encoded(Image.new("RGB", (1, 1), (9, 8, 7)), transparency=(9, 8, 7)))
    assert pixel(key) == (255, 255, 255)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 77, (77, 77, 77)),
        ("RGB", (1, 2, 3), (1, 2, 3)),
        ("RGBX", (1, 2, 3, 0), (1, 2, 3)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("HSV", (0, 255, 255), (255, 0, 0)),
        ("LAB", (255, 128, 128), (255, 255, 255)),
        ("YCbCr", (100, 128, 128), (100, 100, 100)),
    ],
)
def test_plain_modes(mode: str, colour: int, expected: tuple[int, int, int]) -> None:
    got = pixel(standardize(Image.new(mode, (1, 1), colour)))
    assert np.abs(np.subtract(got, expected)).max() <= (2 if mode == "LAB" else 0)


def test_cmyk_jpeg() -> None:
    red = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=100)
    assert np.abs(np.subtract(pixel(decode(red), 8, 8), (255, 0, 0))).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    upright = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40  # (2, 3)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright.T[::-1, ::-1],
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode(encoded(Image.fromarray(np.ascontiguousarray(stored)), exif=exif))
    np.testing.assert_array_equal(np.asarray(image)[..., 0], upright)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_does_not_lose_the_image() -> None:
    good = encoded(
        Image.new("RGB", (8, 8), (50, 50, 50)), "JPEG", exif=b"Exif\0\0MM\0*\0\0\xff\xff"
    )
    assert pixel(decode(good)) == (50, 50, 50)


def test_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
        assert pixel(decode(content)) == (255, 0, 0)
    moved = Image.open(BytesIO(content))
    moved.seek(1)
    assert pixel(standardize(moved)) == (255, 0, 0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "GIF", "WEBP"])
def test_truncated_file_raises(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), kind)
    decode(content)
    with pytest.raises(Exception, match=r".+"):
        decode(content[: len(content) // 2])


def test_what_is_no_image_is_said() -> None:
    with pytest.raises(OSError, match="empty"):
        decode(b"")
    with pytest.raises(OSError, match="it begins 'label,path'"):
        decode(b"label,path\n")
    with pytest.raises(OSError, match="not an image of a format that is read"):
        decode(b"\x01\x02\x03\x04")
    with pytest.raises(OSError, match="an HDF5 file"):  # Pillow has a stub for the format
        decode(b"\x89HDF\r\n\x1a\n" + bytes(600))


def test_16_bits_of_which_0_is_white_are_inverted_as_pillow_inverts_8() -> None:
    stored = grey(65535, 65535 - 4095, dtype=np.uint16)
    wide = decode(encoded(stored, "TIFF", tiffinfo={262: 0}))
    assert grey_values(wide)[0].tolist() == [0, 4095]


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, ">u2", np.int32, np.float32])
def test_the_values_of_wide_grey_arrive_unchanged(dtype: type) -> None:
    wide = decode(encoded(grey(0, 1, 300, 4095, dtype=dtype), "TIFF"))
    assert grey_values(wide)[0].tolist() == [0, 1, 300, 4095]


def test_numbers_without_a_sign_that_pillow_reads_with_one_are_refused() -> None:
    def unsigned(*values: int) -> bytes:
        content = encoded(Image.fromarray(np.uint32([values]).view(np.int32)), "TIFF")
        tag = struct.pack("<HHIHH", 339, 3, 1, 2, 0)  # written as numbers with a sign
        assert content.count(tag) == 1
        return content.replace(tag, struct.pack("<HHIHH", 339, 3, 1, 1, 0))

    assert grey_values(decode(unsigned(0, 7, 2**31 - 1)))[0].tolist() == [0, 7, 2**31 - 1]
    with pytest.raises(UnreadableImageError, match=r"values above 2,147,483,647"):
        decode(unsigned(0, 7, 2**31))


def test_the_mark_of_missing_values_is_no_value() -> None:
    stored = grey(-9999, 3, 7, dtype=np.float32)
    for mark, expected in (("-9999", [np.nan, 3, 7]), ("none", [-9999, 3, 7])):
        wide = decode(encoded(stored, "TIFF", tiffinfo={42113: mark}))
        np.testing.assert_array_equal(grey_values(wide)[0], expected)
    huge = encoded(grey(-3.4e38, 3, dtype=np.float32), "TIFF")
    np.testing.assert_array_equal(grey_values(decode(huge))[0], [np.nan, 3])


def test_the_size_is_that_of_the_stored_image_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(Image.new("RGB", (1000, 600)), "JPEG", exif=exif)
    reduced = decode(content, 75)
    assert (reduced.size, reduced.info["size"]) == ((150, 250), (600, 1000))


def test_facts_that_the_pixels_no_longer_show() -> None:
    def info(image: Image.Image, kind: str = "PNG", **options: object) -> dict:
        return decode(encoded(image, kind, **options)).info

    opaque, clear = (Image.new("RGBA", (2, 2), (9, 9, 9, alpha)) for alpha in (255, 0))
    assert not info(opaque)["transparent"]
    assert info(clear)["transparent"]
    pages = {"save_all": True, "append_images": [Image.new("RGB", (2, 2))]}
    assert not info(Image.new("RGB", (2, 2)), "TIFF")["more_images"]
    assert info(Image.new("RGB", (2, 2)), "TIFF", **pages)["more_images"]
    assert not info(Image.new("RGB", (2, 2)), "MPO", **pages)["more_images"]


def test_libtiff_prints_nothing(capfd: pytest.CaptureFixture) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), "TIFF", compression="tiff_adobe_deflate")
    middle = len(content) // 2
    with pytest.raises(OSError, match="decoder error"):
        decode(content[:middle] + bytes(60) + content[middle + 60 :])
    assert capfd.readouterr().err == ""


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_000, 20_000])
def test_decompression_bomb_is_refused_before_decoding(
    side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = raw_png(side, side, 1, 0, b"")
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(UnreadableImageError, match="decompression bomb"):
        decode(bomb)


def test_large_jpeg_is_decoded_reduced_but_never_below_twice_the_hint() -> None:
    content = encoded(Image.new("RGB", (1000, 600), (10, 200, 30)), "JPEG")
    assert decode(content).size == (1000, 600)
    assert decode(content, 75).size == (250, 150)
    assert decode(content, 76).size == (500, 300)
    assert decode(content, 5000).size == (1000, 600)
