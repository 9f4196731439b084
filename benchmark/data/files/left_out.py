"""What a walk over a folder leaves out: what is no plain file of the owner's, and where it lies."""

from collections import Counter
from dataclasses import dataclass, field

from benchmark.system.text import first_names, pluralize

ALLOW_OUTSIDE = "--allow-outside"  # the flag of the setting
_COPY = (
    f" Only files inside the data folder are opened: copy what they lead to into it (`cp -rL`), or "
    f"give {ALLOW_OUTSIDE} if you trust them."
)


@dataclass
class LeftOut:
    """What a walk left out of the tree, by path below the root."""

    junk: Counter[str] = field(default_factory=Counter)  # name of the folder -> images in it
    hidden_folders: Counter[str] = field(default_factory=Counter)  # path -> images in it
    hidden_images: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # links that lead nowhere
    repeated: list[str] = field(default_factory=list)  # links to folders that are read, or above
    outside: list[str] = field(default_factory=list)  # links that leave the root
    no_files: list[str] = field(default_factory=list)  # pipes, devices and sockets, and links there
    closed: list[str] = field(default_factory=list)  # folders that can't be opened

    def reasons(self) -> dict[str, str]:
        """Return why each file or folder is not read that was met on its own, by path."""
        kinds = {
            "its name begins with a dot": [*self.hidden_images, *self.hidden_folders],
            "a link that leads nowhere": self.broken,
            "a link to a folder that is read anyway, or to one above the data": self.repeated,
            "a link that leads out of the folder": self.outside,
            "a pipe, a device or a socket": self.no_files,
            "a folder that can't be opened, for lack of permission": self.closed,
        }
        return {path: reason for reason, paths in kinds.items() for path in sorted(paths)}

    def messages(self) -> list[str]:
        """Return a sentence for each kind."""
        junk = [f"{name} ({count})" for name, count in self.junk.most_common()]
        hidden = [f"{path} ({count})" for path, count in sorted(self.hidden_folders.items())]
        images, closed = sorted(self.hidden_images), sorted(self.closed)
        in_junk, in_hidden = self.junk.total(), self.hidden_folders.total()
        lie, have = ("image lies", "images lie"), ("image has", "images have")
        folder, lead = ("folder", "folders"), ("link leads", "links lead")
        pipe = ("pipe, device or socket has", "pipes, devices or sockets have")
        kinds = (
            (in_junk, lie, "in folders that a system or a program made", junk, 10, ""),
            (in_hidden, lie, "in folders whose names begin with a dot", hidden, 10, ""),
            (len(images), have, "a name that begins with a dot", images, 3, ""),
            (len(closed), folder, "can't be opened, for lack of permission", closed, 10, ""),
            (len(self.broken), lead, "nowhere", sorted(self.broken), 3, ""),
            (
                len(self.repeated),
                lead,
                "to a folder that is read anyway, or to one above the data",
                sorted(self.repeated),
                3,
                "",
            ),
            (len(self.outside), lead, "out of the folder", sorted(self.outside), 3, _COPY),
            (len(self.no_files), pipe, "the name of a file", sorted(self.no_files), 3, ""),
        )
        return [
            f"{pluralize(number, *counted)} {where}: left out: {first_names(names, most)}.{advice}"
            for number, counted, where, names, most, advice in kinds
            if number
        ]
