"""Where links end: files are opened inside the folder of the data, and each folder is read once."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class DataRoot:
    """The real path of a data set's folder, and of all folders in it that are read."""

    root: str
    allow_outside: bool = False
    entered: set[str] = field(default_factory=set)
    folders: dict[str, str] = field(default_factory=dict)  # folder of a file -> its real path

    @classmethod
    def open(cls, root: str | Path, allow_outside: bool = False) -> "DataRoot":
        """Return the root of a data set, which may be reached by links itself."""
        return cls(os.path.realpath(root), allow_outside)

    def holds(self, path: str | Path, *, is_link: bool | None = None) -> bool:
        """Tell whether a path leads inside; with `allow_outside` any does.

        `is_link` says whether its last part is a link, where that is known.
        """
        if self.allow_outside:
            return True
        folder, name = os.path.split(path)
        if folder not in self.folders:  # links above a file are followed once for all beside it
            self.folders[folder] = os.path.realpath(folder)
        real = os.path.join(self.folders[folder], name)  # noqa: PTH118
        is_link = os.path.islink(path) if is_link is None else is_link  # noqa: PTH114
        if is_link or name in ("", os.curdir, os.pardir):
            real = os.path.realpath(path)
        return _is_within(real, self.root)

    def enter(self, path: str | Path) -> bool:
        """Note that a folder is read; False if it is already, or if the root lies in it."""
        return self.enter_real(os.path.realpath(path))

    def enter_real(self, real: str) -> bool:
        """Do as `enter` does, with a path that has no link in it."""
        if real in self.entered or (real != self.root and _is_within(self.root, real)):
            return False
        self.entered.add(real)
        return True

    def leave(self, real: str) -> None:
        """Note that a folder could not be read."""
        self.entered.discard(real)


def is_plain(mode: int) -> bool:
    """Tell whether something is a plain file or a folder, by `st_mode`."""
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
