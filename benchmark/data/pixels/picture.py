"""A small picture of an image, from its stored pixels, for a page."""

import base64
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.data.pixels.image_info import ImageInfo
from benchmark.data.pixels.store import Pixels

LONGEST_SIDE = 140  # pixels


def encoded_picture(pixels: Pixels, index: int) -> str:
    """Return an image as a JPEG in base64, in its own aspect, which the stored square has lost."""
    return encode(pixels.array[index], pixels.infos[index])


def encode(square: NDArray[np.uint8], info: ImageInfo, side: int = LONGEST_SIDE) -> str:
    """Return stored pixels (H, H, 3) as a JPEG in base64, `side` pixels long at most.

    It has the aspect that the image has, of which `info` has facts.
    """
    factor = side / max(info.width, info.height)
    size = (max(1, round(info.width * factor)), max(1, round(info.height * factor)))
    stream = BytesIO()
    picture = Image.fromarray(square).resize(size, Image.Resampling.BILINEAR)
    picture.save(stream, "JPEG", quality=85)
    return base64.b64encode(stream.getvalue()).decode()
