"""The group and the split of images, from groups.csv, splits.csv or columns of a table.

They are there to prevent a leak. So a file of which no row fits is an error, and whatever keeps
less together than it seems to has a message.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.data.class_names import same_names
from benchmark.data.files.file_names import WITHOUT_FOLDER, match_names
from benchmark.data.split_names import split_of
from benchmark.data.tables.column_names import (
    GROUPS,
    IMAGES,
    SPLIT,
    choose_column,
    shown_header,
)
from benchmark.data.tables.csv_file import CsvFile, read_csv
from benchmark.data.tables.label_cells import ABSENT
from benchmark.system.text import first_names, join_names, list_below, pluralize

_FILES = replace(IMAGES, names=("file", "path"))
_KINDS = {"group": GROUPS, "split": SPLIT}
# said of patients whose name is not known; images of different patients would be one group
_UNKNOWN_WORDS = "unknown unk unspecified undefined missing other others - -1 ??"
_UNKNOWN = ABSENT.union(_UNKNOWN_WORDS.split())


def match_files(path: Path, column: str, files: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Read `path` (file,`column`); return a value for each of `files` ('' without), and messages.

    Parameters
    ----------
    column
        'group' or 'split'.
    files
        Relative to one folder, with '/'. A row can name a file in other ways where that is certain,
        see `match_names`.

    Raises
    ------
    ValueError
        If columns are missing, a name fits several files, two rows give one file different values,
        or most rows and files don't fit.
    """
    table = read_csv(path, lambda header: bool(_FILES.candidates(header)), f"file,{column}")
    file_column, value_column, messages = _two_columns(table, column)
    names = table.column(file_column)
    if "" in names:
        row = table.rows[names.index("")]
        raise ValueError(f"{path}: line {row.line} names no file: {', '.join(row.cells)!r}.")
    try:
        match = match_names(list(dict.fromkeys(names)), files)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    unknown = [name for name in names if name not in match.files]
    values = _values(table, file_column, value_column, match.files, column)
    if not values or (unknown and len(values) < len(files) / 2):
        raise ValueError(
            f"{path}: {len(unknown)} of its {len(names)} rows name no image that is here, e.g. "
            f"{unknown[0]!r}, and {len(files) - len(values)} of {len(files)} images have no row, "
            f"e.g. {next(f for f in files if f not in values)!r}. Write the files as they are "
            f"called; to go on without any {column}, rename {path.name}."
        )
    messages += match.messages(silent=[WITHOUT_FOLDER])
    if unknown:
        rows = pluralize(len(unknown), "row names a file that is", "rows name files that are")
        messages.append(f"{rows} not among the images (e.g. {unknown[0]!r}): ignored.")
    result = [values.get(file, "") for file in files]
    messages += value_messages(column, result, files)
    return result, tuple(f"{path.name}: {message}" for message in messages)


def _two_columns(table: CsvFile, column: str) -> tuple[int, int, list[str]]:
    """Return the columns of the files and of the values, and a message if others were taken."""
    header, kind = table.header, _KINDS[column]
    files = choose_column(table.path, header, _FILES)
    values = choose_column(table.path, header, kind)
    named = [index for index, name in enumerate(header) if name]  # a nameless one counts rows
    if len(named) == 2 and (files is None) != (values is None):  # it can only be the other one
        other = next(index for index in named if index not in (files, values))
        files, values = (other if chosen is None else chosen for chosen in (files, values))
    if files is None or values is None:
        raise ValueError(
            f"{table.path}: the first line must name the columns file,{column}; it has "
            f"{shown_header(header)}. Rename the right ones."
        )
    if header[files].lower() in _FILES.names and header[values].lower() in kind.names:
        return files, values, []
    taken = f"{header[files]!r} is taken as the file, {header[values]!r} as the {column}."
    return files, values, [f"the column {taken}"]


