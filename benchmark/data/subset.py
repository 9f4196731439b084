"""A subset of an image set, for a quick look."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from benchmark.data.imageset import ImageSet, Reader


@dataclass(frozen=True)
class SubsetReader:
    """Reads image `indices[i]` of another reader as image i."""

    read: Reader
    indices: tuple[int, ...]

    def image(self, index: int, at_least: int = 0) -> Image:
        """Return one image."""
        return self.read.image(self.indices[index], at_least)

    def content(self, index: int) -> bytes:
        """Return bytes that identify one image."""
        return self.read.content(self.indices[index])


def subsample(images: ImageSet, total: int, min_per_class: int = 10) -> ImageSet:
    """Return about `total` images, spread over each class, with roughly the same imbalance.

    A class keeps at least `min_per_class` images, or all if it has fewer.
    """
    if len(images) <= total:
        return images
    indices: list[NDArray[np.int64]] = []
    for label, count in enumerate(images.counts):
        wanted = min(count, max(min_per_class, round(count * total / len(images))))
        own = np.flatnonzero(images.labels == label)
        indices.append(own[np.linspace(0, count - 1, wanted).astype(np.int64)])
    chosen = np.sort(np.concatenate(indices))
    return replace(
        images,
        files=tuple(images.files[i] for i in chosen),
        labels=images.labels[chosen],
        stamps=tuple(images.stamps[i] for i in chosen),
        read=SubsetReader(images.read, tuple(chosen.tolist())),
        groups=None if images.groups is None else images.groups[chosen],
        split=None if images.split is None else images.split[chosen],
        messages=(
            *images.messages,
            f"A quick look at {len(chosen)} of {len(images)} images: it is no evidence for "
            "anything.",
        ),
    )
