"""Labels for the images of a set from a CSV file: corrected ones, or wrong ones on purpose."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.data.class_names import canonical_name, same_names
from benchmark.data.files.file_names import match_names
from benchmark.data.imageset import ImageSet
from benchmark.data.tables.column_names import IMAGES, LABELS, choose_column, shown_header
from benchmark.data.tables.csv_file import CsvFile, Row, read_csv
from benchmark.data.tables.name_cells import escaped_names, name_cell
from benchmark.spec import did_you_mean
from benchmark.storage.user_folders import expand_home
from benchmark.system.text import first_names, pluralize

_HEADER = "path,label"


def read_label_file(
    path: str | Path, images: ImageSet, *, is_part: bool = False
) -> NDArray[np.int64]:
    """Read the labels of a CSV file (path,label): those of the set for images that it doesn't name.

    A row can name an image in other ways where that is certain, see `match_names`; and a class by
    another spelling that is the same to a person. Nothing of a row is skipped in silence.

    Parameters
    ----------
    path
        The file. Its columns may have other usual names, see `column_names`; others are not read.
    is_part
        Whether the set is a part of that which the file is about, as in a quick run: rows that
        name no image of it are left out then, as long as one does.

    Returns
    -------
    NDArray[np.int64]
        Indices into `images.classes`, (N,).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column is missing, a row has no label, names no image of the set or one that a row
        before it names, or no class of the set.
    """
    file = expand_home(path)
    if not file.exists():
        raise FileNotFoundError(
            f"{path}: no such file. Give a CSV file with a first line {_HEADER}."
        )
    table = read_csv(
        file, lambda header: bool(IMAGES.candidates(header) and LABELS.candidates(header)), _HEADER
    )
    columns = [choose_column(file, table.header, kind) for kind in (IMAGES, LABELS)]
    image_column, label_column = columns
    if image_column is None or label_column is None:
        raise ValueError(
            f"{file}: the first line must name the columns {_HEADER}; it has "
            f"{shown_header(table.header)}. Rename the right ones."
        )
    rows = _rows_by_image(table, image_column, images, is_part)
    position = {name: index for index, name in enumerate(images.files)}
    labels = images.labels.astype(np.int64)
    labels[[position[name] for name in rows]] = _class_numbers(table, rows, label_column, images)
    return labels


def _class_numbers(
    table: CsvFile, rows: Mapping[str, Row], column: int, images: ImageSet
) -> list[int]:
    """Return the index of the class that each row gives its image."""
    named = {name: index for index, name in enumerate(images.classes)}
    escaped = {cell: named[name] for cell, name in escaped_names(images.classes).items()}
    unclear = {canonical_name(names[0]) for names in same_names(images.classes)}
    read = {canonical_name(name): index for name, index in named.items()}
    read = {name: index for name, index in read.items() if name not in unclear}
    for image, row in rows.items():
        if not row.cells[column]:
            raise ValueError(
                f"{table.path}: line {row.line} gives {image!r} no label. Write one, or remove "
                "the line: the image then keeps the label that it has in the data. To leave out an "
                "image of no class, take its file, or its row of a table, out of the data."
            )
    labels = {row: row.cells[column] for row in rows.values()}
    _require_one_class(table, labels, images)
    known = named | escaped
    numbers = [known.get(label, read.get(canonical_name(label))) for label in labels.values()]
    unknown = [row for row, number in zip(labels, numbers, strict=True) if number is None]
    if unknown:
        label = labels[unknown[0]]
        more = len(unknown) - 1
        others = f"; {pluralize(more, 'more line is', 'more lines are')} like it" if more else ""
        raise ValueError(
            f"{table.path}: line {unknown[0].line} gives the class {label!r}, which {images.spec} "
            f"has not{others}.{did_you_mean(label, images.classes)} Its classes: "
            f"{first_names(images.classes, 20)}. A new class begins in the data, with an image in "
            "a folder of its name, or with a row of a table."
        )
    return [number for number in numbers if number is not None]


def _require_one_class(table: CsvFile, labels: Mapping[Row, str], images: ImageSet) -> None:
    """Raise ValueError for a label that two classes are written as, like 'a' and 'a '."""
    written: dict[str, list[str]] = {}
    for name in images.classes:
        written.setdefault(name_cell(name), []).append(name)
    for row, label in labels.items():
        if len(names := written.get(label, [])) > 1:
            raise ValueError(
                f"{table.path}: line {row.line} gives the class {label!r}, which could be "
                f"{names[0]!r} or {names[1]!r} of {images.spec}. Rename one of them in the data, "
                "or give --merge-classes."
            )


def _rows_by_image(table: CsvFile, column: int, images: ImageSet, is_part: bool) -> dict[str, Row]:
    """Return the row of each image that the table names."""
    names = table.column(column)
    if "" in names:
        row = table.rows[names.index("")]
        raise ValueError(
            f"{table.path}: line {row.line} names no image: {', '.join(row.cells)!r}. Write one, "
            "or remove the line."
        )
    escaped = escaped_names(images.files)
    files = {name: escaped[name] for name in names if name in escaped}
    others = list(dict.fromkeys(name for name in names if name not in files))
    if set(images.files).issuperset(others):  # as they are called: none is read in another way
        others, files = [], files | {name: name for name in others}
    try:
        files |= match_names(others, images.files, files.values()).files
    except ValueError as error:
        raise ValueError(f"{table.path}: {error}") from None
    unknown = [row for row, name in zip(table.rows, names, strict=True) if name not in files]
    if unknown and not (is_part and files):
        raise ValueError(
            f"{table.path}: {pluralize(len(unknown), 'row names', 'rows name')} no image of "
            f"{images.spec}, the first in line {unknown[0].line}: {unknown[0].cells[column]!r}. "
            f"Its images are called e.g. {images.files[0]!r}: write them so, or remove the "
            f"{'line' if len(unknown) == 1 else 'lines'}."
        )
    rows: dict[str, Row] = {}
    for row, name in zip(table.rows, names, strict=True):
        if name not in files:
            continue
        earlier = rows.setdefault(files[name], row)
        if earlier is not row:
            raise ValueError(
                f"{table.path}: lines {earlier.line} and {row.line} both label "
                f"{files[name]!r}. Keep one of them."
            )
    return rows
