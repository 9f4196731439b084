"""CSV files that say something about images: a group, a split, a label."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

# Names that owners of data give the three splits, in lower case.
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}


def read_table(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> list[dict]:
    """Read a CSV file with a header: one dict per row, stripped, column names in lower case.

    Raises
    ------
    ValueError
        If it is no CSV file in UTF-8, or has no column of a required name.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, skipinitialspace=True)
            reader.fieldnames = names = [n.strip().lower() for n in reader.fieldnames or ()]
            wanted = (*required, *optional)
            rows = [{name: (row.get(name) or "").strip() for name in wanted} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: not a CSV file in UTF-8 ({error}).") from None
    if missing := [name for name in required if name not in names]:
        raise ValueError(
            f"{path}: the first line must name the columns {','.join(required)}"
            f"{''.join(f'[,{name}]' for name in optional)}; "
            f"{','.join(missing)} is not among {','.join(names) or 'no columns'}."
        )
    return rows


def match_files(path: Path, column: str, files: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Read `path` (file,`column`); return a value for each of `files` ('' without), and messages.

    A row names a file by its whole name ('cat/001.jpg') or by the end of it ('001.jpg') where
    only one file ends so.

    Raises
    ------
    ValueError
        If a name fits several files, or two rows give one file different values.
    """
    ends = _by_end(files)
    values: dict[int, str] = {}  # index of a file -> its value
    unknown = []
    for row in read_table(path, ("file", column)):
        matches = ends.get(row["file"].replace("\\", "/").removeprefix("./"), ())
        if len(matches) > 1:
            raise ValueError(
                f"{path}: {row['file']!r} could be {files[matches[0]]!r} or {files[matches[1]]!r}; "
                "write the file with its folder."
            )
        if not matches:
            unknown.append(row["file"])
        elif (value := values.setdefault(matches[0], row[column])) != row[column]:
            raise ValueError(
                f"{path}: two rows give {files[matches[0]]!r} different values of {column}: "
                f"{value!r} and {row[column]!r}; remove one."
            )
    messages = []
    if unknown:
        messages.append(
            f"{path.name}: {len(unknown)} rows name files that are not among the images "
            f"(e.g. {unknown[0]!r}); they were ignored."
        )
    if without := [file for index, file in enumerate(files) if index not in values]:
        result = {"split": "they are trained on", "group": "each is a group of its own"}[column]
        example = f"e.g. {without[0]!r}"
        messages.append(f"{path.name}: {len(without)} images have no row ({example}): {result}.")
    return [values.get(index, "") for index in range(len(files))], tuple(messages)


def group_ids(values: Sequence[str]) -> np.ndarray:
    """Number groups by their sorted names, (N,) int64; each '' is a group of its own."""
    named = {value: number for number, value in enumerate(sorted(set(values) - {""}))}
    ids = np.array([named.get(value, -1) for value in values], dtype=np.int64)
    alone = ids == -1
    ids[alone] = len(named) + np.arange(alone.sum())
    return ids


def split_names(path: Path, values: Sequence[str]) -> np.ndarray:
    """Translate an owner's names of splits to 'train', 'val', 'test' or '', (N,) str.

    ValueError: a name is none of `SPLIT_NAMES`.
    """
    known = {**SPLIT_NAMES, "": ""}
    if unknown := sorted({value for value in values if value.lower() not in known}):
        raise ValueError(
            f"{path}: {unknown[0]!r} is not a split; allowed are {', '.join(SPLIT_NAMES)} or empty."
        )
    return np.array([known[value.lower()] for value in values], dtype="<U5")


def _by_end(files: Sequence[str]) -> dict[str, list[int]]:
    """Map every end of a file's name, cut at a slash, to the files that end so."""
    ends: dict[str, list[int]] = {}
    for index, file in enumerate(files):
        parts = file.split("/")
        for start in range(len(parts)):
            ends.setdefault("/".join(parts[start:]), []).append(index)
    # A whole name is never ambiguous, even if another file's name ends the same way.
    ends.update({file: [index] for index, file in enumerate(files)})
    return ends
