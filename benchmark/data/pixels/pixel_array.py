"""Decode the images of a set into one array on disk.

Worker processes load this module: it imports little.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from benchmark.data.decoding.grey_scale import GreyScale
from benchmark.data.decoding.unreadable import format_error
from benchmark.data.imageset import Reader, SubsetReader
from benchmark.data.parallel import map_blocks
from benchmark.data.pixels.image_info import EIGHT_BITS, ImageInfo, choose_scales, read_image
from benchmark.system.progress import Advance


def write_pixel_array(
    path: Path, reader: Reader, count: int, size: int, progress: Advance
) -> tuple[dict[int, ImageInfo], dict[int, str]]:
    """Write `count` images of a reader as (count, size, size, 3) uint8, in NumPy's format.

    All are decoded, then once more those whose scale was not known the first time. Returns facts
    about the readable images and why others can't be read, by index; their rows are black.
    """
    shape = (count, size, size, 3)
    array = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    work = partial(_decode_block, path=path, offset=array.offset, size=size)
    del array
    infos: dict[int, ImageInfo] = {}
    errors: dict[int, str] = {}
    first = partial(work, indices=range(count), scales={})
    for block_infos, block_errors in map_blocks(first, reader, count):
        infos |= block_infos
        errors |= block_errors
        written = [info for info in block_infos.values() if info.kind == EIGHT_BITS]
        progress(len(written) + len(block_errors))
    infos = dict(sorted(infos.items()))
    wide = tuple(index for index, info in infos.items() if info.kind != EIGHT_BITS)
    second = partial(work, indices=wide, scales=choose_scales(infos.values()))
    for block_infos, block_errors in map_blocks(second, SubsetReader(reader, wide), len(wide)):
        infos |= block_infos
        errors |= block_errors
        progress(len(block_infos) + len(block_errors))
    return {index: info for index, info in infos.items() if index not in errors}, errors


def _decode_block(
    reader: Reader,
    block: range,
    *,
    indices: Sequence[int],
    scales: Mapping[str, GreyScale],
    path: Path,
    offset: int,
    size: int,
) -> tuple[dict[int, ImageInfo], dict[int, str]]:
    """Decode a block of images into the array at `path`; return facts and errors, by row.

    Image i of the reader is row indices[i] of the array. Rows of images that can't be read, and of
    wide grey without a scale, stay black.
    """
    infos: dict[int, ImageInfo] = {}
    errors: dict[int, str] = {}
    # Written, not mapped: a full disk then raises an error and does not kill the worker.
    with path.open("r+b") as handle:
        for number in block:
            row = indices[number]
            try:
                image, infos[row] = read_image(reader, number, size)
                if scale := scales.get(image.mode):
                    image = scale.to_rgb(image)
                resized = image.resize((size, size), Image.Resampling.BILINEAR)
            except Exception as error:
                errors[row] = format_error(error)
                continue
            if resized.mode == EIGHT_BITS:
                handle.seek(offset + row * size * size * 3)
                handle.write(resized.tobytes())
    return infos, errors
