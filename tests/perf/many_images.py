"""Many images that take no room: hard links to a few files, and a store of made-up pixels."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from benchmark.data.content_digests import Digests
from benchmark.data.imageset import ImageSet
from benchmark.data.pixels import store
from benchmark.data.pixels.description import write_meta
from benchmark.data.pixels.image_facts import ImageFacts
from benchmark.data.pixels.image_info import ImageInfo
from benchmark.data.pixels.thumbnail import SIDE
from benchmark.storage.row_file import RowFile

LINKS = 50_000  # to one file: a file system takes 65,000
_BLOCK = 10_000  # images whose pixels are made at once


def write_many(folder: Path, images: int, classes: int) -> Path:
    """Write a table of so many images, in a folder a class; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "table.csv"
    with table.open("w", encoding="utf-8") as rows:
        rows.write("path,label\n")
        for number in range(images):
            label = f"class_{number % classes:04d}"
            name = f"{label}/image_{number:08d}.jpg"
            source, target = folder / f"source_{number // LINKS}", folder / name
            if number % LINKS == 0:
                source.write_bytes(b"x")
            if number < classes:
                target.parent.mkdir()
            os.link(source, target)
            rows.write(f"{name},{label}\n")
    return table


def fabricate_store(images: ImageSet, size: int) -> None:
    """Write the store of a set's pixels, as if the images had been decoded; all look different."""
    folder, count, rng = store._folder(images, size), len(images), np.random.default_rng(0)
    rows = RowFile(folder / "pixels.bin", count, size * size * 3)
    rows.create()
    with rows.path.open("r+b") as pixels, rows.digests.open("r+b") as digests:
        for begin in range(0, count, _BLOCK):
            number = min(_BLOCK, count - begin)
            block = rng.integers(0, 256, (number, rows.row_bytes), np.uint8)
            pixels.write(block.tobytes())
            digests.write(b"".join(hashlib.sha256(row).digest()[:16] for row in block))
    plain = ImageInfo(
        500, 375, "RGB", "", "RGB", low=0, dark=3, bright=250, high=255, span=240, is_grey=False
    )
    facts = ImageFacts.from_infos({0: plain})
    columns = {name: np.repeat(column, count) for name, column in facts.columns.items()}
    contents = rng.integers(0, 256, (count, 32), np.uint8)
    thumbnails = rng.integers(0, 65_280, (count, SIDE, SIDE), np.uint16)
    columns["index"] = np.arange(count)
    write_meta(folder, ImageFacts(columns, facts.texts, Digests(contents), thumbnails), {})
