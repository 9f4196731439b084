"""What lies in a folder: images, folders below it, and what is left out, from one walk."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from benchmark.data.files.image_files import IMAGE_SUFFIXES, has_suffix, stamp
from benchmark.data.files.junk import is_junk_file, is_junk_folder
from benchmark.data.split_names import split_of
from benchmark.system.text import first_names, pluralize

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


@dataclass
class LeftOut:
    """What a walk left out of the tree, by path below the root."""

    junk: Counter[str] = field(default_factory=Counter)  # name of the folder -> images in it
    hidden_folders: Counter[str] = field(default_factory=Counter)  # path -> images in it
    hidden_images: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # links that lead nowhere or to a folder above
    closed: list[str] = field(default_factory=list)  # folders that can't be opened

    def messages(self) -> list[str]:
        """Return a sentence for each kind."""
        junk = [f"{name} ({count})" for name, count in self.junk.most_common()]
        hidden = [f"{path} ({count})" for path, count in sorted(self.hidden_folders.items())]
        images, closed, broken = map(sorted, (self.hidden_images, self.closed, self.broken))
        in_junk, in_hidden = self.junk.total(), self.hidden_folders.total()
        lie, have = ("image lies", "images lie"), ("image has", "images have")
        folder, lead = ("folder", "folders"), ("link leads", "links lead")
        kinds = (
            (in_junk, lie, "in folders that a system or a program made", junk, 10),
            (in_hidden, lie, "in folders whose names begin with a dot", hidden, 10),
            (len(images), have, "a name that begins with a dot", images, 3),
            (len(closed), folder, "can't be opened, for lack of permission", closed, 10),
            (len(broken), lead, "nowhere or to a folder above", broken, 3),
        )
        return [
            f"{pluralize(number, *counted)} {where}: left out: {first_names(names, most)}."
            for number, counted, where, names, most in kinds
            if number
        ]


def walk_folder(root: Path) -> tuple[Folder, LeftOut]:
    """Return the tree below `root`, following links, and what was left out. No file is opened."""
    tree, left_out = Folder(""), LeftOut()
    pending: list[tuple[Folder, tuple[str, ...]]] = [(tree, (os.path.realpath(root),))]
    while pending:
        folder, ancestors = pending.pop()
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
            if entry.is_symlink() and not Path(entry.path).exists():
                left_out.broken.append(path)
            elif not entry.is_dir():
                _add_file(folder, path, entry, left_out)
            elif not _leave_out(folder, path, entry, left_out):
                real = os.path.realpath(entry.path)
                if real in ancestors:  # a link to a folder above: the walk would not end
                    left_out.broken.append(path)
                else:
                    below = Folder(path)
                    folder.folders.append(below)
                    pending.append((below, (*ancestors, real)))
    return tree, left_out


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
    elif suffix in IMAGE_SUFFIXES and entry.is_file():
        folder.images[path] = stamp(path, entry.stat())
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
