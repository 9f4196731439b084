"""Corrected labels from a file, in place of those that folders or a table give."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.data.imageset import ImageSet
from benchmark.data.label_file import read_label_file
from benchmark.storage.atomic import digest
from benchmark.system.text import first_names, pluralize

_EXAMPLES = 3  # changed labels in a message


def correct_labels(images: ImageSet, file: str | Path | None, *, is_part: bool = False) -> ImageSet:
    """Return the same images with the labels of a file, see `read_label_file`; None: as they are.

    They hold in all splits, for the test as well. No image is left out, and none gets a new class.

    Parameters
    ----------
    is_part
        Whether the images are a part of those that the file is about.

    Raises
    ------
    FileNotFoundError, ValueError
        What `read_label_file` raises, and if a class is left without an image.
    """
    if file is None:
        return images
    labels = read_label_file(file, images, is_part=is_part)
    counts = np.bincount(labels, minlength=len(images.classes))
    if empty := [images.classes[c] for c in np.flatnonzero(counts == 0)]:
        classes = pluralize(len(empty), "class loses", "classes lose")
        raise ValueError(
            f"{file}: {classes} all images: {first_names([repr(name) for name in empty])}. Give "
            "each an image of its own again; or, if there is no such class, take it out of the "
            "data: move its images into the folders of their classes (in a table, write their "
            "labels there)."
        )
    changed = np.flatnonzero(labels != images.labels)
    described = [
        f"{images.files[i]}: {images.classes[images.labels[i]]} is now {images.classes[labels[i]]}"
        for i in changed[:_EXAMPLES].tolist()
    ]
    numbers = f"{len(changed):,} of {len(images):,} labels"
    message = f"Corrected labels ({file}): {numbers} differ from those of the data"
    if described:
        message += f", e.g. {'; '.join(described)}"
    names = [[images.files[i], images.classes[labels[i]]] for i in changed.tolist()]
    return replace(
        images,
        labels=labels,
        uncorrected=images.labels if images.uncorrected is None else images.uncorrected,
        messages=(*images.messages, f"{message}."),
        # of images that each seed has of its own, it stands for their labels as well
        source_key=digest([images.source_key, names])
        if images.source_key and names
        else images.source_key,
    )
