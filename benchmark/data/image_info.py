"""What one image is: its upright size, how it was stored, the digest of its content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from benchmark.data.imageset import Reader


@dataclass(frozen=True)
class Look:
    """One readable image."""

    width: int  # pixels, upright
    height: int
    mode: str  # Pillow's, as stored
    digest: str  # sha256 of the content, as in the pixel store


def look(read: Reader, block: range) -> tuple[dict[int, Look], dict[int, str]]:
    """Decode the images of `block` at full size; return the readable ones, and why others aren't.

    In a module of its own, with few imports, because worker processes load it.
    """
    seen: dict[int, Look] = {}
    failed: dict[int, str] = {}
    for index in block:
        try:
            image = read.image(index)
            digest = hashlib.sha256(read.content(index)).hexdigest()
            seen[index] = Look(*image.size, image.info.get("mode", image.mode), digest)
        except Exception as error:
            failed[index] = reason(error)
    return seen, failed


def reason(error: Exception) -> str:
    """Say why an image can't be read; decoders raise anything on damaged files."""
    return f"{type(error).__name__}: {error}" if str(error) else repr(error)
