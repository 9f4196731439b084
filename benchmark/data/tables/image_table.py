"""A table of images, a CSV file with one row an image: path,label[,group][,split]."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.files.image_files import FileReader, short_name
from benchmark.data.imageset import ImageSet
from benchmark.data.tables.csv_file import CsvFile
from benchmark.data.tables.groups_and_splits import group_ids, translate_splits, value_messages
from benchmark.data.tables.image_columns import read_image_table
from benchmark.data.tables.label_cells import label_messages
from benchmark.data.tables.listed_files import find_listed_files
from benchmark.data.tables.one_hot import read_one_hot
from benchmark.storage.user_folders import expand_home, real_path
from benchmark.system.text import list_below, pluralize

_WITHOUT_ROW = "no row of the table names it"


class _Image(NamedTuple):
    """What a row says about an image."""

    line: int  # of the file
    name: str  # as written
    label: str
    group: str = ""
    split: str = ""


def image_table(spec: str, allow_outside: bool = False) -> ImageSet:
    """List the images of the CSV file `spec`; paths are relative to its folder, or absolute.

    Rows whose file doesn't exist are left out with a message, and without `allow_outside` those
    that lead out of the table's folder; no image is read.

    Raises
    ------
    FileNotFoundError
        If none of its images exists.
    ValueError
        If a column is missing, a row has no label, or rows contradict each other.
    """
    table = expand_home(spec)
    rows, messages = _rows(table)
    names = list(dict.fromkeys(row.name for row in rows))
    listed = find_listed_files(table, names, allow_outside)
    folder = real_path(table).parent
    lost = [row.name for row in rows if row.name not in listed.paths]
    if missing := [name for name in lost if name not in listed.refused]:
        number = pluralize(len(missing), "file doesn't exist", "files don't exist")
        messages.append(f"{number} (e.g. {missing[0]!r}); left out.")
    messages += listed.messages
    images = _images_by_path(table, rows, listed.paths)
    if repeated := len(rows) - len(lost) - len(images):
        messages.append(f"{pluralize(repeated, 'row repeats', 'rows repeat')} an earlier row.")
    paths = sorted(images)
    if all(path.startswith(f"{folder}{os.sep}") for path in paths):
        root = str(folder)
    else:
        root = os.path.commonpath([Path(path).parent for path in paths])
    files = tuple(_relative(path, root) for path in paths)
    labels_as_written = [images[path].label for path in paths]
    groups, splits = [images[p].group for p in paths], [images[p].split for p in paths]
    messages += label_messages(labels_as_written)
    for column, values in (("group", groups), ("split", splits)):
        if any(values):
            messages += value_messages(column, values, files)
    classes, labels = _number_classes(labels_as_written)
    messages = [f"{table.name}: {message}" for message in messages]
    if len(classes) < 2:
        sentence = f"{spec}: a classifier needs at least two classes; all images that exist have"
        raise ValueError(list_below(f"{sentence} the label {classes[0]!r}.", messages))
    return ImageSet(
        name=short_name(table),
        spec=spec,
        description=f"The images listed in {table.name}.",
        files=files,
        labels=labels,
        classes=tuple(classes),
        stamps=tuple(f + listed.marks[p] for f, p in zip(files, paths, strict=True)),
        reader=FileReader(root, files),
        groups=group_ids(groups) if any(groups) else None,
        split=translate_splits(table, splits) if any(splits) else None,
        messages=tuple(messages),
        left_out={
            **{_relative(path, root): _WITHOUT_ROW for path in listed.unlisted},
            **{name: listed.refused.get(name, "no such file") for name in lost},
        },
    )


def _number_classes(names: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the different names in their order, and the number of each of the N, (N,)."""
    classes = sorted(set(names))
    number_of = {name: number for number, name in enumerate(classes)}
    return classes, np.array([number_of[name] for name in names], np.int64)


def _relative(path: str, root: str) -> str:
    """Return a path below or beside `root`, both without `..`, with posix separators."""
    prefix = root.rstrip(os.sep) + os.sep
    below = path.removeprefix(prefix) if path.startswith(prefix) else os.path.relpath(path, root)
    return below.replace(os.sep, "/")


def _rows(path: Path) -> tuple[list[_Image], list[str]]:
    """Read what the rows say, and messages about the columns."""
    table, columns = read_image_table(path)
    messages = [*columns.messages]
    if columns.label is None:
        labels, message = read_one_hot(table, columns.one_hot)
        messages.append(message)
    else:
        labels = table.column(columns.label)
    names = table.column(columns.images)
    for what, cells in (("path", names), ("label", labels)):
        if without := [row for row, cell in zip(table.rows, cells, strict=True) if not cell]:
            raise ValueError(
                f"{path}: {pluralize(len(without), 'row', 'rows')} without a {what}, the first in "
                f"line {without[0].line}: {', '.join(without[0].cells)!r}. Complete or remove them."
            )
    messages += [
        f"the column {table.header[column]!r} is empty: it is not used."
        for column in (columns.group, columns.split)
        if column is not None and not any(table.column(column))
    ]
    groups, splits = _cells(table, columns.group), _cells(table, columns.split)
    lines = [row.line for row in table.rows]
    return list(map(_Image, lines, names, labels, groups, splits)), messages


def _cells(table: CsvFile, column: int | None) -> list[str]:
    return [""] * len(table.rows) if column is None else table.column(column)


def _images_by_path(
    table: Path, rows: Sequence[_Image], paths: dict[str, str]
) -> dict[str, _Image]:
    """Return the row of each file. ValueError: rows of a file contradict each other."""
    images: dict[str, _Image] = {}
    contradictions: dict[str, dict[str, str]] = {"label": {}, "group": {}, "split": {}}
    for row in rows:
        if row.name not in paths:
            continue
        path = paths[row.name]
        if (first := images.setdefault(path, row)) is row:
            continue
        for what, examples in contradictions.items():
            earlier, later = getattr(first, what), getattr(row, what)
            if earlier != later and path not in examples:
                examples[path] = (
                    f"{row.name!r}: {earlier!r} in line {first.line}, {later!r} in line {row.line}"
                )
    for what, examples in contradictions.items():
        if examples:
            count = pluralize(len(examples), "image has", "images have")
            raise ValueError(
                list_below(
                    f"{table}: {count} rows that differ in the {what}. An image has one {what} "
                    "here: keep one row for each image.",
                    list(examples.values())[:5],
                )
            )
    return images
