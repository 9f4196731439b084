"""CSV files that lie beside images: which are read, which could be, which are not."""

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmark.data.folder_tree import TABLE_SUFFIXES, Folder
from benchmark.data.image_table import is_image_table, table_header
from benchmark.system.text import first_names

READ = ("groups.csv", "splits.csv")
MOST_TABLES = 20  # that are opened
MOST_COLUMNS = 8  # that are named


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


def table_ways(spec: str, folder: Folder) -> list[str]:
    """Return what to give as the data to read tables of images that lie in or beside a folder."""
    return [
        f"--data {shlex.quote(str(path))} (it has the columns {_columns(path)})"
        for path in _image_tables(Path(spec), folder)
    ]


def unread_tables(spec: str, folder: Folder, more: Sequence[Folder] = ()) -> list[str]:
    """Return messages about tables in a folder, and in more of its folders, that are not read."""
    taken = {table.name for name in READ if (table := find_table(Path(spec), folder, name))}
    paths = [Path(table) for table in folder.tables if table not in taken]
    paths += [Path(f.path, table) for f in more for table in f.tables]
    messages = []
    if paths:
        are = "was" if len(paths) == 1 else "were"
        messages.append(
            f"{first_names([path.as_posix() for path in paths])} {are} not read; of the tables "
            f"beside class folders only {' and '.join(READ)} are."
        )
    messages += [
        f"{path.as_posix()} lists images and labels: "
        f"--data {shlex.quote(str(Path(spec, path)))} reads it in place of the folders."
        for path in paths[:MOST_TABLES]
        if is_image_table(Path(spec, path).expanduser())
    ]
    return messages


def _image_tables(spec: Path, folder: Folder) -> list[Path]:
    """Return the tables of images in a folder, in those below it, or else beside the folder."""
    inside = [spec / table for table in folder.tables]
    inside += [spec / f.path / table for f in folder.folders for table in f.tables]
    listing = _of_images(inside)
    return listing or _of_images(_tables_in(spec.expanduser().resolve().parent, spec))


def _tables_in(parent: Path, spec: Path) -> Iterable[Path]:
    """Yield the tables beside the folder `spec`, with paths like its own."""
    beside = spec.parent if spec.name not in ("", "..") else parent
    try:
        names = sorted(path.name for path in parent.iterdir())
    except OSError:
        return
    for name in names:
        if Path(name).suffix.lower() in TABLE_SUFFIXES and not name.startswith("."):
            yield beside / name


def _of_images(paths: Iterable[Path]) -> list[Path]:
    named = [path for path in paths if path.name.lower() not in READ]
    return [path for path in named[:MOST_TABLES] if is_image_table(path.expanduser())]


def _columns(path: Path) -> str:
    names = table_header(path.expanduser())
    return ",".join(names[:MOST_COLUMNS]) + (",…" if len(names) > MOST_COLUMNS else "")
