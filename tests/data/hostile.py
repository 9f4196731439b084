"""A folder of images that hurt: programs, bombs, loops, pipes, damage, and honest rarities.

python -m tests.data.hostile FOLDER   writes it, with two classes of honest images.
"""

from __future__ import annotations

import gzip
import os
import socket
import struct
import sys
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from benchmark.data.files.image_files import IMAGE_SUFFIXES
from tests.data.stored import encoded, raw_png

# Ghostscript runs this for ever
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\n{ } loop\n"
PREVIEW = b"\xc5\xd0\xd3\xc6" + struct.pack("<7IH", 32, len(POSTSCRIPT), 0, 0, 0, 0, 0, 0xFFFF)[:28]
SIDE = 9_400  # pixels: just below the most that are decoded
SPARSE = 10**10  # bytes of a file that takes none


@cache
def honest() -> dict[str, bytes]:
    """Return files that are odd and can be read, by name."""
    picture = _noise(24, 20)
    frames = [Image.new("RGB", (8, 8), (i % 256, 9, 9)) for i in range(400)]
    more = {"save_all": True, "append_images": frames[1:]}
    exif = Image.Exif()
    exif[0x0112], exif[0x9286] = 6, "x" * 60_000
    text = PngImagePlugin.PngInfo()
    text.add_text("a", "b" * 900_000, zip=True)
    jpeg = encoded(picture, "JPEG")
    return {
        "one.png": encoded(Image.new("RGB", (1, 1))),
        "long.png": encoded(Image.new("L", (65_535, 1), 9)),
        "tall.jpg": encoded(Image.new("RGB", (1, 65_000), (9, 8, 7)), "JPEG"),
        "cmyk.jpg": encoded(picture.convert("CMYK"), "JPEG"),
        "png_in.jpg": encoded(picture),
        "webp_in.png": encoded(picture, "WEBP"),
        "gif_in.tiff": encoded(picture, "GIF"),
        "avif_in.jpg": encoded(picture, "AVIF"),
        "frames.gif": encoded(frames[0], "GIF", **more),
        "frames.webp": encoded(frames[0], "WEBP", **more),
        "frames.apng": encoded(frames[0], "PNG", **more),
        "pages.tif": encoded(frames[0], "TIFF", **more),
        "loop_of_pages.tif": _tiff(8, 8, zlib.compress(bytes(range(64))), pages=1),
        "many_pages.tif": _tiff(8, 8, zlib.compress(bytes(range(64))), pages=2_000),
        "exif.jpg": encoded(picture, "JPEG", exif=exif),
        "profile.jpg": encoded(picture, "JPEG", icc_profile=bytes(2_000_000)),
        "text.png": encoded(picture, pnginfo=text),
        "zip_behind.jpg": jpeg + b"PK\x03\x04" + bytes(99),
        "script_behind.jpg": jpeg + b"<script>alert(1)</script>",
        "postscript_behind.jpg": jpeg + POSTSCRIPT,
        "comment.gif": b"GIF89a" + encoded(picture, "GIF")[6:],
        "line\nbreak.png": encoded(picture),
        "=1+1.png": encoded(picture),
        "-rf *.png": encoded(picture),
        "<b>&amp;.png": encoded(picture),
        "\u202egpj.png": encoded(picture),
        f"{'n' * 240}.png": encoded(picture),
    }


