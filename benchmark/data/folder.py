"""An image folder: `root/<class>/<file>`, or `root/train|val|test/<class>/<file>`.

Folders below a class folder belong to the class, links are followed (torchvision's ImageFolder
does both), hidden files and folders are skipped. Order is that of the names' code points, so it
is the same on every machine.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmark.data.columns import SPLIT_NAMES, group_ids, match_files, split_names
from benchmark.data.image_files import IMAGE_SUFFIXES, FileReader, short_name, stamp
from benchmark.data.imageset import ImageSet

_BESIDE = ".csv .tsv .txt .md .json .jsonl .yaml .yml .toml .xml .html .ini .db .log"
SIDE_FILES = frozenset(_BESIDE.split())  # left out without a word

LAYOUT = """\
Expected one folder a class with its images inside:
  {root}/cat/001.jpg
  {root}/dog/002.jpg
or the same below train/, val/ and test/. Images without class folders can be listed in a CSV
file with the columns path,label (see `list`)."""


@dataclass
class _Listing:
    """What a walk over class folders found."""

    files: list[str] = field(default_factory=list)  # relative to root, posix
    labels: list[str] = field(default_factory=list)  # class names
    stamps: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)  # class folders without an image
    unknown: Counter[str] = field(default_factory=Counter)  # suffix -> files left out
    broken: int = 0  # links that lead nowhere or back to a folder above


def image_folder(spec: str) -> ImageSet:
    """List the images below the folder `spec`; no image is read.

    Optional beside the class folders: groups.csv (file,group) and splits.csv (file,split).

    Raises:
        FileNotFoundError: no such folder.
        ValueError: not laid out as one folder a class, or a CSV file that contradicts itself.
    """
    root = Path(spec).expanduser()
    if not root.is_dir():
        raise FileNotFoundError(f"{spec}: no such folder.")
    folders = _folders(root)
    sides = _sides(root, folders)
    listing = _Listing()
    for folder in folders if sides is None else sides:
        for label in (folder,) if sides is None else _folders(root / folder):
            _walk(root, folder if sides is None else f"{folder}/{label}", label, listing)
    if not listing.files:
        raise ValueError(f"{spec}: no images in class folders.\n{LAYOUT.format(root=root)}")

    messages = [*_remarks(root, listing)]
    split = None
    if sides is not None:
        split = np.array([sides[file.partition("/")[0]] for file in listing.files], dtype="<U5")
    if (root / "splits.csv").is_file():
        if sides is not None:
            raise ValueError(
                f"{spec}: has the folders {', '.join(sides)} and also splits.csv; remove one."
            )
        values, told = match_files(root / "splits.csv", "split", listing.files)
        split = split_names(root / "splits.csv", values)
        messages += [*told]
    groups = None
    if (root / "groups.csv").is_file():
        values, told = match_files(root / "groups.csv", "group", listing.files)
        groups = group_ids(values)
        messages += [*told]

    classes = tuple(sorted(set(listing.labels)))
    number = {label: index for index, label in enumerate(classes)}
    return ImageSet(
        name=short_name(root),
        spec=spec,
        description=f"The image folder {root.resolve().name}, one folder a class.",
        files=tuple(listing.files),
        labels=np.array([number[label] for label in listing.labels], dtype=np.int64),
        classes=classes,
        stamps=tuple(listing.stamps),
        read=FileReader(str(root.resolve()), tuple(listing.files)),
        groups=groups,
        split=split,
        messages=tuple(messages),
    )


def _folders(root: Path) -> list[str]:
    return sorted(
        entry.name
        for entry in os.scandir(root)
        if entry.is_dir() and not entry.name.startswith(".")
    )


def _sides(root: Path, folders: list[str]) -> dict[str, str] | None:
    """Return folder -> side if `folders` are ready-made sides, None if they are classes.

    Only when a train folder holds folders and no images: 'train' may well be a class of vehicles.
    """
    sides = {name: SPLIT_NAMES[name.lower()] for name in folders if name.lower() in SPLIT_NAMES}
    train = [name for name, side in sides.items() if side == "train"]
    if not train or not _folders(root / train[0]) or _images_in(root / train[0]):
        return None
    if len(set(sides.values())) < len(sides):
        raise ValueError(f"{root}: several folders stand for one side: {', '.join(sides)}.")
    if others := [name for name in folders if name not in sides and _folders(root / name)]:
        raise ValueError(
            f"{root}: are {', '.join(sides)} sides of a split or classes? Beside them lies "
            f"{others[0]}.\n{LAYOUT.format(root=root)}"
        )
    return sides


def _images_in(folder: Path) -> int:
    return sum(
        Path(entry.name).suffix.lower() in IMAGE_SUFFIXES and not entry.name.startswith(".")
        for entry in os.scandir(folder)
        if entry.is_file()
    )


def _walk(root: Path, folder: str, label: str, listing: _Listing) -> None:
    """Add the images of one class folder, those of folders below it included, to `listing`."""
    before = len(listing.files)
    pending: list[tuple[str, tuple[str, ...]]] = [(folder, (os.path.realpath(root / folder),))]
    found: list[tuple[str, str]] = []
    while pending:
        inside, above = pending.pop()
        with os.scandir(root / inside) as entries:
            for entry in entries:
                name = f"{inside}/{entry.name}"
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
                    if real in above:
                        listing.broken += 1  # a link to a folder it lies in: a walk without end
                    else:
                        pending.append((name, (*above, os.path.realpath(real))))
                elif (suffix := Path(entry.name).suffix.lower()) in IMAGE_SUFFIXES:
                    try:
                        found.append((name, stamp(name, entry.stat())))
                    except OSError:
                        listing.broken += 1
                elif suffix not in SIDE_FILES:
                    listing.unknown[suffix or "no suffix"] += 1
    for name, identity in sorted(found):
        listing.files.append(name)
        listing.stamps.append(identity)
        listing.labels.append(label)
    if len(listing.files) == before:
        listing.empty.append(folder)


def _remarks(root: Path, listing: _Listing) -> list[str]:
    remarks = []
    if listing.empty:
        remarks.append(
            f"{len(listing.empty)} folders hold no image and are not classes: "
            f"{', '.join(listing.empty[:10])}{' …' if len(listing.empty) > 10 else ''}."
        )
    if loose := _images_in(root):
        remarks.append(f"{loose} images lie beside the class folders, so without a class: ignored.")
    if listing.unknown:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in listing.unknown.most_common(5))
        remarks.append(
            f"{listing.unknown.total()} files are not known as images: ignored ({kinds})."
        )
    if listing.broken:
        remarks.append(f"{listing.broken} links lead nowhere or to a folder they lie in: ignored.")
    return remarks
