"""A CSV manifest: one row an image, `path,label[,group][,split]`."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmark.data.columns import group_ids, read_table, split_names
from benchmark.data.image_files import FileReader, short_name, stamp
from benchmark.data.imageset import ImageSet


def manifest(spec: str) -> ImageSet:
    """List the images of the CSV file `spec`; paths are relative to its folder, or absolute.

    Rows whose file doesn't exist are left out with a message; no image is read.

    Raises:
        FileNotFoundError: no such CSV file, or none of the images it lists exists.
        ValueError: a missing column, a row without a label, or rows that contradict each other.
    """
    path = Path(spec).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"{spec}: no such file.")
    home = path.resolve().parent
    rows: dict[str, dict[str, str]] = {}  # absolute path -> its row
    missing: list[str] = []
    stats: dict[str, os.stat_result] = {}
    twice = 0
    for line, row in enumerate(read_table(path, ("path", "label"), ("group", "split")), start=2):
        if not row["path"] or not row["label"]:
            raise ValueError(f"{path}: row {line} lacks a path or a label: {row}.")
        place = os.path.normpath(home / Path(row["path"].replace("\\", "/")).expanduser())
        if place in rows:
            if any(rows[place][column] != row[column] for column in ("label", "group", "split")):
                raise ValueError(f"{path}: row {line} contradicts an earlier one: {row['path']!r}.")
            twice += 1
            continue
        try:
            stats[place] = Path(place).stat()
        except OSError:
            missing.append(row["path"])
            continue
        rows[place] = row
    if not rows:
        example = f", e.g. {os.path.normpath(home / missing[0])}" if missing else ""
        raise FileNotFoundError(
            f"{path}: lists {len(missing)} images of which none exists{example}. "
            "Paths are relative to the CSV file's folder, or absolute."
        )

    places = sorted(rows)
    inside = all(place.startswith(f"{home}{os.sep}") for place in places)
    root = str(home) if inside else os.path.commonpath([Path(place).parent for place in places])
    files = tuple(Path(os.path.relpath(place, root)).as_posix() for place in places)
    labels = [rows[place]["label"] for place in places]
    classes = tuple(sorted(set(labels)))
    number = {label: index for index, label in enumerate(classes)}
    groups = [rows[place]["group"] for place in places]
    splits = [rows[place]["split"] for place in places]
    messages = []
    if missing:
        messages.append(
            f"{path.name}: {len(missing)} files don't exist (e.g. {missing[0]!r}); left out."
        )
    if twice:
        messages.append(f"{path.name}: {twice} rows repeat an earlier one.")
    return ImageSet(
        name=short_name(path),
        spec=spec,
        description=f"The images listed in {path.name}.",
        files=files,
        labels=np.array([number[label] for label in labels], dtype=np.int64),
        classes=classes,
        stamps=tuple(stamp(file, stats[place]) for file, place in zip(files, places, strict=True)),
        read=FileReader(root, files),
        groups=group_ids(groups) if any(groups) else None,
        split=split_names(path, splits) if any(splits) else None,
        messages=tuple(messages),
    )
