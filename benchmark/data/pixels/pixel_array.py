"""Decode the images of a set into one array on disk.

Worker processes load this module: it imports little.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from PIL import Image

from benchmark.data.decoding.grey_scale import GreyScale
from benchmark.data.decoding.unreadable import format_error
from benchmark.data.imageset import Reader, SubsetReader
from benchmark.data.parallel import map_blocks
from benchmark.data.pixels.grey_levels import choose_scales
from benchmark.data.pixels.image_facts import ImageFacts
from benchmark.data.pixels.image_info import (
    EIGHT_BITS,
    ImageInfo,
    add_thumbnail,
    read_image,
)
from benchmark.data.pixels.thumbnail import SAMPLED
from benchmark.storage.row_file import RowFile
from benchmark.system.progress import Advance


def write_pixel_array(
    rows: RowFile, reader: Reader, size: int, progress: Advance
) -> tuple[ImageFacts, dict[int, str]]:
    """Write all images of a reader as rows (size, size, 3) uint8.

    All are decoded, then once more those whose scale was not known the first time. Returns facts
    about the readable images and why others can't be read, by index; their rows are black, and not
    stored.
    """
    count = rows.rows
    work = partial(_decode_block, rows=rows, size=size)
    parts: list[ImageFacts] = []  # a million objects would take 2 GB
    errors: dict[int, str] = {}
    first = partial(work, indices=range(count), scales={})
    for block_infos, block_errors in map_blocks(first, reader, count):
        parts.append(ImageFacts.from_infos(block_infos))
        errors |= block_errors
        written = [info for info in block_infos.values() if info.kind == EIGHT_BITS]
        progress(len(written) + len(block_errors))
    facts = ImageFacts.join(parts)
    wide = tuple(facts.index[facts.column("kind") != EIGHT_BITS].tolist())
    second = partial(work, indices=wide, scales=choose_scales(facts))
    parts = [facts]
    for block_infos, block_errors in map_blocks(second, SubsetReader(reader, wide), len(wide)):
        parts.append(ImageFacts.from_infos(block_infos))
        errors |= block_errors
        progress(len(block_infos) + len(block_errors))
    facts = ImageFacts.join(parts) if wide else facts
    return facts.without(errors), errors


def write_rows_again(
    rows: RowFile,
    reader: Reader,
    infos: Mapping[int, ImageInfo],
    damaged: Sequence[int],
    size: int,
    progress: Advance,
) -> bool:
    """Decode the `damaged` rows once more; return whether the images are those of `infos` still."""
    scales = choose_scales(infos)
    work = partial(_decode_block, rows=rows, size=size, indices=damaged, scales=scales)
    same = True
    for infos_now, errors in map_blocks(work, SubsetReader(reader, tuple(damaged)), len(damaged)):
        same = same and not errors and all(infos[row] == info for row, info in infos_now.items())
        progress(len(infos_now))
    return same


def read_passing_again(
    rows: RowFile, reader: Reader, passing: Sequence[int], size: int, progress: Advance
) -> tuple[dict[int, ImageInfo], dict[int, str]] | None:
    """Read images once more that could not be read in passing; return facts and errors, by index.

    None if one has grey of more than 8 bits: the scale of all such images may change with it.
    """
    work = partial(_decode_block, rows=rows, size=size, indices=passing, scales={})
    infos: dict[int, ImageInfo] = {}
    errors: dict[int, str] = {}
    for infos_now, failed in map_blocks(work, SubsetReader(reader, tuple(passing)), len(passing)):
        infos |= infos_now
        errors |= failed
        progress(len(infos_now) + len(failed))
    if any(info.kind != EIGHT_BITS for info in infos.values()):
        return None
    return infos, errors


def _decode_block(
    reader: Reader,
    block: Sequence[int],
    *,
    indices: Sequence[int],
    scales: Mapping[str, GreyScale],
    rows: RowFile,
    size: int,
) -> tuple[dict[int, ImageInfo], dict[int, str]]:
    """Decode a block of images into `rows`; return facts and errors, by row.

    Image i of the reader is row indices[i]. Rows of images that can't be read, and of wide grey
    without a scale, stay black.
    """
    infos: dict[int, ImageInfo] = {}
    errors: dict[int, str] = {}
    with rows.writing() as write:
        for number in block:
            row = indices[number]
            try:
                image, info = read_image(reader, number, size)
                thumbnail_of = image
                if scale := scales.get(image.mode):
                    image = scale.to_rgb(image)
                resized = image.resize((size, size), Image.Resampling.BILINEAR)
                if info.kind == EIGHT_BITS and SAMPLED <= size <= min(image.size):
                    thumbnail_of = resized  # has fewer pixels to look at, and shows the same copies
                infos[row] = add_thumbnail(info, thumbnail_of)
            except Exception as error:
                errors[row] = format_error(error)
                continue
            if resized.mode == EIGHT_BITS:
                write(row, resized.tobytes())
    return infos, errors
