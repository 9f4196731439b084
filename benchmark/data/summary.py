"""A summary of a data set, before anything is trained: the verb `data`."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmark.data.imageset import SPLITS, ImageSet
from benchmark.data.parallel import ImageInfo, map_blocks, read_image_info
from benchmark.data.splits import make_splits
from benchmark.system.progress import Advance

MAX_ROWS = 20  # of long tables on a terminal


@dataclass(frozen=True, eq=False)
class DataSummary:
    """Facts about N images of C classes, all of which were read."""

    images: ImageSet
    # one row per class, largest first: class, images, [groups,] train, val, test
    classes: pd.DataFrame
    imbalance_ratio: float  # images of the largest class / of the smallest
    sizes: pd.DataFrame  # width, height in pixels, upright: min, median, max
    modes: dict[str, int]  # Pillow's mode as stored -> readable images
    unreadable: pd.DataFrame  # file, reason
    duplicates: pd.DataFrame  # byte-identical images: file, class, copy_of, copy_of_class
    messages: tuple[str, ...]  # of the source, then of the default split


def summarise_data(images: ImageSet, progress: Advance = lambda _: None) -> DataSummary:
    """Read and decode every image of a set, on all cores; store nothing.

    The split is the default one of seed 0. `progress` is called with the number of images read
    since the last call. A class without a readable image raises ValueError.
    """
    infos: dict[int, ImageInfo] = {}
    errors: dict[int, str] = {}
    for block_infos, block_errors in map_blocks(read_image_info, images.reader, len(images)):
        infos |= block_infos
        errors |= block_errors
        progress(len(block_infos) + len(block_errors))
    digests = [infos[index].digest if index in infos else "" for index in range(len(images))]
    splits = make_splits(
        images.labels,
        images.classes,
        0,
        groups=images.groups,
        digests=digests,
        given=images.split,
        usable=np.array([index in infos for index in range(len(images))]),
    )
    classes = pd.DataFrame({"class": images.classes, "images": images.counts})
    if images.groups is not None:
        classes["groups"] = pd.Series(images.groups).groupby(images.labels).nunique()
    for split in SPLITS:
        labels = images.labels[getattr(splits, split)]
        classes[split] = np.bincount(labels, minlength=len(images.classes))
    sizes = pd.DataFrame([(i.width, i.height) for i in infos.values()], columns=["width", "height"])
    return DataSummary(
        images=images,
        classes=classes.sort_values("images", ascending=False, kind="stable", ignore_index=True),
        imbalance_ratio=float(images.counts.max() / images.counts.min()),
        sizes=sizes.agg(["min", "median", "max"]),
        modes=dict(Counter(info.mode for info in infos.values()).most_common()),
        unreadable=pd.DataFrame(
            [(images.files[i], errors[i]) for i in sorted(errors)], columns=["file", "reason"]
        ),
        duplicates=_duplicates(images, digests),
        messages=(*images.messages, *splits.messages),
    )


def _duplicates(images: ImageSet, digests: list[str]) -> pd.DataFrame:
    """Return a row for each image whose content an earlier image has."""
    names = np.array(images.classes)[images.labels]
    first: dict[str, int] = {}
    rows = [
        (images.files[index], names[index], images.files[original], names[original])
        for index, digest in enumerate(digests)
        if digest and (original := first.setdefault(digest, index)) != index
    ]
    return pd.DataFrame(rows, columns=["file", "class", "copy_of", "copy_of_class"])


def print_summary(summary: DataSummary, console: Console | None = None) -> None:
    """Print a summary on the terminal."""
    console = console or Console()
    images = summary.images
    console.print(f"[bold]{escape(images.spec)}[/]: {escape(images.description)}")
    low, middle, high = (summary.sizes.loc[row] for row in ("min", "median", "max"))
    facts = {
        "images": f"{len(images):,}, of which {len(summary.unreadable):,} can't be read",
        "classes": f"{len(images.classes)}, imbalance ratio {summary.imbalance_ratio:.1f}",
        "groups": "not known"
        if images.groups is None
        else f"{len(np.unique(images.groups)):,}, each kept in one split",
        "sizes": ", ".join(
            f"{side} {low[side]:.0f} to {high[side]:.0f} (median {middle[side]:.0f})"
            for side in ("width", "height")
        ),
        "stored as": ", ".join(f"{mode} {count:,}" for mode, count in summary.modes.items()),
        "duplicates": _duplicates_sentence(summary.duplicates),
    }
    for fact, value in facts.items():
        console.print(f"  {fact:12}{value}", highlight=False)
    title = "Split given with the data" if images.split is not None else "Default split"
    _print_table(console, summary.classes, f"{title}, seed 0", len(summary.classes))
    tables = {"Can't be read": summary.unreadable, "Byte-identical images": summary.duplicates}
    for title, table in tables.items():
        if len(table):
            _print_table(console, table, title, MAX_ROWS)
    for message in summary.messages:
        console.print(f"- {escape(message)}", highlight=False)


def _duplicates_sentence(duplicates: pd.DataFrame) -> str:
    if duplicates.empty:
        return "no two images are byte-identical"
    other = int((duplicates["class"] != duplicates["copy_of_class"]).sum())
    return f"{len(duplicates):,} byte-identical to another image, {other:,} in another class"


def _print_table(console: Console, frame: pd.DataFrame, title: str, rows: int) -> None:
    table = Table(title=title, title_justify="left")
    for column in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[column])
        table.add_column(str(column), justify="right" if numeric else "left", overflow="fold")
    for row in frame.head(rows).itertuples(index=False):
        table.add_row(*(escape(str(value)) for value in row))
    console.print(table)
    if len(frame) > rows:
        console.print(f"… and {len(frame) - rows:,} more")
