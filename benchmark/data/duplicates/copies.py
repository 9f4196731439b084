"""The copies in a data set, one by one: of which image, in which split, under which class."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmark.data.content_digests import number_contents
from benchmark.data.duplicates.look_alikes import LookAlikes
from benchmark.data.imageset import SPLITS, ImageSet
from benchmark.data.pixels.image_facts import ImageFacts
from benchmark.data.pixels.image_info import ImageInfo
from benchmark.data.splits import Splits

IDENTICAL, SAME_LOOK = "byte-identical", "looks the same"
LEFT_OUT = "left out"
TOO_ALIKE, FLAT_OR_SMALL = "looks like many others", "too small, too dark or too flat"


@dataclass(frozen=True)
class Copy:
    """An image, and an earlier one that it is a copy of, by their indices."""

    image: int
    original: int
    kind: str  # IDENTICAL or SAME_LOOK


def list_copies(infos: Mapping[int, ImageInfo], look_alikes: LookAlikes) -> list[Copy]:
    """Return each image whose bytes an earlier one has, then each pair that looks the same."""
    facts = ImageFacts.from_infos(infos)
    _, first, number = np.unique(
        number_contents(facts.digests), return_index=True, return_inverse=True
    )
    original = facts.index[first[number]]
    later = facts.index != original
    identical = [
        Copy(image, first_image, IDENTICAL)
        for image, first_image in zip(
            facts.index[later].tolist(), original[later].tolist(), strict=True
        )
    ]
    return identical + [Copy(b, a, SAME_LOOK) for a, b in look_alikes.pairs.tolist()]


def copies_table(copies: list[Copy], images: ImageSet, splits: Splits | None) -> pd.DataFrame:
    """Return a row for each copy; its index is the number of the copy.

    Those whose images are in two splits come first, then those with two classes.
    """
    split_of = _split_names(images, splits)
    classes = np.array(images.classes, dtype=object)[images.labels]
    rows = [
        (
            *(images.files[c.image], classes[c.image], split_of[c.image]),
            *(images.files[c.original], classes[c.original], split_of[c.original]),
            c.kind,
        )
        for c in copies
    ]
    columns = ["file", "class", "split", "copy_of", "copy_of_class", "copy_of_split", "kind"]
    table = pd.DataFrame(rows, columns=columns)
    order = np.lexsort([table["class"] == table["copy_of_class"], ~in_two_splits(table)])
    return table.iloc[order]


def not_judged_table(
    look_alikes: LookAlikes, images: ImageSet, splits: Splits | None
) -> pd.DataFrame:
    """Return a row for each image that can't be told from others or was not compared."""
    split_of = _split_names(images, splits)
    reasons = {TOO_ALIKE: look_alikes.too_alike, FLAT_OR_SMALL: look_alikes.flat_or_small}
    rows = [
        (images.files[index], images.classes[images.labels[index]], split_of[index], reason)
        for reason, indices in reasons.items()
        for index in indices.tolist()
    ]
    return pd.DataFrame(rows, columns=["file", "class", "split", "reason"])


def _split_names(images: ImageSet, splits: Splits | None) -> np.ndarray:
    """Return the split of each image, (N,) object; '' if there is none."""
    split_of = np.full(len(images), LEFT_OUT if splits else "", dtype=object)
    for name in SPLITS if splits else ():
        split_of[getattr(splits, name)] = name
    return split_of


def in_two_splits(table: pd.DataFrame) -> pd.Series:
    """Return whether the two images of each row are used, in two splits."""
    is_used = (table["split"] != LEFT_OUT) & (table["copy_of_split"] != LEFT_OUT)
    return is_used & (table["split"] != table["copy_of_split"])
