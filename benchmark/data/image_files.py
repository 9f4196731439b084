"""Image files: the reader and the stamps that folders and tables share, and the decoder.

Files decode to upright 8-bit RGB, whatever mode the image was stored in: ``Image.convert("RGB")``
alone clips 16-bit images to white, collapses float TIFFs, ignores the EXIF orientation and shows
the colour hidden under transparent pixels.
"""

import os
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

# A fixed list, not Pillow's: the same folder must give the same list of images on every machine.
_KNOWN = """
.jpg .jpeg .jpe .jfif .png .apng .bmp .dib .gif .tif .tiff .webp .ppm .pgm .pbm .pnm .pfm
.tga .jp2 .j2k .avif .ico .pcx .sgi .rgb .qoi .dds .psd
"""
IMAGE_SUFFIXES = frozenset(_KNOWN.split())
# An image that decodes to more pixels is refused before any of them is decoded.
MAX_PIXELS = 89_478_485  # Pillow's own limit: 256 MiB as RGB
BACKGROUND = (255, 255, 255)  # shows through where an image is transparent
USUAL_MAXIMA = (1.0, 255.0, 65535.0)  # of float images


@dataclass(frozen=True)
class FileReader:
    """Reads image files below `root`."""

    root: str
    files: tuple[str, ...]  # (N,) relative to root

    def content(self, index: int) -> bytes:
        """Return the bytes of file `index`."""
        return Path(self.root, self.files[index]).read_bytes()

    def image(self, index: int, at_least: int = 0) -> Image.Image:
        """Return image `index` as upright RGB; see `decode`."""
        return decode(self.content(index), at_least)


def stamp(name: str, status: os.stat_result) -> str:
    """Identify a file's bytes without reading them.

    The change time is part of it because unpackers and copies set the modification time at will.
    """
    return f"{name}|{status.st_size}|{status.st_mtime_ns}|{status.st_ctime_ns}"


def short_name(path: Path) -> str:
    """Return a name fit for a results folder, from a data set's path."""
    return re.sub(r"[^A-Za-z0-9-]+", "_", path.resolve().stem).strip("_-") or "data"


def decode(content: bytes, at_least: int = 0) -> Image.Image:
    """Decode the bytes of an image file, in any format that Pillow reads, to upright RGB.

    With `at_least`, a JPEG is decoded at 1/2, 1/4 or 1/8 if both sides stay at least twice that
    long: the resizing that follows hides the coarser step. 0 decodes at full size.

    Raises
    ------
    OSError
        If it is not an image, or a truncated one.
    ValueError
        If it has more than MAX_PIXELS pixels.
    """
    try:
        image = Image.open(BytesIO(content))
    except UnidentifiedImageError:
        reason = "not an image that Pillow can read" if content else "the file is empty"
        raise OSError(reason) from None
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from None
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ValueError(
            f"{width} x {height} pixels are more than the {MAX_PIXELS / 1e6:.0f} million that are "
            "decoded (a decompression bomb?); store the image at a smaller size"
        )
    if at_least:
        image.draft(None, (2 * at_least, 2 * at_least))
    return to_rgb(image)


def to_rgb(image: Image.Image) -> Image.Image:
    """Return `image` as upright RGB; ``info["mode"]`` of the result keeps the original mode.

    It raises OSError if the image data are truncated or damaged.

    - the EXIF orientation is applied; an animation gives its first frame;
    - 16-bit grey (I;16, and I within 0..65535) is divided by 257, rounded;
    - float grey (F) is divided by the smallest of 1, 255, 65535 that none of its values exceeds;
      an image with other or negative values (I too) is scaled from its minimum to its maximum;
      values that aren't finite become black;
    - transparency (RGBA, LA, PA, a palette's or a colour key) is composited on white;
    - CMYK, YCbCr, LAB, HSV, palette, grey and 1-bit are converted by Pillow.
    """
    mode = image.mode
    if getattr(image, "is_animated", False):
        image.seek(0)
    image.load()
    image = _upright(image)
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        rgb = Image.fromarray(_to_bytes(np.asarray(image))).convert("RGB")
    elif image.has_transparency_data:
        straight = image.convert("LA") if image.mode == "La" else image
        rgba = straight.convert("RGBA")
        background = Image.new("RGBA", rgba.size, (*BACKGROUND, 255))
        rgb = Image.alpha_composite(background, rgba).convert("RGB")
    else:
        rgb = image.convert("RGB")
    rgb.info = {"mode": mode}
    return rgb


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF data raise anything; the pixels are fine
        return image


def _to_bytes(grey: np.ndarray) -> np.ndarray:
    """Scale wide grey values, (H, W) of any number type, to (H, W) uint8."""
    values = np.where(np.isfinite(grey), grey, 0).astype(np.float64)
    low, high = values.min(), values.max()
    usual = USUAL_MAXIMA if np.issubdtype(grey.dtype, np.floating) else USUAL_MAXIMA[-1:]
    if low < 0 or high > usual[-1]:
        scaled = (values - low) / max(high - low, 1e-30)
    else:
        scaled = values / next(maximum for maximum in usual if high <= maximum)
    return np.floor(scaled * 255 + 0.5).astype(np.uint8)
