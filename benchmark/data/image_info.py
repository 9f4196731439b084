"""Facts about one image. Worker processes load this module, so it imports little."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from benchmark.data.imageset import Reader


@dataclass(frozen=True)
class ImageInfo:
    """Facts about a readable image."""

    width: int  # pixels, upright
    height: int
    mode: str  # Pillow's, as stored
    digest: str  # sha256 of the content, as in the pixel store


def read_image_info(read: Reader, block: range) -> tuple[dict[int, ImageInfo], dict[int, str]]:
    """Decode images at full size.

    Returns
    -------
    infos
        Index -> facts, of the readable images.
    errors
        Index -> reason, of the others.
    """
    infos: dict[int, ImageInfo] = {}
    errors: dict[int, str] = {}
    for index in block:
        try:
            image = read.image(index)
            digest = hashlib.sha256(read.content(index)).hexdigest()
            infos[index] = ImageInfo(*image.size, image.info.get("mode", image.mode), digest)
        except Exception as error:
            errors[index] = format_error(error)
    return infos, errors


def format_error(error: Exception) -> str:
    """Return why an image can't be read; decoders raise any exception on damaged files."""
    return f"{type(error).__name__}: {error}" if str(error) else repr(error)
