"""The files that a table of images lists: as written, else looked for below the table's folder."""

import os
import re
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.data.files.file_names import NameMatch, match_names
from benchmark.data.files.folder_tree import walk_folder
from benchmark.data.files.image_files import IMAGE_SUFFIXES, has_suffix
from benchmark.data.files.junk import is_junk_file
from benchmark.data.split_names import split_of
from benchmark.system.text import pluralize

# beside the name of a split in that of a table: train_labels.csv, test_metadata.csv
_TABLE_WORDS = re.compile("labels?|lists?|metadata|annotations?|ground_?truth", re.IGNORECASE)


@dataclass(frozen=True)
class ListedFiles:
    """The files that names mean, by absolute path."""

    paths: dict[str, str]  # name as written -> path
    statuses: dict[str, os.stat_result]  # of each path
    messages: tuple[str, ...]


def find_listed_files(table: Path, names: Collection[str]) -> ListedFiles:
    """Find the files that a table names, relative to its folder or absolute.

    A name that isn't a file is looked for below the table's folder, see `match_names`.

    Raises
    ------
    FileNotFoundError
        If none of the files exists.
    ValueError
        If a name fits several files, or two names fit one file.
    """
    folder = table.resolve().parent
    statuses: dict[str, os.stat_result] = {}
    paths: dict[str, str] = {}
    for name in names:
        if written := _as_written(folder, name):
            paths[name], statuses[written[0]] = written[0], written[1]
    messages: list[str] = []
    if missing := [name for name in names if name not in paths]:
        tree, _ = walk_folder(folder)
        files = [file for below in tree.walk() for file in below.images]
        inside = [path for path in map(Path, paths.values()) if path.is_relative_to(folder)]
        taken = {path.relative_to(folder).as_posix() for path in inside}
        match, messages = _match(table, missing, files, taken)
        messages += match.messages()
        for name, file in match.files.items():
            paths[name] = path = str(folder / file)
            statuses[path] = Path(path).stat()
        if not paths:
            here = f"images there are called e.g. {files[0]!r}" if files else "it holds no image"
            raise FileNotFoundError(
                f"{table}: lists {pluralize(len(names), 'image', 'images')} of which none exists, "
                f"e.g. {os.path.normpath(folder / missing[0])}. Paths are relative to the CSV "
                f"file's folder, or absolute; {here}."
            )
    if unlisted := _unlisted(statuses):
        messages.append(
            f"{pluralize(len(unlisted), 'image lies', 'images lie')} beside the listed ones "
            f"without a row (e.g. {os.path.relpath(unlisted[0], folder)!r}): not used."
        )
    return ListedFiles(paths, statuses, tuple(messages))


def _as_written(folder: Path, name: str) -> tuple[str, os.stat_result] | None:
    """Return the path and the status of a file whose name is right."""
    for written in dict.fromkeys((name, name.replace("\\", "/"))):
        below = Path(written)
        if written.startswith("~/"):
            below = below.expanduser()
        path = os.path.normpath(folder / below)
        try:
            status = Path(path).stat()
        except (OSError, ValueError):  # no such file; no file can be called so
            continue
        if stat.S_ISREG(status.st_mode):
            return path, status
    return None


def _match(
    table: Path, names: Sequence[str], files: Sequence[str], taken: Collection[str]
) -> tuple[NameMatch, list[str]]:
    """Match names to files; if a folder is called like the table, to those in it alone.

    The ids of train.csv often begin at 0 again in test/.
    """
    try:
        if own := _own_folder(table, files):
            inside = [file for file in files if file.startswith(f"{own}/")]
            if (match := match_names(names, inside, taken)).files:
                message = f"names are looked up in {own}/, as the table is called {table.name}."
                return match, [message]
        return match_names(names, files, taken), []
    except ValueError as error:
        raise ValueError(f"{table}: {error}") from None


def _own_folder(table: Path, files: Sequence[str]) -> str | None:
    """Return the folder beside train.csv that is called train, or else train_images."""
    split = split_of(_TABLE_WORDS.sub("", table.stem))
    folders = sorted({file.partition("/")[0] for file in files if "/" in file})
    same_split = [name for name in folders if split and split_of(name) == split]
    same_name = [name for name in same_split if name.lower() == table.stem.lower()]
    return next((own[0] for own in (same_name, same_split) if len(own) == 1), None)


def _unlisted(listed: Collection[str]) -> list[str]:
    """Return the images in the folders of listed ones that are not listed."""
    return sorted(
        entry.path
        for folder in sorted({str(Path(path).parent) for path in listed})
        for entry in os.scandir(folder)
        if has_suffix(entry.name, IMAGE_SUFFIXES)
        and entry.path not in listed
        and not entry.name.startswith(".")
        and not is_junk_file(entry.name)
    )
