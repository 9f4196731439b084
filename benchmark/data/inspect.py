"""What the harness sees in a data set, before anything is trained: the verb `data`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmark.data.image_info import Look, look
from benchmark.data.imageset import SPLITS, ImageSet
from benchmark.data.parallel import over_images
from benchmark.data.splits import make_splits

SHOWN = 20  # rows of long tables on a terminal


@dataclass(frozen=True, eq=False)
class DataReport:
    """A look at every image of a set. N images, C classes."""

    images: ImageSet
    classes: pd.DataFrame  # a row a class, largest first: class, images, [groups,] train, val, test
    imbalance_ratio: float  # images of the largest class / of the smallest
    sizes: pd.DataFrame  # width, height in pixels, upright: min, median, max
    modes: dict[str, int]  # Pillow's mode as stored -> readable images
    unreadable: pd.DataFrame  # file, reason
    duplicates: pd.DataFrame  # byte-identical images: file, class, copy_of, copy_of_class
    messages: tuple[str, ...]  # of the source, then of the default split


def inspect_data(images: ImageSet, progress: Callable[[int], None] = lambda _: None) -> DataReport:
    """Read and decode every image of a set, on all cores, storing nothing.

    `progress` is called with the number of images read since the last call. The default split is
    that of seed 0. Raises ValueError if a class has no readable image.
    """
    names = np.array(images.classes)[images.labels]
    looks: dict[int, Look] = {}
    errors: dict[int, str] = {}
    for seen, failed in over_images(look, images.read, len(images)):
        looks |= seen
        errors |= failed
        progress(len(seen) + len(failed))
    readable = np.array([index in looks for index in range(len(images))])
    digests = [looks[index].digest if index in looks else "" for index in range(len(images))]
    splits = make_splits(
        images.labels,
        images.classes,
        0,
        groups=images.groups,
        digests=digests,
        given=images.split,
        usable=readable,
    )

    classes = pd.DataFrame({"class": images.classes, "images": images.counts})
    if images.groups is not None:
        grouped = pd.Series(images.groups).groupby(images.labels).nunique()
        classes["groups"] = grouped.to_numpy()
    for side in SPLITS:
        held = images.labels[getattr(splits, side)]
        classes[side] = np.bincount(held, minlength=len(images.classes))
    measured = pd.DataFrame(
        [(each.width, each.height) for each in looks.values()], columns=["width", "height"]
    )
    first: dict[str, int] = {}
    copies = [
        (images.files[index], names[index], images.files[original], names[original])
        for index, digest in enumerate(digests)
        if digest and (original := first.setdefault(digest, index)) != index
    ]
    return DataReport(
        images=images,
        classes=classes.sort_values("images", ascending=False, kind="stable", ignore_index=True),
        imbalance_ratio=float(images.counts.max() / images.counts.min()),
        sizes=measured.agg(["min", "median", "max"]),
        modes=dict(Counter(each.mode for each in looks.values()).most_common()),
        unreadable=pd.DataFrame(
            [(images.files[index], errors[index]) for index in sorted(errors)],
            columns=["file", "reason"],
        ),
        duplicates=pd.DataFrame(copies, columns=["file", "class", "copy_of", "copy_of_class"]),
        messages=(*images.messages, *splits.messages),
    )


def print_report(report: DataReport, console: Console | None = None) -> None:
    """Print `report` for people."""
    console = console or Console()
    images = report.images
    console.print(f"[bold]{escape(images.spec)}[/]: {escape(images.description)}")
    low, middle, high = (report.sizes.loc[row] for row in ("min", "median", "max"))
    facts = {
        "images": f"{len(images):,}, of which {len(report.unreadable):,} can't be read",
        "classes": f"{len(images.classes)}, imbalance ratio {report.imbalance_ratio:.1f}",
        "groups": "not known"
        if images.groups is None
        else f"{len(np.unique(images.groups)):,}, never parted",
        "sizes": ", ".join(
            f"{side} {low[side]:.0f} to {high[side]:.0f} (median {middle[side]:.0f})"
            for side in ("width", "height")
        ),
        "stored as": ", ".join(f"{mode} {count:,}" for mode, count in report.modes.items()),
        "copies": _copies(report.duplicates),
    }
    for fact, value in facts.items():
        console.print(f"  {fact:10}{value}", highlight=False)
    title = "Split given with the data" if images.split is not None else "Split as by default"
    _print_table(console, report.classes, f"{title}, seed 0", len(report.classes))
    if len(report.unreadable):
        _print_table(console, report.unreadable, "Can't be read", SHOWN)
    if len(report.duplicates):
        _print_table(console, report.duplicates, "Byte-identical images", SHOWN)
    for message in report.messages:
        console.print(f"- {escape(message)}", highlight=False)


def _copies(duplicates: pd.DataFrame) -> str:
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