def _values(
    table: CsvFile, file_column: int, value_column: int, files: dict[str, str], column: str
) -> dict[str, str]:
    """Return file -> value. ValueError: two rows give a file different values."""
    first: dict[str, int] = {}  # file -> line
    values: dict[str, str] = {}
    contradictions = []
    for row in table.rows:
        file, value = files.get(row.cells[file_column]), row.cells[value_column]
        if file is None:
            continue
        first.setdefault(file, row.line)
        if values.setdefault(file, value) != value:
            contradictions.append(
                f"{file!r}: {values[file]!r} in line {first[file]}, {value!r} in line {row.line}"
            )
    if contradictions:
        count = pluralize(len(contradictions), "row contradicts", "rows contradict")
        raise ValueError(
            list_below(
                f"{table.path}: {count} an earlier {column} of the same image. Keep one row an "
                "image.",
                contradictions[:5],
            )
        )
    return values


def value_messages(column: str, values: Sequence[str], files: Sequence[str]) -> list[str]:
    """Report images without a group or a split, and groups that are no groups."""
    messages = []
    if without := [file for file, value in zip(files, values, strict=True) if not value]:
        trained = "it is trained on" if len(without) == 1 else "they are trained on"
        result = {"split": trained, "group": "each is a group of its own"}[column]
        images = pluralize(len(without), "image has", "images have")
        messages.append(f"{images} no {column} (e.g. {without[0]!r}): {result}.")
    if column == "group":
        messages += _group_messages(values)
    else:
        messages += [
            f"{name!r} is taken as {_evaluation_split(values)}."
            for name in sorted(set(values))
            if split_of(name) == "evaluation" and _evaluation_split(values)
        ]
    return messages


def _evaluation_split(values: Sequence[str]) -> str:
    """Return which of val and test no other name means, '' if that is not one of them."""
    rest = {"val", "test"} - set(map(split_of, set(values)))
    return min(rest) if len(rest) == 1 else ""


def _group_messages(values: Sequence[str]) -> list[str]:
    sizes = Counter(value for value in values if value)
    if not sizes:
        return []
    if len(sizes) > 1 and max(sizes.values()) == 1:
        return ["every image is a group of its own: nothing is kept together."]
    messages = []
    for name, size in sizes.items():
        is_unknown = name.lower() in _UNKNOWN
        if size > len(values) / 2 or (is_unknown and size > 1):
            advice = ": leave the cell empty where the group is not known" if is_unknown else ""
            messages.append(
                f"one group, {name!r}, holds {size} of {len(values)} images and is kept whole"
                f"{advice}."
            )
    if same := same_names(sorted(sizes)):
        pairs = first_names([join_names(list(map(repr, names))) for names in same], 3)
        messages.append(f"groups whose names are the same to a person are kept apart: {pairs}.")
    return messages


def group_ids(values: Sequence[str]) -> np.ndarray:
    """Number groups by their sorted names, (N,) int64; each '' is a group of its own."""
    named = {value: number for number, value in enumerate(sorted(set(values) - {""}))}
    ids = np.array([named.get(value, -1) for value in values], dtype=np.int64)
    alone = ids == -1
    ids[alone] = len(named) + np.arange(alone.sum())
    return ids


def translate_splits(source: str | Path, values: Sequence[str]) -> np.ndarray:
    """Translate an owner's names of splits to 'train', 'val', 'test' or '', (N,) str.

    'evaluation' is the split of val and test that the data have no other name for. Errors begin
    with the source.

    Raises
    ------
    ValueError
        If a name is not that of a split, or 'evaluation' could be either.
    """
    splits = {value: split_of(value) if value else "" for value in sorted(set(values))}
    if unknown := [value for value, split in splits.items() if split is None]:
        folds = "Numbers of folds are no splits. " if all(map(str.isdigit, unknown)) else ""
        raise ValueError(
            f"{source}: {unknown[0]!r} is no split. {folds}Write train, val or test (or training, "
            "validation, testing and the like), or leave the cell empty."
        )
    evaluation = _evaluation_split(values)
    if "evaluation" in splits.values() and not evaluation:
        names = join_names([repr(value) for value in splits if value])
        raise ValueError(
            f"{source}: the splits are called {names}: is 'evaluation' val or test? Write it so."
        )
    return np.array(
        [evaluation if splits[value] == "evaluation" else splits[value] for value in values],
        dtype="<U5",
    )
