"""The images that a user names to be predicted: files, folders, CSV files with paths."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmark.data.files.folder_tree import TABLE_SUFFIXES, walk_folder
from benchmark.data.files.image_files import has_suffix
from benchmark.data.tables.column_names import IMAGES, choose_column, shown_header
from benchmark.data.tables.csv_file import read_csv
from benchmark.data.tables.listed_files import find_listed_files
from benchmark.storage.user_folders import expand_home

MISSING, ALLOWED = "there is no such file", "give image files, folders or a CSV file"


@dataclass(frozen=True)
class ListedImages:
    """Images by the names that are shown of them, each once."""

    names: tuple[str, ...]  # (N,) as the user, the folder or the table has them
    paths: tuple[Path, ...]  # (N,)
    messages: tuple[str, ...]  # what the user must know of them


def list_images(given: Iterable[str | Path]) -> ListedImages:
    """Return the images of files, of folders and all below them, and of CSV files.

    Names in a CSV file are relative to its folder, or absolute. A file that is not there stays
    among the images: it can't be read, which is said of it.

    Raises
    ------
    FileNotFoundError
        If something that is given is not there.
    ValueError
        If nothing is given, a CSV file has no column of paths, or nothing holds an image.
    """
    names: dict[str, str] = {}  # full path -> name; of a file with several, the first
    paths: dict[str, Path]
    messages: list[str] = []
    arguments = _texts(given)
    for text in arguments:
        path = expand_home(text)
        if path.is_dir():
            paths = _in_folder(path, messages)
        elif has_suffix(path.name, TABLE_SUFFIXES):
            paths = _in_table(path, messages)
        elif path.exists():
            paths = {text: path}
        else:
            raise FileNotFoundError(f"{text}: {MISSING}; {ALLOWED}")
        taken = set(names.values())  # tables of two folders may have the same names
        for name, file in paths.items():
            absolute = os.path.abspath(file)  # noqa: PTH100 -- links stay as they are
            names.setdefault(absolute, str(file) if name in taken else name)
    if not names:
        raise ValueError(f"{', '.join(arguments)}: no image is there")
    return ListedImages(tuple(names.values()), tuple(map(Path, names)), tuple(messages))


def _texts(given: Iterable[str | Path]) -> list[str]:
    if not isinstance(given, Iterable):
        raise ValueError(f"images {given!r} are not allowed; {ALLOWED}")
    arguments = list(given)
    if not arguments or "" in arguments:  # which would be the working folder
        raise ValueError(f"no image is given; {ALLOWED}")
    for each in arguments:
        if not isinstance(each, str | Path):
            raise ValueError(
                f"an image of the type {type(each).__name__} is not allowed; {ALLOWED}, or use "
                "predict of the loaded model, which takes images as well"
            )
    return [str(each) for each in arguments]


def _in_folder(folder: Path, messages: list[str]) -> dict[str, Path]:
    tree, left_out = walk_folder(folder, allow_outside=True)
    messages += [f"{folder}: {message}" for message in left_out.messages()]
    files = [file for below in tree.walk() for file in below.images]
    return {str(folder / file): folder / file for file in files}


def _in_table(table: Path, messages: list[str]) -> dict[str, Path]:
    content = read_csv(table, lambda header: bool(IMAGES.candidates(header)), "path")
    column = choose_column(table, content.header, IMAGES)
    if column is None:
        raise ValueError(
            f"{table}: no column is called path or file; it has {shown_header(content.header)}"
        )
    names = list(dict.fromkeys(filter(None, content.column(column))))
    listed = find_listed_files(table, names, allow_outside=True)
    messages += [f"{table.name}: {each}" for each in listed.messages if "without a row" not in each]
    return {name: Path(listed.paths.get(name, table.parent / name)) for name in names}
