"""Writes rendered data as folders of JPEGs; the time for it is not counted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from benchmark.data.imageset import ImageSet, Reader
from benchmark.data.parallel import map_blocks

SIDE = 256  # pixels at least: photographs are larger than the network's input
QUALITY = 90
ORIGINALS = 64


def is_plain(images: ImageSet, root: Path) -> bool:
    """Return whether torchvision's ImageFolder would find the same images in the same classes."""
    return all(
        file.partition("/")[0] == images.classes[label] and (root / file).is_file()
        for file, label in zip(images.files, images.labels, strict=True)
    )


def write_photographs(images: ImageSet, reader: Reader, folder: Path, image_size: int) -> None:
    """Write every image of a set as folder/<class>/<number>.jpg, on all cores."""
    work = partial(_write_block, labels=images.labels, classes=images.classes, folder=folder)
    for name in images.classes:
        (folder / PurePosixPath(name).name).mkdir(parents=True, exist_ok=True)
    for _ in map_blocks(partial(work, side=max(SIDE, image_size)), reader, len(images)):
        pass


def _write_block(
    reader: Reader,
    block: range,
    *,
    labels: np.ndarray,
    classes: tuple[str, ...],
    folder: Path,
    side: int,
) -> None:
    for index in block:
        name = PurePosixPath(classes[labels[index]]).name
        image = reader.image(index, side)
        image.save(folder / name / f"{index:06d}.jpg", quality=QUALITY)


@dataclass(frozen=True, eq=False)
class Variants:
    """A few images repeated, each with another small square of noise, so that no two are equal.

    To render 48,000 images would take longer than the measurements.
    """

    originals: Reader

    @cached_property
    def _images(self) -> list[Image.Image]:
        return [self.originals.image(index, SIDE) for index in range(ORIGINALS)]

    def image(self, index: int, at_least: int = 0) -> Image.Image:
        """Return image `index`."""
        image = self._images[index % ORIGINALS].copy()
        noise = np.random.default_rng(index).integers(0, 256, (32, 32, 3), np.uint8)
        image.paste(Image.fromarray(noise), (0, 0))
        return image

    def content(self, index: int) -> bytes:
        """Return bytes that identify an image."""
        return str(index).encode()
