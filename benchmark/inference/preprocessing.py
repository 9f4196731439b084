"""New images as the pixels that a network is given: decoded and resized as those of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.data.decoding.grey_scale import GreyScale, is_wide
from benchmark.data.decoding.unreadable import UnreadableImageError, format_error
from benchmark.data.imageset import Reader
from benchmark.data.parallel import map_blocks
from benchmark.inference.model_info import PreprocessingInfo

FEW = 32  # images that are decoded here: other processes take a second to start


@dataclass(frozen=True)
class DecodedBlock:
    """Some of the images of a reader, decoded."""

    indices: NDArray[np.int64]  # (B,) of those that can be read
    pixels: NDArray[np.uint8]  # (B, size, size, 3) RGB
    errors: dict[int, str]  # index -> why an image can't be read


def decode_blocks(reader: Reader, count: int, info: PreprocessingInfo) -> Iterator[DecodedBlock]:
    """Yield the first `count` images of a reader in blocks, in any order.

    Many images are decoded in other processes, while the caller uses those that are there.
    """
    work = partial(_decode_block, info=info)
    if count <= FEW:
        yield work(reader, range(count))
    else:
        yield from map_blocks(work, reader, count)


def to_pixels(image: Image.Image, info: PreprocessingInfo) -> NDArray[np.uint8]:
    """Return an upright image of mode RGB or wide grey as (size, size, 3), aspect ignored.

    UnreadableImageError for grey of more than 8 bits, where the training images had none: which
    value is white is not known.
    """
    if is_wide(image):
        if image.mode not in info.grey_scales:
            raise UnreadableImageError(
                "it has more than 8 bits of grey, and no image of the training had: which of its "
                "values is white is not known; store it with 8 bits"
            )
        image = GreyScale(*info.grey_scales[image.mode]).to_rgb(image)
    size = (info.image_size, info.image_size)
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR))


def _decode_block(reader: Reader, block: Sequence[int], *, info: PreprocessingInfo) -> DecodedBlock:
    pixels, errors = dict[int, NDArray[np.uint8]](), dict[int, str]()
    for index in block:
        try:
            pixels[index] = to_pixels(reader.image(index, info.image_size), info)
        except Exception as error:  # decoders raise what the bytes of a file lead them to
            errors[index] = format_error(error)
    shape = (len(pixels), info.image_size, info.image_size, 3)
    array = np.array(list(pixels.values()), np.uint8).reshape(shape)  # of none as well
    return DecodedBlock(np.array(list(pixels), np.int64), array, errors)
