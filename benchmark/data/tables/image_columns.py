"""The columns of a table of images: path,label[,group][,split], by these or other usual names."""

import re
from dataclasses import dataclass
from pathlib import Path

from benchmark.data.split_names import split_of
from benchmark.data.tables.column_names import (
    GROUPS,
    IMAGES,
    LABELS,
    SPLIT,
    ColumnKind,
    choose_column,
    shown_header,
)
from benchmark.data.tables.csv_file import CsvFile, read_csv
from benchmark.data.tables.one_hot import are_exclusive, marked_columns, one_hot_columns
from benchmark.system.text import first_names

# columns of folds or marks: 'fold', 'kfold_5', 'is_train', 'test'
_PARTS = re.compile(r"k?folds?([\W\d_].*)?|(is[ _-]?)?(train|val|valid|test)(ing)?", re.IGNORECASE)
_NO_SPLIT = " Folds and marks are no split; a column 'split' with train, val and test gives one."


@dataclass(frozen=True)
class ImageColumns:
    """Indices of the columns that are used."""

    images: int
    label: int | None  # None: one-hot
    one_hot: tuple[int, ...]
    group: int | None
    split: int | None
    messages: tuple[str, ...]


def read_image_table(path: Path) -> tuple[CsvFile, ImageColumns]:
    """Read a table and find its columns.

    Raises
    ------
    ValueError
        If it is no table, has no column of images or of labels, or several that could be it.
    """
    table = read_csv(
        path, lambda header: bool(IMAGES.candidates(header) and LABELS.candidates(header))
    )
    header = table.header
    images = choose_column(path, header, IMAGES)
    group = choose_column(path, header, GROUPS)
    split = _split_column(table)
    one_hot = one_hot_columns(table, (images, group, split))
    label = None
    if not _is_one_hot(table, one_hot):
        label = choose_column(path, header, LABELS)
    if images is None or (label is None and not one_hot):
        raise ValueError(_columns_missing(table))
    if label is not None:
        one_hot = []
    messages = [
        f"the column {header[column]!r} is taken as {kind.content}{advice}."
        for column, kind, advice in (
            (images, IMAGES, ""),
            (label, LABELS, ""),
            (group, GROUPS, ", each of which is kept in one split"),
            (split, SPLIT, ""),
        )
        if column is not None and not _is_documented(header[column], kind)
    ]
    used = {images, label, group, split, *one_hot}
    if unused := [name for index, name in enumerate(header) if name and index not in used]:
        parts = any(_PARTS.fullmatch(name) for name in unused)
        messages.append(
            f"columns that are not used: {first_names([repr(name) for name in unused], 20)}."
            f"{_NO_SPLIT if parts and split is None else ''}"
        )
    return table, ImageColumns(images, label, tuple(one_hot), group, split, tuple(messages))


def lists_images(path: Path) -> bool:
    """Tell whether a file reads as a table that has a column of images, and labels."""
    try:
        table = read_csv(path, lambda header: bool(IMAGES.candidates(header)))
    except (OSError, ValueError):
        return False
    images = IMAGES.candidates(table.header)
    return bool(images and (LABELS.candidates(table.header) or one_hot_columns(table, images)))


def _is_one_hot(table: CsvFile, columns: list[int]) -> bool:
    """Tell whether each row has one 1 in `columns`, of which one is called 'disease', say."""
    named = LABELS.candidates(table.header)
    documented = any(_is_documented(table.header[column], LABELS) for column in named)
    return not documented and set(named) <= set(columns) and are_exclusive(table, columns)


def _columns_missing(table: CsvFile) -> str:
    header = table.header
    advice = "Rename the right ones, or put such a line above the first row if it has no names."
    if len(header) == 1:
        advice = "Cells are separated by commas, semicolons, tabs or vertical bars."
    elif IMAGES.candidates(header) and (marked := marked_columns(table)):
        advice = (
            f"{first_names([repr(header[column]) for column in marked], 5)} hold marks: a column "
            "for each class needs a 1 in the row of an image of the class, and a 0 in all others."
        )
    return (
        f"{table.path}: the first line must name the columns path,label[,group][,split]; it has "
        f"{shown_header(header)}. {advice}"
    )


def _split_column(table: CsvFile) -> int | None:
    """Return the column of the split: 'split', or one with a usual name that has 'train' in it."""
    documented = [i for i, name in enumerate(table.header) if _is_documented(name, SPLIT)]
    columns = documented or [
        column
        for column in SPLIT.candidates(table.header)
        if "train" in map(split_of, table.column(column))
    ]
    if len(columns) > 1:
        return choose_column(table.path, table.header, SPLIT)
    return columns[0] if columns else None


def _is_documented(name: str, kind: ColumnKind) -> bool:
    return name.lower() == kind.names[0]
