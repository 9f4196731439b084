"""Files and stamps; and every mode that images come in, down to the exact pixel."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from benchmark.data.image_files import FileReader, decode, short_name, stamp, to_rgb


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixel(image: Image.Image, x: int = 0, y: int = 0) -> tuple[int, ...]:
    assert image.mode == "RGB"
    return image.getpixel((x, y))


def grey(*values: float, dtype: type = np.uint8) -> Image.Image:
    return Image.fromarray(np.array([values], dtype=dtype))


def reds(image: Image.Image) -> list[int]:
    return np.asarray(to_rgb(image))[0, :, 0].tolist()


def test_sixteen_bit_png_is_scaled_not_clipped() -> None:
    rgb = decode(encoded(grey(0, 257, 12850, 65535, 384, dtype=np.uint16)))
    assert np.asarray(rgb)[0].tolist() == [[v] * 3 for v in (0, 1, 50, 255, 1)]
    assert rgb.info["mode"] == "I;16"


def raw_png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_sixteen_bit_rgb_png_is_scaled() -> None:
    content = raw_png(1, 1, 16, 2, b"\0" + struct.pack(">HHH", 0x8080, 0xFFFF, 0x0101))
    assert pixel(decode(content)) == (128, 255, 1)


def test_32_bit_grey_is_taken_as_16_bit_while_it_fits() -> None:
    assert reds(grey(0, 257, 65535, dtype=np.int32)) == [0, 1, 255]
    assert reds(grey(0, 1, dtype=np.int32)) == [0, 0]
    assert reds(grey(0, 100_000, 200_000, dtype=np.int32)) == [0, 128, 255]


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
    assert np.asarray(decode(stored))[0, :, 0].tolist() == expected


def test_transparency_shows_white_not_the_hidden_colour() -> None:
    rgba = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    rgba.putpixel((1, 0), (0, 0, 0, 128))
    rgb = decode(encoded(rgba))
    assert pixel(rgb) == (255, 255, 255)
    assert pixel(rgb, 1) == (127, 127, 127)
    assert pixel(to_rgb(Image.new("LA", (1, 1), (10, 0)))) == (255, 255, 255)
    assert pixel(to_rgb(Image.new("LA", (1, 1), (10, 255)))) == (10, 10, 10)
    assert pixel(to_rgb(Image.new("La", (1, 1), (10, 255)))) == (10, 10, 10)


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
    got = pixel(to_rgb(Image.new(mode, (1, 1), colour)))
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
    assert pixel(to_rgb(moved)) == (255, 0, 0)


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
    with pytest.raises(OSError, match="not an image that Pillow can read"):
        decode(b"label,path\n")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_000, 20_000])
def test_decompression_bomb_is_refused_before_decoding(
    side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = raw_png(side, side, 1, 0, b"")
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ValueError, match="decompression bomb"):
        decode(bomb)


def test_large_jpeg_is_decoded_reduced_but_never_below_twice_the_hint() -> None:
    content = encoded(Image.new("RGB", (1000, 600), (10, 200, 30)), "JPEG")
    assert decode(content).size == (1000, 600)
    assert decode(content, 75).size == (250, 150)
    assert decode(content, 76).size == (500, 300)
    assert decode(content, 5000).size == (1000, 600)


def test_a_reader_finds_files_below_its_root(tmp_path):
    (tmp_path / "a").mkdir()
    Image.new("RGB", (2, 2), (1, 2, 3)).save(tmp_path / "a/1.png")
    reader = FileReader(str(tmp_path), ("a/1.png",))
    assert reader.content(0) == (tmp_path / "a/1.png").read_bytes()
    assert reader.image(0).getpixel((0, 0)) == (1, 2, 3)


def test_a_stamp_changes_with_the_name_and_the_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    before = stamp("a.png", path.stat())
    assert stamp("b.png", path.stat()) != before
    path.write_bytes(b"xy")
    assert stamp("a.png", path.stat()) != before


def test_short_names_fit_a_folder(tmp_path):
    assert short_name(tmp_path / "my images (2)") == "my_images_2"
    assert short_name(tmp_path / "(-)") == "data"
