"""A summary of a data set, before anything is trained: the verb `data`."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmark.data.decoding.grey_scale import GreyScale
from benchmark.data.decoding.unreadable import none_readable, unreadable_sentences
from benchmark.data.duplicates.copies import (
    Copy,
    copies_table,
    list_copies,
    not_judged_table,
)
from benchmark.data.duplicates.leaks import look_alike_messages
from benchmark.data.duplicates.look_alikes import find_look_alikes
from benchmark.data.imageset import SPLITS, ImageSet
from benchmark.data.imbalance import check_imbalance
from benchmark.data.parallel import map_blocks
from benchmark.data.pixels.grey_levels import choose_scales
from benchmark.data.pixels.image_facts import ImageFacts
from benchmark.data.pixels.image_info import read_image_info
from benchmark.data.pixels.image_messages import image_messages
from benchmark.data.split_images import require_given_split, split_images
from benchmark.data.splits import Splits
from benchmark.system.progress import Advance


@dataclass(frozen=True, eq=False)
class DataSummary:
    """Facts about N images of C classes, of which as many were read as can be."""

    images: ImageSet
    # one row per class, largest first: class, images, [groups,] [train, val, test]
    classes: pd.DataFrame
    imbalance_ratio: float  # images of the largest class / of the smallest
    sizes: pd.DataFrame  # width, height in pixels, upright: min, median, max
    modes: dict[str, int]  # mode as stored (see `standardize`) -> readable images
    unreadable: pd.DataFrame  # file, reason
    left_out: dict[str, str]  # file that is no image of a run -> why; the unreadable among them
    # a row a copy, numbered as in `copies`: file, class, split, copy_of, copy_of_class,
    # copy_of_split, kind; those in two splits first
    duplicates: pd.DataFrame
    copies: tuple[Copy, ...]
    not_judged: pd.DataFrame  # file, class, split, reason: copies of these may have been missed
    scales: dict[str, GreyScale]  # of images with more than 8 bits of grey, see `choose_scales`
    messages: tuple[str, ...]  # of the source, of the pixels, then of the split
    split_title: str = ""  # who made the split; empty without one
    error: str = ""  # why nothing can be trained on the set


def summarise_data(
    images: ImageSet,
    progress: Advance = lambda _: None,
    *,
    imbalance: str = "natural",
    resplit: bool = False,
    keep_duplicates_together: bool = False,
) -> DataSummary:
    """Read and decode every image of a set, on all cores; store nothing.

    The split is that of seed 0 in a run with the same settings, see `split_images`. If there is no
    such split, the summary says why in `error`. `progress` is called with the number of images read
    since the last call.
    """
    check_imbalance(imbalance)
    if resplit:
        require_given_split(images)
    infos, errors = _read_all(images, progress)
    look_alikes = find_look_alikes(images, infos)
    kept = look_alikes.sets if keep_duplicates_together else None
    splits, error = _split(images, infos, errors, imbalance, resplit, kept)
    copies, made = list_copies(infos, look_alikes), [splits] if splits else []
    classes = pd.DataFrame({"class": images.classes, "images": images.counts})
    if images.groups is not None:
        classes["groups"] = pd.Series(images.groups).groupby(images.labels).nunique()
    for split in SPLITS if splits else ():
        labels = images.labels[getattr(splits, split)]
        classes[split] = np.bincount(labels, minlength=len(images.classes))
    sizes = pd.DataFrame({name: infos.column(name) for name in ("width", "height")})
    # each file has its row in the table
    by_reason = unreadable_sentences(errors, images.files, at_least=2) if infos else []
    return DataSummary(
        images=images,
        classes=classes.sort_values("images", ascending=False, kind="stable", ignore_index=True),
        imbalance_ratio=float(images.counts.max() / images.counts.min()),
        sizes=sizes.agg(["min", "median", "max"]),
        modes=dict(Counter(infos.column("mode")).most_common()),
        unreadable=pd.DataFrame(
            [(images.files[i], errors[i]) for i in sorted(errors)], columns=["file", "reason"]
        ),
        left_out=images.describe_left_out(errors),
        duplicates=copies_table(copies, images, splits),
        copies=tuple(copies),
        not_judged=not_judged_table(look_alikes, images, splits),
        scales=choose_scales(infos),
        messages=(
            *images.messages,
            *by_reason,
            *image_messages(images, infos),
            *(splits.messages if splits else ()),
            *look_alike_messages(look_alikes, made, images.labels, keep_duplicates_together),
        ),
        split_title=splits.title(0) if splits else "",
        error=error,
    )


def _read_all(images: ImageSet, progress: Advance) -> tuple[ImageFacts, dict[int, str]]:
    """Return facts of the readable images in their order, and reasons of the others, by index."""
    parts: list[ImageFacts] = []
    errors: dict[int, str] = {}
    for block_infos, block_errors in map_blocks(read_image_info, images.reader, len(images)):
        parts.append(ImageFacts.from_infos(block_infos))
        errors |= block_errors
        progress(len(block_infos) + len(block_errors))
    return ImageFacts.join(parts), errors


def _split(
    images: ImageSet,
    infos: ImageFacts,
    errors: dict[int, str],
    imbalance: str,
    resplit: bool,
    look_alikes: np.ndarray | None,
) -> tuple[Splits | None, str]:
    """Return the split of seed 0 if there is one, and why nothing can be trained on it."""
    if not infos:
        return None, none_readable(images.spec, images.files, errors)
    readable, digests = infos.readable(len(images)), infos.digests_of(len(images))
    try:
        splits = split_images(
            images,
            0,
            digests=digests,
            readable=readable,
            imbalance=imbalance,
            resplit=resplit,
            look_alikes=look_alikes,
        )
    except ValueError as error:
        return _given_splits(images, readable), f"{images.spec}: {error}"
    return splits, ""


def _given_splits(images: ImageSet, readable: np.ndarray) -> Splits | None:
    """Return the owner's split as it is, for a summary of data that can't be trained on."""
    if images.split is None:
        return None
    names = np.where(images.split == "", "train", images.split)
    train, val, test = (np.flatnonzero(readable & (names == name)) for name in SPLITS)
    return Splits(train, val, test, given=SPLITS)
