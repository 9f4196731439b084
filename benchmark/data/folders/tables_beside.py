"""Tables and lists that lie beside images: which are read, which could be, which are not."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmark.data.files.folder_tree import SHEET_SUFFIXES, TABLE_SUFFIXES, Folder
from benchmark.data.files.image_files import has_suffix
from benchmark.data.split_names import SPLIT_WORDS
from benchmark.data.tables.csv_file import read_csv
from benchmark.data.tables.image_columns import lists_images
from benchmark.storage.user_folders import expand_home, real_path
from benchmark.system.text import first_names

READ = ("groups.csv", "splits.csv")
MOST_TABLES = 20  # that are opened
MOST_COLUMNS = 8  # that are named
_TABLES = (*TABLE_SUFFIXES, *SHEET_SUFFIXES)
_PARTS = {*SPLIT_WORDS, "split", "splits", "fold", "folds", "group", "groups", "patients"}
_WORDS_BESIDE = """
list lists label labels files ids images set classes csv tsv xlsx file image path paths
"""
_BESIDE = frozenset(_WORDS_BESIDE.split())


def find_table(root: Path, folder: Folder, name: str) -> Path | None:
    """Return the table of that name in the root folder, also in another letter case, if any.

    Raises
    ------
    ValueError
        If there are several, and none has just that name.
    """
    names = [table for table in folder.tables if table.lower() == name]
    if not names or name in names:
        return root / name if names else None
    if len(names) > 1:
        raise ValueError(f"{root}: which of {', '.join(names)} is {name}? Remove the others.")
    return root / names[0]


def tables_read(root: Path, folder: Folder) -> set[str]:
    """Return the names of the tables in the root folder that are read with its images."""
    return {table.name for name in READ if (table := find_table(root, folder, name))}


def table_ways(spec: str, folder: Folder) -> list[str]:
    """Return what to give as the data to read tables of images that lie in or beside a folder."""
    root = Path(spec)
    own = [(root / table, root / table) for table in folder.tables]
    # images are looked for below the table's folder
    own += [
        (root / f.path / table, root / (f.path if f.total else "") / table)
        for f in folder.folders
        for table in f.tables
    ]
    listing = _of_images(own) or _of_images((path, path) for path in _tables_beside(root))
    ways = []
    for path, wanted in listing:
        way = f"--data {shlex.quote(str(wanted))} (it has the columns {_columns(path)})"
        ways.append(way if path == wanted else f"move {path} to {wanted.parent}, then {way}")
    return ways


def unread_documents(spec: str, folder: Folder, more: Sequence[Folder] = ()) -> list[str]:
    """Return messages about what is not read in a folder, and in more of its folders.

    These are tables and sheets; also files in any folder whose names tell of a split or of groups.
    """
    taken = tables_read(Path(spec), folder)
    beside = [folder, *more]
    unread = [
        (Path(below.path, name), below in beside and has_suffix(name, TABLE_SUFFIXES))
        for below in folder.walk()
        for name in below.documents
        if not (below is folder and name in taken)
        and (is_list_of_parts(name) or (below in beside and has_suffix(name, _TABLES)))
    ]
    if not unread:
        return []
    names = [path.as_posix() for path, _ in unread]
    are = "was" if len(names) == 1 else "were"
    listing = _of_images((Path(spec, path), path) for path, is_table in unread if is_table)
    return [
        f"{first_names(names)} {are} not read; of the files beside class folders only "
        f"{' and '.join(READ)} are.",
        *(
            f"{path.as_posix()} lists images and labels: --data {shlex.quote(str(full))} reads it "
            "in place of the folders."
            for full, path in listing
        ),
    ]


def is_list_of_parts(name: str) -> bool:
    """Tell whether a file's name says that it holds a split or groups, as train.txt does.

    >>> [is_list_of_parts(n) for n in ("train.txt", "dev_test_split.txt", "groups.csv.txt")]
    [True, True, True]
    >>> [is_list_of_parts(n) for n in ("classes.txt", "train_0001.txt", "requirements-dev.txt")]
    [False, False, False]
    """
    words = set(re.split(r"[\W_]+", Path(name).stem.lower()))
    return words <= _PARTS | _BESIDE and not _PARTS.isdisjoint(words)


def _tables_beside(spec: Path) -> Iterator[Path]:
    """Yield the tables beside the folder `spec`, with paths like its own."""
    parent = real_path(expand_home(spec)).parent
    beside = spec.parent if spec.name not in ("", "..") else parent
    try:
        names = sorted(path.name for path in parent.iterdir())
    except OSError:
        return
    for name in names:
        if has_suffix(name, TABLE_SUFFIXES) and not name.startswith("."):
            yield beside / name


def _of_images(paths: Iterable[tuple[Path, Path]]) -> list[tuple[Path, Path]]:
    """Return the pairs whose first path is that of a table of images and their labels."""
    named = [
        pair
        for pair in paths
        # the labels of a submission to a contest are placeholders
        if pair[0].name.lower() not in READ and "submission" not in pair[0].name.lower()
    ]
    return [pair for pair in named[:MOST_TABLES] if lists_images(expand_home(pair[0]))]


def _columns(path: Path) -> str:
    names = read_csv(expand_home(path)).header
    return ",".join(names[:MOST_COLUMNS]) + (",…" if len(names) > MOST_COLUMNS else "")
