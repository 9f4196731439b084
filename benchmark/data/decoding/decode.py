"""Decode image files to upright 8-bit RGB, or to wide grey that the whole set's scale makes 8-bit.

``Image.convert("RGB")`` alone clips 16-bit images to white, collapses float TIFFs, ignores the EXIF
orientation and shows the colour hidden under transparent pixels.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from benchmark.data.decoding.file_kinds import file_kind
from benchmark.data.decoding.limits import MAX_PIXELS, MEMORY
from benchmark.data.decoding.strips import strips
from benchmark.data.decoding.unreadable import UnreadableImageError
from benchmark.storage.sizes import format_size

# The formats that Pillow decodes itself, for which the suffixes of images stand: most of Pillow's
# others are drawings and volumes. PostScript would run as a program, by Ghostscript, whatever the
# file is called.
FORMATS = (
    *("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "DIB", "PPM"),  # JPEG: MPO too
    *("AVIF", "JPEG2000", "ICO", "PCX", "SGI", "QOI", "DDS", "PSD", "TGA"),
)
MANY_PIXELS = 2**25  # a decoder may need more than MEMORY for so many
BACKGROUND = (255, 255, 255)  # shows through where an image is transparent
INTEGER, FLOAT = "I", "F"  # Pillow's modes of wide grey: 32 bits a pixel
ORIENTATION = 274  # an EXIF tag; 1: upright
_TO_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
PHOTOMETRIC = 262  # a TIFF tag; 0: 0 is white
SAMPLE_FORMAT = 339  # a TIFF tag; 1, or no such tag: the numbers have no sign
NO_DATA = 42113  # the TIFF tag GDAL_NODATA: the value that marks pixels without a measurement


def decode(content: bytes, at_least: int = 0) -> Image.Image:
    """Decode the bytes of an image file of one of the FORMATS; see `standardize`.

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
        image = Image.open(BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        raise UnreadableImageError(
            file_kind(content) or "not an image of a format that is read: convert it to JPEG or PNG"
        ) from None
    except Image.DecompressionBombError as error:
        raise UnreadableImageError(
            _too_many(re.sub(r"\D*(\d+) pixels.*", r"\1", str(error)))
        ) from None
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableImageError(_too_many(f"{width} x {height}"))
    if at_least:
        image.draft(None, (2 * at_least, 2 * at_least))
    with _libtiff_silenced() if image.format == "TIFF" else nullcontext():
        decoded = _decoded(image)
    turned = decoded.info.get("turned", False)
    decoded.info["size"] = (height, width) if turned else (width, height)
    return decoded


def _too_many(pixels: str) -> str:
    return (
        f"{pixels} pixels are more than the {MAX_PIXELS / 1e6:.0f} million that are decoded (a "
        "decompression bomb?); store the image at a smaller size"
    )


def _decoded(image: Image.Image) -> Image.Image:
    """Decode; of a large image decoders may say that it is damaged where they get no memory."""
    try:
        return _standardize(image)
    except OSError as error:
        if image.width * image.height < MANY_PIXELS or isinstance(error, UnreadableImageError):
            raise
        raise OSError(f"{error}, or it takes more than {format_size(MEMORY)} to decode") from error


def standardize(image: Image.Image) -> Image.Image:
    """Return a copy of `image` upright: mode RGB, or the wide grey modes I (integer) and F (float).

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
    own = image.info
    standard = _standardize(image)
    if standard is image:  # it is its owner's
        standard = image.copy()
        image.info = own
    return standard


def _standardize(image: Image.Image) -> Image.Image:
    """Return the image itself where it is as wanted: each copy of a large one takes 0.4 GB."""
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
        standard, info["transparent"] = _on_background(upright)
    else:
        standard = upright if upright.mode == "RGB" else upright.convert("RGB")
    standard.info = info
    return standard


def _on_background(image: Image.Image) -> tuple[Image.Image, bool]:
    """Return an image on the background, and whether it shows anywhere."""
    standard, shows = Image.new("RGB", image.size), False
    for top, strip in strips(image):
        straight = strip.convert("LA") if strip.mode == "La" else strip
        rgba = straight.convert("RGBA")
        shows = shows or rgba.getchannel("A").getextrema() != (255, 255)
        background = Image.new("RGBA", rgba.size, (*BACKGROUND, 255))
        standard.paste(Image.alpha_composite(background, rgba).convert("RGB"), (0, top))
    return standard, shows


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
        orientation = image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged EXIF data raise anything; the pixels are fine
        return image
    turn = _TO_UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _wide_grey(image: Image.Image, is_inverted: bool) -> Image.Image:
    """Return wide grey in mode I or F; 16 bits of which 0 is white are inverted, as 8 bits are."""
    if image.mode in (INTEGER, FLOAT):
        return image
    wide = Image.new(INTEGER, image.size)
    for top, strip in strips(image):
        grey = np.asarray(strip).astype(np.int32)
        wide.paste(Image.fromarray(65535 - grey if is_inverted else grey), (0, top))
    return wide


def _require_positive(image: Image.Image) -> None:
    """Raise UnreadableImageError if numbers without a sign have one: Pillow knows no others."""
    if np.min(image.getextrema()) < 0:
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
