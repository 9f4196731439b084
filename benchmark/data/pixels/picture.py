"""A small picture of an image, from its stored pixels, for a page."""

import base64
from io import BytesIO

from PIL import Image

from benchmark.data.pixels.store import Pixels

LONGEST_SIDE = 140  # pixels


def encoded_picture(pixels: Pixels, index: int) -> str:
    """Return an image as a JPEG in base64, in its own aspect, which the stored square has lost."""
    info = pixels.infos[index]
    factor = LONGEST_SIDE / max(info.width, info.height)
    size = (max(1, round(info.width * factor)), max(1, round(info.height * factor)))
    stream = BytesIO()
    square = Image.fromarray(pixels.array[index])
    square.resize(size, Image.Resampling.BILINEAR).save(stream, "JPEG", quality=85)
    return base64.b64encode(stream.getvalue()).decode()
