"""What a walk over a folder leaves out: what is no plain file of the owner's, and where it lies."""

import errno
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from benchmark.data.decoding.unreadable import format_listing_error
from benchmark.data.files.image_files import IMAGE_SUFFIXES, has_suffix
from benchmark.system.text import first_names, pluralize

ALLOW_OUTSIDE = "--allow-outside"  # the flag of the setting
MOST_LEVELS = 100  # of folders in each other: deeper ones are read by no one
_COPY = (
    f" Only files inside the data folder are opened: copy what they lead to into it (`cp -rL`), or "
    f"give {ALLOW_OUTSIDE} if you trust them."
)
_GONE = (errno.ENOENT, errno.ENOTDIR)


@dataclass
class LeftOut:
    """What a walk left out of the tree, by path below the root."""

    junk_folders: dict[str, int] = field(default_factory=dict)  # path -> images in it
    junk_files: list[str] = field(default_factory=list)
    hidden_folders: dict[str, int] = field(default_factory=dict)  # path -> images in it
    hidden_files: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # links that lead nowhere
    repeated: list[str] = field(default_factory=list)  # links to folders that are read, or above
    outside: list[str] = field(default_factory=list)  # links that leave the root
    no_files: list[str] = field(default_factory=list)  # pipes, devices and sockets, and links there
    closed: list[str] = field(default_factory=list)  # folders that can't be opened
    deep: list[str] = field(default_factory=list)  # folders in more than MOST_LEVELS others
    gone: list[str] = field(default_factory=list)  # were removed while the folder was listed
    failed: dict[str, str] = field(default_factory=dict)  # path -> why it can't be opened

    def add_error(self, path: str, error: OSError) -> None:
        """Note a file or folder that the system did not give."""
        if error.errno in _GONE:
            self.gone.append(path)
        else:
            self.failed[path] = format_listing_error(error)

    def reasons(self) -> dict[str, str]:
        """Return why each file or folder is not read, by path. What is in a folder has no row."""
        made = "a system or a program made it"
        dotted = "its name begins with a dot"
        kinds = {
            made: self.junk_files,
            dotted: self.hidden_files,
            "a link that leads nowhere": self.broken,
            "a link to a folder that is read anyway, or to one above the data": self.repeated,
            "a link that leads out of the folder": self.outside,
            "a pipe, a device or a socket": self.no_files,
            "a folder that can't be opened, for lack of permission": self.closed,
            f"a folder in more than {MOST_LEVELS} others": self.deep,
            "it was removed while the folder was listed": self.gone,
        }
        return {
            **{path: f"{made}{_with(n)}" for path, n in sorted(self.junk_folders.items())},
            **{path: f"{dotted}{_with(n)}" for path, n in sorted(self.hidden_folders.items())},
            **{path: reason for reason, paths in kinds.items() for path in sorted(paths)},
            **dict(sorted(self.failed.items())),
        }

    def messages(self) -> list[str]:
        """Return a sentence for each kind; what is no image of a system or a program has none."""
        in_junk, by_name = sum(self.junk_folders.values()), Counter[str]()
        for path, number in self.junk_folders.items():
            by_name[path.rpartition("/")[2]] += number
        in_hidden = sum(self.hidden_folders.values())
        junk = [f"{name} ({number})" for name, number in by_name.most_common() if number]
        hidden = [f"{path} ({n})" for path, n in sorted(self.hidden_folders.items()) if n]
        images = sorted(path for path in self.hidden_files if has_suffix(path, IMAGE_SUFFIXES))
        lie, have = ("image lies", "images lie"), ("image has", "images have")
        folder, lead = ("folder", "folders"), ("link leads", "links lead")
        pipe = ("pipe, device or socket has", "pipes, devices or sockets have")
        deep, closed = f"in more than {MOST_LEVELS} others", "can't be opened, for lack of"
        read_anyway = "to a folder that is read anyway, or to one above the data"
        gone, was = (
            ("file or folder was", "files or folders were"),
            "removed while the folder was listed",
        )
        kinds = (
            (in_junk, lie, "in folders that a system or a program made", junk, 10, ""),
            (in_hidden, lie, "in folders whose names begin with a dot", hidden, 10, ""),
            (len(images), have, "a name that begins with a dot", images, 3, ""),
            (len(self.closed), folder, f"{closed} permission", sorted(self.closed), 10, ""),
            (len(self.broken), lead, "nowhere", sorted(self.broken), 3, ""),
            (len(self.repeated), lead, read_anyway, sorted(self.repeated), 3, ""),
            (len(self.outside), lead, "out of the folder", sorted(self.outside), 3, _COPY),
            (len(self.no_files), pipe, "the name of a file", sorted(self.no_files), 3, ""),
            (len(self.deep), ("folder lies", "folders lie"), deep, sorted(self.deep), 1, ""),
            (len(self.gone), gone, was, sorted(self.gone), 3, ""),
            *self._failures(),
        )
        return [
            f"{pluralize(number, *counted)} {where}: left out: {first_names(names, most)}.{advice}"
            for number, counted, where, names, most, advice in kinds
            if number
        ]

    def _failures(self) -> list[tuple[int, tuple[str, str], str, list[str], int, str]]:
        by_reason: dict[str, list[str]] = defaultdict(list)
        for path, reason in sorted(self.failed.items()):
            by_reason[reason].append(path)
        either = ("file or folder", "files or folders")
        return [
            (len(paths), either, reason.removeprefix("it "), paths, 3, "")
            for reason, paths in by_reason.items()
        ]


def _with(images: int) -> str:
    return f", with {pluralize(images, 'image', 'images')} in it" if images else ""
