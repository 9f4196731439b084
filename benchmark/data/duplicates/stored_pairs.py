"""The pairs of images that look the same, in a file beside the pixels of these images.

To compare all images takes half a minute for 50,000, and each run needs the pairs. A file that is
damaged, or of other images, is made again.
"""

from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import numpy as np

from benchmark.data.duplicates.correlation import ThumbnailComparison
from benchmark.data.duplicates.look_alikes import METHOD, LookAlikes, compare, link
from benchmark.data.imageset import ImageSet
from benchmark.data.pixels.store import Pixels
from benchmark.storage.json_file import read_json, write_json

NAME = "look_alikes.json"


def stored_look_alikes(images: ImageSet, pixels: Pixels) -> LookAlikes:
    """Return which images look the same, from the file or compared now; see `find_look_alikes`."""
    file = pixels.folder / NAME
    compared = f"{METHOD} {pixels.key}"  # of which seed an image is belongs to the key
    stored = _read(file, compared)
    if stored is None:
        stored = compare(images, pixels.infos)
        with suppress(OSError):  # in a cache that can't be written the next run compares again
            _write(file, compared, stored)
    return link(images, pixels.infos, stored)


def _read(file: Path, compared: str) -> ThumbnailComparison | None:
    """Return what was found; None if the file is missing, damaged or of other images."""
    content = read_json(file)
    if content is None or content["compared"] != compared:
        return None
    pairs, *others = (
        np.array(content[each.name], np.int64) for each in fields(ThumbnailComparison)
    )
    return ThumbnailComparison(pairs.reshape(-1, 2), *others)


def _write(file: Path, compared: str, comparison: ThumbnailComparison) -> None:
    numbers = {
        each.name: getattr(comparison, each.name).ravel().tolist()
        for each in fields(ThumbnailComparison)
    }
    write_json(file, {"compared": compared, **numbers})
