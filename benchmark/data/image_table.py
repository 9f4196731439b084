"""A CSV table of images: one row per image, `path,label[,group][,split]`."""

import csv
import os
from pathlib import Path

import numpy as np

from benchmark.data.columns import group_ids, read_table, split_names
from benchmark.data.image_files import FileReader, short_name, stamp
from benchmark.data.imageset import ImageSet

Table = dict[str, dict[str, str]]  # absolute path -> row


def table_header(path: Path) -> tuple[str, ...]:
    """Return the names of a table's columns as they are written. ValueError: it is no table."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            return tuple(name.strip() for name in next(csv.reader(handle), []))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: not a table ({error}).") from None


def is_image_table(path: Path) -> bool:
    """Tell whether a file reads as a table with a column of images and one of labels."""
    try:
        return bool(read_table(path, ("path", "label")))
    except (OSError, ValueError):
        return False


def image_table(spec: str) -> ImageSet:
    """List the images of the CSV file `spec`; paths are relative to its folder, or absolute.

    Rows whose file doesn't exist are left out with a message; no image is read.

    Raises
    ------
    FileNotFoundError
        If none of its images exists.
    ValueError
        If a column is missing, a row has no label, or rows contradict each other.
    """
    table = Path(spec).expanduser()
    folder = table.resolve().parent
    rows, statuses, messages = _existing_rows(table, folder)
    paths = sorted(rows)
    if all(path.startswith(f"{folder}{os.sep}") for path in paths):
        root = str(folder)
    else:
        root = os.path.commonpath([Path(path).parent for path in paths])
    files = tuple(Path(os.path.relpath(path, root)).as_posix() for path in paths)
    classes, labels = np.unique([rows[path]["label"] for path in paths], return_inverse=True)
    groups, splits = ([rows[path][column] for path in paths] for column in ("group", "split"))
    return ImageSet(
        name=short_name(table),
        spec=spec,
        description=f"The images listed in {table.name}.",
        files=files,
        labels=labels,
        classes=tuple(classes.tolist()),
        stamps=tuple(stamp(file, statuses[p]) for file, p in zip(files, paths, strict=True)),
        reader=FileReader(root, files),
        groups=group_ids(groups) if any(groups) else None,
        split=split_names(table, splits) if any(splits) else None,
        messages=messages,
    )


def _existing_rows(
    table: Path, folder: Path
) -> tuple[Table, dict[str, os.stat_result], tuple[str, ...]]:
    """Return the rows of files that exist, the status of these files, and messages."""
    rows: Table = {}
    statuses: dict[str, os.stat_result] = {}
    missing: list[str] = []
    repeated = 0
    for line, row in enumerate(read_table(table, ("path", "label"), ("group", "split")), start=2):
        if not row["path"] or not row["label"]:
            raise ValueError(f"{table}: row {line} lacks a path or a label: {row}.")
        path = os.path.normpath(folder / Path(row["path"].replace("\\", "/")).expanduser())
        if path in rows:
            if any(rows[path][column] != row[column] for column in ("label", "group", "split")):
                raise ValueError(
                    f"{table}: row {line} contradicts an earlier row about {row['path']!r}; "
                    "remove one."
                )
            repeated += 1
            continue
        try:
            statuses[path] = Path(path).stat()
        except OSError:
            missing.append(row["path"])
            continue
        rows[path] = row
    if not rows:
        example = f", e.g. {os.path.normpath(folder / missing[0])}" if missing else ""
        raise FileNotFoundError(
            f"{table}: lists {len(missing)} images of which none exists{example}. "
            "Paths are relative to the CSV file's folder, or absolute."
        )
    messages = []
    if missing:
        messages.append(
            f"{table.name}: {len(missing)} files don't exist (e.g. {missing[0]!r}); left out."
        )
    if repeated:
        messages.append(f"{table.name}: {repeated} rows repeat an earlier row.")
    return rows, statuses, tuple(messages)
