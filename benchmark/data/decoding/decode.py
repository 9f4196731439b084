"""Decode image files to upright 8-bit RGB, or to wide grey that the whole set's scale makes 8-bit.

``Image.convert("RGB")`` alone clips 16-bit images to white, collapses float TIFFs, ignores the EXIF
orientation and shows the colour hidden under transparent pixels.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from benchmark.data.decoding.file_kinds import file_kind
from benchmark.data.decoding.unreadable import UnreadableImageError

# An image that decodes to more pixels is refused before any of them is decoded.
MAX_PIXELS = 89_478_485  # Pillow's own limit: 256 MiB as RGB
BACKGROUND = (255, 255, 255)  # shows through where an image is transparent
INTEGER, FLOAT = "I", "F"  # Pillow's modes of wide grey: 32 bits a pixel
ORIENTATION = 274  # an EXIF tag; 1: upright
PHOTOMETRIC = 262  # a TIFF tag; 0: 0 is white
SAMPLE_FORMAT = 339  # a TIFF tag; 1, or no such tag: the numbers have no sign
NO_DATA = 42113  # the TIFF tag GDAL_NODATA: the value that marks pixels without a measurement


def decode(content: bytes, at_least: int = 0) -> Image.Image:
    """Decode the bytes of an image file, in any format that Pillow reads; see `standardize`.

    With `at_least`, a JPEG is decoded at 1/2, 1/4 or 1/8 if both sides stay at least twice that
    long: the resizing that follows hides the coarser step. 0 decodes at full size.

    Raises
    ------
    UnreadableImageError
        If it is no image, saying what it is, or has more than MAX_PIXELS pixels.
    OSError
        If it is truncated or damaged.
    """
    try:
        image = Image.open(BytesIO(content))
    except UnidentifiedImageError:
        raise UnreadableImageError(
            file_kind(content) or "not an image that Pillow can read"
        ) from None
    except Image.DecompressionBombError as error:
        raise UnreadableImageError(str(error)) from None
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableImageError(
            f"{width} x {height} pixels are more than the {MAX_PIXELS / 1e6:.0f} million that are "
            "decoded (a decompression bomb?); store the image at a smaller size"
        )
    if at_least:
        image.draft(None, (2 * at_least, 2 * at_least))
    try:
        with _libtiff_silenced() if image.format == "TIFF" else nullcontext():
            decoded = standardize(image)
    except (OSError, SyntaxError):
        # Pillow knows some formats by name only
        if image.format in ("HDF5", "GRIB", "BUFR", "MPEG", "EPS", "WMF"):
            kind = file_kind(content) or f"a file of the format {image.format}, not an image"
            raise UnreadableImageError(kind) from None
        raise
    turned = decoded.info.get("turned", False)
    decoded.info["size"] = (height, width) if turned else (width, height)
    return decoded


def standardize(image: Image.Image) -> Image.Image:
    """Return `image` upright: mode RGB, or the wide grey modes I (integer) and F (float).

    It raises OSError if the image data are truncated or damaged. `info` of the result has

    - "mode": the mode in which the image was stored;
    - "turned": the EXIF orientation exchanged width and height;
    - "transparent": some pixels were transparent;
    - "more_images": the file has further pages or frames, of which the first is taken;
    - "no_data": of wide grey, the value that marks pixels without a measurement, if it has one.

    Transparency (RGBA, LA, PA, a palette's or a colour key) is composited on white. CMYK, YCbCr,
    LAB, HSV, palette, grey and 1-bit are converted by Pillow. Of 16 bits a channel in colour,
    Pillow reads the upper 8: the mode then ends in ;16.
    """
    # an MPO's further images are the preview and the depth of a phone's photograph
    more_images = bool(getattr(image, "is_animated", False)) and image.format != "MPO"
    if getattr(image, "is_animated", False):
        image.seek(0)
    info: dict[str | tuple[int, int], Any] = {
        "mode": _stored_mode(image),
        "more_images": more_images,
    }
    tags = getattr(image, "tag_v2", {})
    image.load()
    upright = _upright(image)
    info["turned"] = upright.size != image.size
    if image.mode.startswith("I;16") or image.mode in (INTEGER, FLOAT):
        is_inverted = image.mode.startswith("I;16") and tags.get(PHOTOMETRIC) == 0
        standard = _wide_grey(upright, is_inverted)
        if tags and image.mode == INTEGER and tags.get(SAMPLE_FORMAT, (1,))[0] == 1:
            _require_positive(standard)
        if NO_DATA in tags:
            info["no_data"] = _number(tags[NO_DATA])
    elif upright.has_transparency_data:
        straight = upright.convert("LA") if upright.mode == "La" else upright
        rgba = straight.convert("RGBA")
        info["transparent"] = rgba.getchannel("A").histogram()[255] < rgba.width * rgba.height
        background = Image.new("RGBA", rgba.size, (*BACKGROUND, 255))
        standard = Image.alpha_composite(background, rgba).convert("RGB")
    else:
        standard = upright.convert("RGB")
    standard.info = info
    return standard


def _stored_mode(image: Image.Image) -> str:
    """Return Pillow's mode, with ;16 where it drops the lower of two bytes of each channel."""
    tiles = getattr(image, "tile", None)
    if image.mode.startswith("I") or not tiles:
        return image.mode
    arguments = tiles[0].args
    raw_mode = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    is_wide = isinstance(raw_mode, str) and ";16" in raw_mode and not raw_mode.startswith("BGR")
    return f"{image.mode};16" if is_wide else image.mode


def _upright(image: Image.Image) -> Image.Image:
    """Return the image itself, which most are, or a turned copy."""
    try:
        is_upright = image.getexif().get(ORIENTATION, 1) == 1
        return image if is_upright else ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF data raise anything; the pixels are fine
        return image


def _wide_grey(image: Image.Image, is_inverted: bool) -> Image.Image:
    """Return wide grey in mode I or F; 16 bits of which 0 is white are inverted, as 8 bits are."""
    if image.mode in (INTEGER, FLOAT):
        return image.copy()
    grey = np.asarray(image).astype(np.int32)
    return Image.fromarray(65535 - grey if is_inverted else grey)


def _require_positive(image: Image.Image) -> None:
    """Raise UnreadableImageError if numbers without a sign have one: Pillow knows no others."""
    if np.asarray(image).min() < 0:
        raise UnreadableImageError(
            f"values above {2**31 - 1:,}, which Pillow can't read: divide them, and store 16 bits"
        )


def _number(text: str) -> float | None:
    try:
        return float(text.strip("\0 "))
    except (ValueError, AttributeError):
        return None


@contextmanager
def _libtiff_silenced() -> Iterator[None]:
    """Close the standard error: libtiff prints what it can't decode, Pillow raises it as well."""
    try:
        kept = os.dup(2)
    except OSError:  # a process without a standard error
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
