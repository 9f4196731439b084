"""An image folder: `root/<class>/<file>`, or `root/train|val|test/<class>/<file>`.

Folders below a class folder belong to the class, and links are followed (both as in torchvision's
ImageFolder). Hidden files and folders are skipped. The order is that of the names' code points, so
it is the same on every machine.
"""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmark.data.columns import SPLIT_NAMES, group_ids, match_files, split_names
from benchmark.data.image_files import IMAGE_SUFFIXES, FileReader, short_name, stamp
from benchmark.data.imageset import ImageSet

_SUFFIXES = ".csv .tsv .txt .md .json .jsonl .yaml .yml .toml .xml .html .ini .db .log"
IGNORED_SUFFIXES = frozenset(_SUFFIXES.split())  # such files are ignored without a message

LAYOUT = """\
Expected one folder per class with its images inside:
  {root}/cat/001.jpg
  {root}/dog/002.jpg
or the same below train/, val/ and test/. Images without class folders can be listed in a CSV
file with the columns path,label (see `list`)."""


@dataclass
class _Listing:
    """The result of a walk over class folders."""

    files: list[str] = field(default_factory=list)  # relative to root, posix
    labels: list[str] = field(default_factory=list)  # class names
    stamps: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)  # class folders without an image
    unknown: Counter[str] = field(default_factory=Counter)  # suffix -> files left out
    broken: int = 0  # links that lead nowhere or back to a folder above


def image_folder(spec: str) -> ImageSet:
    """List the images below the existing folder `spec`; no image is read.

    Optional beside the class folders: groups.csv (file,group) and splits.csv (file,split).
    ValueError: it does not have one folder per class, or a CSV file contradicts itself.
    """
    root = Path(spec).expanduser()
    folders = _folders(root)
    split_folders = _split_folders(root, folders)
    listing = _Listing()
    if split_folders is not None:
        folders = [f"{split}/{name}" for split in split_folders for name in _folders(root / split)]
    for folder in folders:
        _walk(root, folder, listing)
    if not listing.files:
        raise ValueError(f"{spec}: no images in class folders.\n{LAYOUT.format(root=root)}")
    split, split_messages = _given_split(root, split_folders, listing.files)
    groups, group_messages = None, tuple[str, ...]()
    if (table := root / "groups.csv").is_file():
        names, group_messages = match_files(table, "group", listing.files)
        groups = group_ids(names)
    classes, labels = np.unique(listing.labels, return_inverse=True)
    return ImageSet(
        name=short_name(root),
        spec=spec,
        description=f"The image folder {root.resolve().name}, one folder per class.",
        files=tuple(listing.files),
        labels=labels,
        classes=tuple(classes.tolist()),
        stamps=tuple(listing.stamps),
        reader=FileReader(str(root.resolve()), tuple(listing.files)),
        groups=groups,
        split=split,
        messages=(*_listing_messages(root, listing), *split_messages, *group_messages),
    )


def _folders(root: Path) -> list[str]:
    return sorted(e.name for e in os.scandir(root) if e.is_dir() and not e.name.startswith("."))


def _split_folders(root: Path, folders: list[str]) -> dict[str, str] | None:
    """Return folder -> split if `folders` are a given split, None if they are classes.

    They are a split only if a train folder holds folders and no images: 'train' may well be a class
    of vehicles.
    """
    splits = {name: SPLIT_NAMES[name.lower()] for name in folders if name.lower() in SPLIT_NAMES}
    train = [name for name, split in splits.items() if split == "train"]
    if not train or not _folders(root / train[0]) or _count_images(root / train[0]):
        return None
    if len(set(splits.values())) < len(splits):
        names = ", ".join(splits)
        raise ValueError(f"{root}: several folders are the same split: {names}; merge or rename.")
    if others := [name for name in folders if name not in splits and _folders(root / name)]:
        raise ValueError(
            f"{root}: are {', '.join(splits)} splits or classes? The folder {others[0]} lies "
            f"beside them.\n{LAYOUT.format(root=root)}"
        )
    return splits


def _given_split(
    root: Path, split_folders: dict[str, str] | None, files: list[str]
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the owner's split, (N,) str or None, from the folders or splits.csv, and messages."""
    table = root / "splits.csv"
    if split_folders is not None and table.is_file():
        raise ValueError(
            f"{root}: has the folders {', '.join(split_folders)} and also splits.csv; remove one."
        )
    if split_folders is not None:
        names = [split_folders[file.partition("/")[0]] for file in files]
        return np.array(names, dtype="<U5"), ()
    if not table.is_file():
        return None, ()
    values, messages = match_files(table, "split", files)
    return split_names(table, values), messages


def _count_images(folder: Path) -> int:
    return sum(
        Path(entry.name).suffix.lower() in IMAGE_SUFFIXES and not entry.name.startswith(".")
        for entry in os.scandir(folder)
        if entry.is_file()
    )


def _walk(root: Path, folder: str, listing: _Listing) -> None:
    """Add the images of a class folder, and of the folders below it, to `listing`."""
    pending: list[tuple[str, tuple[str, ...]]] = [(folder, (os.path.realpath(root / folder),))]
    images: list[tuple[str, str]] = []
    while pending:
        parent, ancestors = pending.pop()
        with os.scandir(root / parent) as entries:
            for entry in entries:
                name = f"{parent}/{entry.name}"
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
                    if real in ancestors:
                        listing.broken += 1  # a link to a folder above: the walk would not end
                    else:
                        pending.append((name, (*ancestors, os.path.realpath(real))))
                elif (suffix := Path(entry.name).suffix.lower()) in IMAGE_SUFFIXES:
                    try:
                        images.append((name, stamp(name, entry.stat())))
                    except OSError:
                        listing.broken += 1
                elif suffix not in IGNORED_SUFFIXES:
                    listing.unknown[suffix or "no suffix"] += 1
    images.sort()
    listing.files += [name for name, _ in images]
    listing.stamps += [image_stamp for _, image_stamp in images]
    listing.labels += [folder.rpartition("/")[2]] * len(images)
    if not images:
        listing.empty.append(folder)


def _listing_messages(root: Path, listing: _Listing) -> list[str]:
    messages = []
    if listing.empty:
        messages.append(
            f"{len(listing.empty)} folders hold no image and are not classes: "
            f"{', '.join(listing.empty[:10])}{' …' if len(listing.empty) > 10 else ''}."
        )
    if loose := _count_images(root):
        messages.append(f"{loose} images lie beside the class folders, without a class: ignored.")
    if listing.unknown:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in listing.unknown.most_common(5))
        total = listing.unknown.total()
        messages.append(f"{total} files are not known as images: ignored ({kinds}).")
    if listing.broken:
        messages.append(f"{listing.broken} links lead nowhere or to a folder above them: ignored.")
    return messages