@cache
def broken() -> dict[str, bytes]:
    """Return files that hold no image, or none that is read, by name."""
    picture = _noise(64, 64)
    png, jpeg, tiff = encoded(picture), encoded(picture, "JPEG"), encoded(picture, "TIFF")
    huge = struct.pack(">I", 2**31 - 1)
    files = {f"postscript{suffix}": POSTSCRIPT for suffix in sorted(IMAGE_SUFFIXES)}
    return files | {
        "preview.jpg": PREVIEW[:32].ljust(32, b"\0") + POSTSCRIPT,
        "job.jpg": b"\x1b%-12345X@PJL\n" + POSTSCRIPT,
        "metafile.png": b"\xd7\xcd\xc6\x9a"
        + bytes(2)
        + struct.pack("<4hH", 0, 0, 9, 9, 72).ljust(60),
        "enhanced.png": b"\x01\0\0\0".ljust(40, b"\0") + b" EMF" + bytes(60),
        "drawing.svg.png": b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        "entities.png": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "fits.png": b"SIMPLE  =                    T".ljust(2880),
        "icon.jpg": b"icns" + struct.pack(">I", 99) + bytes(91),
        "grib.jpg": b"GRIB" + bytes(60),
        "mpeg.jpg": b"\0\0\x01\xb3" + bytes(60),
        "palette.jpg": b"/* XPM */\nstatic char *a[] = {".ljust(200),
        "bitmap.jpg": b"#define im_width 9\n#define im_height 9\nstatic char im_bits[] = {\n",
        "empty.png": b"",
        "byte.jpg": b"\xff",
        "zeros.png": bytes(5_000),
        "cut.png": png[: len(png) // 2],
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "cut.tif": tiff[: len(tiff) // 2],
        "head.jpg": jpeg[:11],
        "bomb.png": raw_png(60_000, 60_000, 1, 0, b""),
        "bomb.gif": b"GIF89a\xff\xff\xff\xff\x80\0\0"
        + bytes(6)
        + b",\0\0\0\0\xff\xff\xff\xff\0\x02\0;",
        "bomb.bmp": b"BM"
        + struct.pack("<IHHIIiiHH", 54, 0, 0, 54, 40, 2**30, 2**30, 1, 24).ljust(52),
        "bomb.tif": _tiff(65_535, 65_535, zlib.compress(bytes(10**6))),
        "bomb.jp2": _jp2(2**31 - 1),
        "ppm_bomb.ppm": b"P6 100000 100000 255\n",
        "profile_bomb.png": _png_chunk(png, b"iCCP", b"a\0\0" + zlib.compress(bytes(10**7))),
        "text_bomb.png": _png_chunk(png, b"zTXt", b"a\0\0" + zlib.compress(bytes(10**7))),
        "length.png": png[:8] + huge + png[12:],
        "strip.tif": _tiff(64, 64, zlib.compress(bytes(100)), counts=2**32 - 1),
        "gzip.png": gzip.compress(bytes(10**7)),
        "tar.jpg": bytes(257) + b"ustar" + bytes(300),
        "pickle.png": b"\x80\x04\x95\x1e\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
        "script.jpg": b"#!/bin/sh\ntouch /tmp/owned\n",
        "program.jpg": b"\x7fELF\x02\x01\x01" + bytes(60),
        "pdf.jpg": b"%PDF-1.7\n1 0 obj",
        "page.jpg": b"<html><script>alert(1)</script></html>",
        "pointer.jpg": b"version https://git-lfs.github.com/spec/v1\n",
    }


def large() -> dict[str, bytes]:
    """Return small files that take much memory or time, of which some are refused, by name."""
    rows = b"\0" + bytes(2 * SIDE)
    return {
        "wide.png": raw_png(SIDE, SIDE, 16, 0, rows * SIDE),
        "colour.png": raw_png(SIDE, SIDE, 16, 2, (b"\0" + bytes(6 * SIDE)) * SIDE),
        "clear.png": encoded(Image.new("RGBA", (SIDE, SIDE), (9, 9, 9, 99)), compress_level=1),
        "canvas.webp": encoded(Image.new("RGBA", (SIDE, SIDE), (9, 9, 9, 99)), "WEBP", method=0),
        "components.jp2": encoded(Image.new("RGB", (SIDE, SIDE), (9, 9, 9)), "JPEG2000"),
        "deflated.tif": _tiff(SIDE, SIDE, zlib.compress(bytes(SIDE * SIDE))),
        "scans.jpg": _scans(),
    }


def make_hostile(root: Path, with_large: bool = False) -> dict[str, str]:
    """Write all kinds into the classes blue and red of `root`; return path -> what becomes of it.

    "read" or "rejected" are files that are opened, "either" if that depends on the decoders;
    "left out" are those that are not.
    """
    fates: dict[str, str] = {}
    for name in ("blue", "red"):
        (root / name).mkdir(parents=True)
        for number in range(12):
            path = f"{name}/{number:02}.png"
            encode = encoded(_noise(16 + number, 16, seed=number + 20 * (name == "red")))
            (root / path).write_bytes(encode)
            fates[path] = "read"
    kinds = {"read": honest(), "rejected": broken(), "either": large() if with_large else {}}
    for fate, files in kinds.items():
        for name, content in files.items():
            (root / "blue" / name).write_bytes(content)
            fates[f"blue/{name}"] = fate
    return fates | _make_others(root)


def _make_others(root: Path) -> dict[str, str]:
    """Add what is no plain file, or lies elsewhere."""
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "private.png").write_bytes(encoded(_noise(9, 9, seed=99)))
    blue = root / "blue"
    os.link(blue / "00.png", root / "red/hard.png")
    with (blue / "sparse.png").open("wb") as file:
        file.truncate(SPARSE)
    (blue / "inside.png").symlink_to("../red/01.png")
    links = {
        "zero.png": "/dev/zero",
        "random.png": "/dev/random",
        "terminal.png": "/dev/tty",
        "outside.png": str(elsewhere / "private.png"),
        "passwords.png": "/etc/passwd",
        "memory.png": "/proc/self/mem",
        "broken.png": "nowhere.png",
        "round.png": "round.png",
        "loop": "..",
        "other": "../red",
        "above": "../..",
        "folder": str(elsewhere),
        "system": "/",
        "pipe_link.png": "pipe.png",
    }
    for name, target in links.items():
        (blue / name).symlink_to(target)
    os.mkfifo(blue / "pipe.png")
    os.mkfifo(root / "notes.csv")
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(blue)  # a socket's path has 108 bytes at most
        try:
            server.bind("socket.png")
        finally:
            os.chdir(here)
    left_out = [
        *(f"blue/{name}" for name in links),
        "blue/pipe.png",
        "blue/socket.png",
        "notes.csv",
    ]
    return {
        **dict.fromkeys(left_out, "left out"),
        "red/hard.png": "read",
        "blue/sparse.png": "rejected",
        "blue/inside.png": "read",
    }


def _noise(width: int, height: int, seed: int = 0) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def _png_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    """Return a PNG with a chunk after its header, and a damaged end."""
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return png[:33] + chunk + png[33 : len(png) // 2]


def _tiff(
    width: int, height: int, strip: bytes, counts: int | None = None, pages: int = 0
) -> bytes:
    """Return a TIFF of grey, deflated, in one strip.

    With `pages` it has so many tables of contents, of which the last names the first as the next.
    """
    each = 2 + 9 * 12 + 4
    tables = b""
    for page in range(pages or 1):
        strip_start = 8 + each * (pages or 1)
        tags = ((256, width), (257, height), (258, 8), (259, 8), (262, 1), (273, strip_start))
        tags += ((277, 1), (278, height), (279, len(strip) if counts is None else counts))
        entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
        following = 0 if not pages else 8 + each * ((page + 1) % pages)
        tables += struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return b"II*\0" + struct.pack("<I", 8) + tables + strip


def _jp2(side: int) -> bytes:
    """Return a JPEG 2000 codestream that claims a size, and ends."""
    size = (
        struct.pack(">HIIIIIIIIH", 0, side, side, 0, 0, side, side, 0, 0, 3) + b"\x07\x01\x01" * 3
    )
    return b"\xff\x4f\xff\x51" + struct.pack(">H", len(size) + 2) + size


def _scans() -> bytes:
    """Return a progressive JPEG that refines a large image over and over."""
    jpeg = encoded(Image.new("L", (SIDE, SIDE), 9), "JPEG", progressive=True)
    start, end = jpeg.index(b"\xff\xda"), jpeg.rindex(b"\xff\xd9")
    scan = jpeg[start : jpeg.index(b"\xff\xda", start + 2)] if jpeg.count(b"\xff\xda") > 1 else b""
    return jpeg[:end] + scan[-4_000:] * 200 + jpeg[end:]


if __name__ == "__main__":
    made = make_hostile(Path(sys.argv[1]), with_large=True)
    print(f"{len(made)} files")
