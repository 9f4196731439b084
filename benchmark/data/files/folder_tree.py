"""What lies in a folder: images, folders below it, and what is left out, from one walk."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from benchmark.data.files.data_root import DataRoot, is_plain
from benchmark.data.files.image_files import IMAGE_SUFFIXES, has_suffix, stamp
from benchmark.data.files.junk import is_junk_file, is_junk_folder
from benchmark.data.files.left_out import LeftOut
from benchmark.data.split_names import split_of

TABLE_SUFFIXES = (".csv", ".tsv", ".tab")
SHEET_SUFFIXES = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers", ".parquet")  # are not read
_TEXTS = ".txt .lst .md .json .jsonl .yaml .yml .toml .xml .html .ini .db .log"
_DOCUMENTS = frozenset({*TABLE_SUFFIXES, *SHEET_SUFFIXES, *_TEXTS.split()})


@dataclass(eq=False)
class Folder:
    """A folder of the owner's, with the folders below it. Paths have posix separators."""

    path: str  # below the root; "" is the root
    images: dict[str, str] = field(default_factory=dict)  # path below the root -> stamp
    folders: list["Folder"] = field(default_factory=list)  # by the code points of their names
    others: Counter[str] = field(default_factory=Counter)  # suffix -> files not known as images
    documents: list[str] = field(default_factory=list)  # names of tables, texts and the like

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def tables(self) -> list[str]:
        """The names of the files in it that may be read as tables."""
        return [name for name in self.documents if has_suffix(name, TABLE_SUFFIXES)]

    def walk(self) -> Iterator["Folder"]:
        """Yield this folder and all below it."""
        pending = [self]
        while pending:
            folder = pending.pop()
            yield folder
            pending += reversed(folder.folders)

    @cached_property
    def total(self) -> int:
        """Images in this folder and below it."""
        return sum(len(folder.images) for folder in self.walk())

    @cached_property
    def filled(self) -> list["Folder"]:
        """The folders directly in this one that hold images, at any depth."""
        return [folder for folder in self.folders if folder.total]


def walk_folder(root: Path, allow_outside: bool = False) -> tuple[Folder, LeftOut]:
    """Return the tree below `root` and what was left out; no file is opened.

    Links are followed to plain files and folders below the root, with `allow_outside` to others
    too. Each folder is read once.
    """
    tree, left_out, data_root = Folder(""), LeftOut(), DataRoot.open(root, allow_outside)
    data_root.enter(root)
    pending = [tree]
    linked: list[tuple[Folder, Folder]] = []  # parent, folder: read after those that are no links
    while pending or linked:
        if not pending:
            parent, below = linked.pop(0)
            if not data_root.enter(root / below.path):
                left_out.repeated.append(below.path)
                continue
            parent.folders.append(below)
            parent.folders.sort(key=lambda folder: folder.name)
            pending.append(below)
        folder = pending.pop()
        try:
            with os.scandir(root / folder.path) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except PermissionError:
            if folder is tree:
                raise
            left_out.closed.append(folder.path)
            continue
        for entry in listed:
            path = f"{folder.path}/{entry.name}".removeprefix("/")
            if not _is_inside(data_root, path, entry, left_out):
                continue
            if not entry.is_dir():
                _add_file(folder, path, entry, left_out)
            elif _leave_out(folder, path, entry, left_out):
                continue
            elif entry.is_symlink():
                linked.append((folder, Folder(path)))
            elif data_root.enter(entry.path):
                folder.folders.append(Folder(path))
                pending.append(folder.folders[-1])
            else:  # it was read by a link from elsewhere
                left_out.repeated.append(path)
    return tree, left_out


def _is_inside(data_root: DataRoot, path: str, entry: os.DirEntry, left_out: LeftOut) -> bool:
    """Tell whether an entry is a plain file or a folder inside the root; note the others."""
    if not entry.is_symlink():
        plain = entry.is_file() or entry.is_dir()
    elif not os.path.exists(entry.path):  # noqa: PTH110  # Path.exists raises in closed folders
        left_out.broken.append(path)
        return False
    elif not data_root.holds(entry.path):
        left_out.outside.append(path)
        return False
    else:
        plain = is_plain(entry.stat().st_mode)
    if not plain:
        left_out.no_files.append(path)
    return plain


def _leave_out(folder: Folder, path: str, entry: os.DirEntry, left_out: LeftOut) -> bool:
    """Note the images of a folder that is not the owner's, or hidden; tell whether it is so."""
    below_class = bool(folder.path) and split_of(folder.name) is None
    if is_junk_folder(entry.name, below_class=below_class):
        counts, name = left_out.junk, entry.name
    elif entry.name.startswith("."):
        counts, name = left_out.hidden_folders, path
    else:
        return False
    if count := _count_images(entry.path):
        counts[name] += count
    return True


def _add_file(folder: Folder, path: str, entry: os.DirEntry, left_out: LeftOut) -> None:
    suffix = Path(entry.name).suffix.lower()
    if is_junk_file(entry.name):
        return
    if entry.name.startswith("."):
        if suffix in IMAGE_SUFFIXES:
            left_out.hidden_images.append(path)
    elif suffix in IMAGE_SUFFIXES:
        try:
            folder.images[path] = stamp(path, entry.stat())
        except PermissionError:  # of the folder, which may be listed and not entered
            left_out.closed += [folder.path] * (folder.path not in left_out.closed)
    elif suffix in _DOCUMENTS:
        folder.documents.append(entry.name)
    else:
        folder.others[suffix] += 1


def _count_images(folder: str) -> int:
    """Count the images in a folder that is left out; links are not followed."""
    return sum(
        has_suffix(name, IMAGE_SUFFIXES)
        for _, _, names in os.walk(folder)
        for name in names
        if not name.startswith(".")
    )
