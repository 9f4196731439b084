"""The files that a table of images lists: as written, else looked for below the table's folder."""

import os
import re
import stat
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmark.data.files.data_root import DataRoot
from benchmark.data.files.file_names import NameMatch, match_names
from benchmark.data.files.folder_tree import Folder, walk_folder
from benchmark.data.files.image_files import IMAGE_SUFFIXES, content_mark, has_suffix
from benchmark.data.files.junk import is_junk_file
from benchmark.data.files.left_out import ALLOW_OUTSIDE, LeftOut
from benchmark.data.split_names import split_of
from benchmark.storage.user_folders import expand_home, real_path
from benchmark.system.text import list_below, pluralize

# beside the name of a split in that of a table: train_labels.csv, test_metadata.csv
_TABLE_WORDS = re.compile("labels?|lists?|metadata|annotations?|ground_?truth", re.IGNORECASE)


@dataclass(frozen=True)
class ListedFiles:
    """The files that names mean, by absolute path."""

    paths: dict[str, str]  # name as written -> path
    marks: dict[str, str]  # path -> what tells its content apart, see `content_mark`
    refused: dict[str, str]  # name of what is there and is not opened -> why not
    unlisted: list[str]  # paths of images beside the listed ones
    messages: tuple[str, ...]


def find_listed_files(
    table: Path, names: Collection[str], allow_outside: bool = False
) -> ListedFiles:
    """Find the files that a table names, relative to its folder or absolute.

    A name that isn't a file is looked for below the table's folder, see `match_names`. Files
    outside that folder are refused without `allow_outside`, also where a link leads to them.

    Raises
    ------
    FileNotFoundError
        If none of the files exists.
    ValueError
        If a name fits several files, or two names fit one file.
    """
    folder = real_path(table).parent
    paths, marks, outside, no_files = _files_as_written(folder, names, allow_outside)
    messages = _refusals(outside, no_files)
    refused = dict.fromkeys(outside, "it leads out of the folder of the table")
    refused |= dict.fromkeys(no_files, "a pipe, a device or a socket")
    if messages and not paths and len(refused) == len(names):
        raise FileNotFoundError(list_below(f"{table}: no image that it lists is read.", messages))
    if missing := [name for name in names if name not in paths and name not in refused]:
        try:
            tree, left_out = walk_folder(folder, allow_outside)
        except OSError:  # of a folder that can't be listed, files are opened by their names
            tree, left_out = Folder(""), LeftOut()
        files = [file for below in tree.walk() for file in below.images]
        inside = [path for path in map(Path, paths.values()) if path.is_relative_to(folder)]
        taken = {path.relative_to(folder).as_posix() for path in inside}
        match, more = _match(table, missing, files, taken)
        messages += [*more, *match.messages()]
        if len(match.files) < len(missing):  # they may be what a link leads to
            messages += LeftOut(outside=left_out.outside).messages()
        for name, file in match.files.items():
            path = str(folder / file)
            with suppress(OSError):  # it was removed since the folder was listed
                marks[path] = content_mark(os.stat(path))  # noqa: PTH116
                paths[name] = path
        if not paths:
            sentence = _none_exists(table, names, str(folder / missing[0]), files)
            links = LeftOut(outside=left_out.outside).messages()
            raise FileNotFoundError(list_below(sentence, links))
    if unlisted := _unlisted(marks):
        messages.append(
            f"{pluralize(len(unlisted), 'image lies', 'images lie')} beside the listed ones "
            f"without a row (e.g. {os.path.relpath(unlisted[0], folder)!r}): not used."
        )
    return ListedFiles(paths, marks, refused, unlisted, tuple(messages))


def _none_exists(table: Path, names: Collection[str], first: str, files: Sequence[str]) -> str:
    here = f"images there are called e.g. {files[0]!r}" if files else "it holds no image"
    return (
        f"{table}: lists {pluralize(len(names), 'image', 'images')} of which none exists, e.g. "
        f"{os.path.normpath(first)}. Paths are relative to the CSV file's folder, or absolute; "
        f"{here}."
    )


def _refusals(outside: Sequence[str], no_files: Sequence[str]) -> list[str]:
    messages = []
    if outside:
        lead = pluralize(len(outside), "row leads", "rows lead")
        messages.append(
            f"{lead} out of the folder of the table (e.g. {outside[0]!r}): left out. Only files "
            f"inside it are opened: move the table to a folder above the images, copy the images "
            f"into its folder (`cp -rL` copies what links lead to), or give {ALLOW_OUTSIDE} if you "
            "trust it."
        )
    if no_files:
        are = pluralize(len(no_files), "row names", "rows name")
        messages.append(
            f"{are} a pipe, a device or a socket (e.g. {no_files[0]!r}), not a file: left out."
        )
    return messages


def _files_as_written(
    folder: Path, names: Collection[str], allow_outside: bool
) -> tuple[dict[str, str], dict[str, str], list[str], list[str]]:
    """Return name -> path, path -> mark, names that lead outside, and names of no plain file."""
    paths, marks = dict[str, str](), dict[str, str]()
    outside, no_files = list[str](), list[str]()
    data_root, root = DataRoot.open(folder, allow_outside), str(folder)
    for name in names:
        if (written := _as_written(root, name)) is None:
            continue
        path, status, is_link = written
        if not data_root.holds(path, is_link=is_link):
            outside.append(name)
        elif not stat.S_ISREG(status.st_mode):
            no_files.append(name)
        else:
            paths[name], marks[path] = path, content_mark(status)
    return paths, marks, outside, no_files


def _as_written(folder: str, name: str) -> tuple[str, os.stat_result, bool] | None:
    """Return the path and the status of what has just that name, but of no folder.

    The last says whether the name is that of a link, of which the status is that of its target.
    """
    for written in (name, name.replace("\\", "/")) if "\\" in name else (name,):
        below = str(expand_home(written)) if written.startswith("~/") else written
        # strings: a `Path` for each of a million names takes seconds
        path = os.path.normpath(os.path.join(folder, below))  # noqa: PTH118
        try:
            status = os.lstat(path)
            if is_link := stat.S_ISLNK(status.st_mode):
                status = os.stat(path)  # noqa: PTH116
        except (OSError, ValueError):  # no such file; no file can be called so
            continue
        if not stat.S_ISDIR(status.st_mode):
            return path, status, is_link
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
    unlisted = []
    for folder in sorted({os.path.dirname(path) for path in listed}):  # noqa: PTH120
        try:
            with os.scandir(folder) as entries:
                unlisted += [
                    entry.path
                    for entry in entries
                    if entry.path not in listed
                    and has_suffix(entry.name, IMAGE_SUFFIXES)
                    and not entry.name.startswith(".")
                    and not is_junk_file(entry.name)
                ]
        except OSError:  # files can be opened by name in a folder that can't be listed
            continue
    return sorted(unlisted)
