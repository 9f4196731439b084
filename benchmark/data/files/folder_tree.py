"""What lies in a folder: images, folders below it, and what is left out, from one walk."""

import errno
import os
from bisect import insort
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from benchmark.data.files.data_root import DataRoot, is_plain
from benchmark.data.files.image_files import IMAGE_SUFFIXES, has_suffix, stamp
from benchmark.data.files.junk import is_junk_file, is_junk_folder
from benchmark.data.files.left_out import MOST_LEVELS, LeftOut
from benchmark.data.split_names import split_of
from benchmark.storage.unreadable import looking_at

TABLE_SUFFIXES = (".csv", ".tsv", ".tab")
SHEET_SUFFIXES = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers", ".parquet")  # are not read
_TEXTS = ".txt .lst .md .json .jsonl .yaml .yml .toml .xml .html .ini .db .log"
_WITHOUT_TARGET = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
_DOCUMENTS = frozenset({*TABLE_SUFFIXES, *SHEET_SUFFIXES, *_TEXTS.split()})


@dataclass(eq=False)
class Folder:
    """A folder of the owner's, with the folders below it. Paths have posix separators."""

    path: str  # below the root; "" is the root
    images: dict[str, str] = field(default_factory=dict)  # path below the root -> stamp
    folders: list["Folder"] = field(default_factory=list)  # by the code points of their names
    others: list[str] = field(default_factory=list)  # names of files not known as images
    documents: list[str] = field(default_factory=list)  # names of tables, texts and the like
    is_closed: bool = False  # what it holds can't be known, or not all of it

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def tables(self) -> list[str]:
        """The names of the files in it that may be read as tables."""
        return [name for name in self.documents if has_suffix(name, TABLE_SUFFIXES)]

    @property
    def kinds(self) -> Counter[str]:
        """Suffix, in lower case -> files in it that are not known as images."""
        return Counter(Path(name).suffix.lower() for name in self.others)

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
    too. Each folder is read once. What the system does not give is left out.

    Raises
    ------
    OSError
        If the root itself can't be listed, or what is in it opened.
    """
    tree, walk = Folder(""), _Walk(root, DataRoot.open(root, allow_outside))
    walk.data_root.enter(root)
    walk.read(tree, walk.data_root.root)
    while walk.linked:
        parent, below = walk.linked.popleft()
        real = os.path.realpath(root / below.path)
        if walk.data_root.enter_real(real):
            insort(parent.folders, below, key=lambda folder: folder.name)
            walk.read(below, real)
        else:
            walk.left_out.repeated.append(below.path)
    return tree, walk.left_out


@dataclass
class _Walk:
    """A walk over the folder `root`."""

    root: Path
    data_root: DataRoot
    left_out: LeftOut = field(default_factory=LeftOut)
    # parent, folder: read after those that are no links
    linked: deque[tuple[Folder, Folder]] = field(default_factory=deque)

    def read(self, top: Folder, real: str) -> None:
        """Read a folder and those below it, but for links; `real` is its path without links."""
        pending = [(top, real)]  # to resolve each path anew would take longer the deeper it is
        while pending:
            folder, real = pending.pop()
            try:
                with os.scandir(self.root / folder.path) as entries:
                    listed = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self.data_root.leave(real)  # a link to it says the same
                self._close(folder, error)
                continue
            for entry in listed:
                path = f"{folder.path}/{entry.name}".removeprefix("/")
                try:
                    if below := self._add(folder, path, entry, os.path.join(real, entry.name)):  # noqa: PTH118
                        pending.append((below, os.path.join(real, entry.name)))  # noqa: PTH118
                except OSError as error:
                    if isinstance(error, PermissionError) and not entry.is_symlink():
                        self._close(folder, error)  # it may be listed and not entered
                    else:
                        self.left_out.add_error(path, error)

    def _close(self, folder: Folder, error: OSError) -> None:
        if not folder.path:
            with looking_at(self.root):
                raise error
        if not isinstance(error, PermissionError):
            self.left_out.add_error(folder.path, error)
        elif not folder.is_closed:
            self.left_out.closed.append(folder.path)
        folder.is_closed = True

    def _add(self, folder: Folder, path: str, entry: os.DirEntry, real: str) -> Folder | None:
        """Add to a folder what lies in it; return a folder that is to be read next."""
        if not _is_inside(self.data_root, path, entry, self.left_out):
            return None
        if not entry.is_dir():
            _add_file(folder, path, entry, self.left_out)
        elif _leave_out(folder, path, entry, self.left_out):
            pass
        elif path.count("/") >= MOST_LEVELS:
            self.left_out.deep.append(path)
        elif entry.is_symlink():
            self.linked.append((folder, Folder(path)))
        elif self.data_root.enter_real(real):
            folder.folders.append(Folder(path))
            return folder.folders[-1]
        else:  # it was read by a link from elsewhere
            self.left_out.repeated.append(path)
        return None


def _is_inside(data_root: DataRoot, path: str, entry: os.DirEntry, left_out: LeftOut) -> bool:
    """Tell whether an entry is a plain file or a folder inside the root; note the others."""
    if not entry.is_symlink():
        plain = entry.is_file() or entry.is_dir()
    else:
        try:
            plain = is_plain(entry.stat().st_mode)
        except OSError as error:
            if error.errno not in _WITHOUT_TARGET:
                raise
            left_out.broken.append(path)
            return False
        if not data_root.holds(entry.path):
            left_out.outside.append(path)
            return False
    if not plain:
        left_out.no_files.append(path)
    return plain


def _leave_out(folder: Folder, path: str, entry: os.DirEntry, left_out: LeftOut) -> bool:
    """Note the images of a folder that is not the owner's, or hidden; tell whether it is so."""
    below_class = bool(folder.path) and split_of(folder.name) is None
    if is_junk_folder(entry.name, below_class=below_class):
        counts = left_out.junk_folders
    elif entry.name.startswith("."):
        counts = left_out.hidden_folders
    else:
        return False
    counts[path] = 0 if entry.is_symlink() else _count_images(entry.path)
    return True


def _add_file(folder: Folder, path: str, entry: os.DirEntry, left_out: LeftOut) -> None:
    if is_junk_file(entry.name):
        left_out.junk_files.append(path)
    elif entry.name.startswith("."):
        left_out.hidden_files.append(path)
    elif has_suffix(entry.name, IMAGE_SUFFIXES):
        folder.images[path] = stamp(path, entry.stat())
    elif has_suffix(entry.name, _DOCUMENTS):
        folder.documents.append(entry.name)
    else:
        folder.others.append(entry.name)


def _count_images(folder: str) -> int:
    """Count the images in a folder that is left out; links are not followed."""
    count, pending = 0, [folder]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    elif not entry.name.startswith(".") and has_suffix(entry.name, IMAGE_SUFFIXES):
                        count += 1
        except OSError:  # what is left out has no need to be readable
            continue
    return count
