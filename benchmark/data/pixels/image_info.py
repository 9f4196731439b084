"""What is known of an image once it was decoded. Worker processes load it: it imports little."""

import hashlib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image, ImageChops

from benchmark.data.decoding.grey_scale import grey_values, is_wide
from benchmark.data.decoding.strips import strips
from benchmark.data.decoding.unreadable import UnreadableImageError, format_error
from benchmark.data.imageset import Reader
from benchmark.data.pixels.thumbnail import make_thumbnail

EIGHT_BITS = "RGB"  # the kind of an image that needs no scale
EXTREME = 0.001  # fraction of an image's values that may be faulty, at either end
NARROW = 64  # levels: a quarter of those that there are
SAMPLE = 64  # pixels a side that are looked at first
COLOURED = 12  # levels between two channels of a pixel that JPEG does not make from grey
# Pillow's warnings about what is done rightly here, or refused
_HARMLESS = ("DecompressionBomb", "Palette images with Transparency")


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """Facts about a readable image. Values are levels of 255, or those of its wide grey.

    Where the values of a few of its pixels spread over more than NARROW levels, the range is theirs
    alone: to count all would take a fifth of the time of decoding.
    """

    width: int  # pixels, upright, as stored
    height: int
    mode: str  # Pillow's, as stored
    digest: str  # sha256 of the content
    kind: str  # RGB: 8 bits; I or F: wide grey
    low: float  # the least value of all channels
    dark: float  # the same without the EXTREME fraction of the values
    bright: float  # the greatest but for that fraction
    high: float  # the greatest value
    span: float  # the largest difference of two values of one channel
    is_grey: bool
    above_low: float = 0  # of wide grey: the least value but one, or the only one
    below_high: float = 0  # the greatest value but one
    is_transparent: bool = False  # in some pixels
    has_more_images: bool = False  # pages or frames, of which the first was taken
    lacks_values: bool = False  # some pixels hold no number
    thumbnail: str = ""  # see `make_thumbnail`
    warning: str = ""  # of a damage that did not keep the image from being read


def read_image(reader: Reader, index: int, at_least: int = 0) -> tuple[Image.Image, ImageInfo]:
    """Decode an image and describe all but its thumbnail; raise any exception if that fails."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = reader.image(index, at_least)
        digest = hashlib.sha256(reader.content(index)).hexdigest()
    texts = [f"{each.category.__name__}: {each.message}" for each in caught]
    warning = next((text for text in texts if not any(word in text for word in _HARMLESS)), "")
    info, (width, height) = image.info, image.info.get("size", image.size)
    common = {
        "width": width,
        "height": height,
        "mode": info.get("mode", image.mode),
        "digest": digest,
        "is_transparent": info.get("transparent", False),
        "has_more_images": info.get("more_images", False),
        "warning": " ".join(warning.partition(": ")[2].split()),
    }
    measured = _wide_range(image) if is_wide(image) else _range(image)
    return image, ImageInfo(**common, **measured)


def add_thumbnail(info: ImageInfo, image: Image.Image) -> ImageInfo:
    """Return the facts with a thumbnail of the image, which may be resized."""
    return replace(info, thumbnail=make_thumbnail(image, info.dark, info.bright))


def _range(image: Image.Image) -> dict[str, Any]:
    """Describe the levels of an image; of a few pixels alone, if these differ enough."""
    sides = (min(SAMPLE, image.width), min(SAMPLE, image.height))
    sample = image.resize(sides, Image.Resampling.NEAREST) if sides != image.size else image
    facts = _levels(sample)
    if sample is not image and facts["bright"] - facts["dark"] <= NARROW:
        facts = _levels(image)
    return {
        "kind": EIGHT_BITS,
        **facts,
        "is_grey": _is_grey(sample) and (sample is image or _is_grey(image)),
    }


def _levels(image: Image.Image) -> dict[str, int]:
    pixels = image.width * image.height
    ignored = _ignored(pixels)
    # (3, 256): values of each channel up to this level
    counts = np.array(image.histogram(), dtype=np.int64).reshape(3, 256).cumsum(axis=1)
    low, dark = (counts > 0).argmax(axis=1), (counts > ignored).argmax(axis=1)
    high = (counts == pixels).argmax(axis=1)
    bright = (counts >= pixels - ignored).argmax(axis=1)
    return {
        "low": int(low.min()),
        "dark": int(dark.min()),
        "bright": int(bright.max()),
        "high": int(high.max()),
        "span": int((high - low).max()),
    }


def _is_grey(image: Image.Image) -> bool:
    red, green, blue = image.split()
    return not any(
        any(ImageChops.difference(green, other).histogram()[COLOURED:]) for other in (red, blue)
    )


def _wide_range(image: Image.Image) -> dict[str, Any]:
    ends: list[np.ndarray] = []  # values at either end of each strip, of which some may be faulty
    extremes: set[float] = set()  # the least two and the greatest two different values of each
    count = 0
    most = _ignored(image.width * image.height)
    for _, strip in strips(image):
        grey = grey_values(strip)
        values = grey[~np.isnan(grey)]
        if not values.size:
            continue
        count += values.size
        low, high = float(values.min()), float(values.max())
        above = float(values.min(where=values > low, initial=high))
        extremes |= {low, high, above, float(values.max(where=values < high, initial=low))}
        if values.size > 2 * (most + 1):
            values = np.partition(values, (most, values.size - 1 - most))
            values = np.concatenate([values[: most + 1], values[-1 - most :]])
        ends.append(values)
    if not count:
        raise UnreadableImageError("none of its pixels holds a number")
    ordered, ignored = np.sort(np.concatenate(ends)), _ignored(count)
    low, high = min(extremes), max(extremes)
    return {
        "kind": image.mode,
        "low": low,
        "dark": float(ordered[ignored]),
        "bright": float(ordered[-1 - ignored]),
        "high": high,
        "span": high - low,
        "is_grey": True,
        "above_low": min(extremes - {low}, default=high),
        "below_high": max(extremes - {high}, default=low),
        "lacks_values": count < image.width * image.height,
    }


def _ignored(values: int) -> int:
    """Return how many values at either end may be faulty: at least one, if there are many."""
    return min(1 + int(EXTREME * values), (values - 1) // 8)


def read_image_info(
    reader: Reader, block: Iterable[int]
) -> tuple[dict[int, ImageInfo], dict[int, str]]:
    """Decode images at full size; return facts of the readable, reasons of the others, by index."""
    infos: dict[int, ImageInfo] = {}
    errors: dict[int, str] = {}
    for index in block:
        try:
            image, info = read_image(reader, index)
            infos[index] = add_thumbnail(info, image)
        except Exception as error:
            errors[index] = format_error(error)
    return infos, errors
