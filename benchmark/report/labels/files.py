"""The CSV files of a label audit. One of them is for a person to edit, and is not written over."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmark.analysis.label_tables import LabelTables
from benchmark.report.render.csv_writer import to_csv, write_frames
from benchmark.storage.atomic import write_text
from benchmark.storage.json_file import read_json, write_json
from benchmark.storage.stored_file import read_text

CORRECTIONS = "labels.csv"
CONFLICTS, CLASS_RATES, GROUP_RATES = "conflicts.csv", "class_rates.csv", "group_rates.csv"
CONFUSIONS = "confusions.csv"
WRITTEN = "written.json"  # the hashes of what is for a person to edit, as it was written
PAGE = "labels.html"
FILES = (CORRECTIONS, CONFLICTS, CLASS_RATES, GROUP_RATES, CONFUSIONS, WRITTEN, PAGE)


@dataclass(frozen=True)
class CorrectionsFile:
    """The CSV file in which labels are corrected."""

    path: Path
    edited: tuple[Path, ...] = ()  # earlier ones that a person has edited: they are kept


def write_tables(tables: LabelTables, folder: Path) -> dict[str, Path]:
    """Write the tables that nobody edits; return name -> path."""
    frames = {
        CONFLICTS: tables.conflicts,
        CLASS_RATES: tables.class_rates,
        GROUP_RATES: tables.group_rates,
        CONFUSIONS: tables.confusions,
    }
    return write_frames(frames, folder)


def write_corrections(tables: LabelTables, folder: Path) -> CorrectionsFile:
    """Write labels.csv with all images, or labels-2.csv … where a person has edited that.

    A file is a person's unless it is what was written the last time, to the byte.
    """
    text = to_csv(tables.labels.round({"quality": 4}))  # it is read by a person
    text = text if text.isascii() else f"\ufeff{text}"  # else Excel takes it for another encoding
    written: dict[str, str] = (read_json(folder / WRITTEN) or {}).get("files", {})
    edited = []
    for path in _candidates(folder):
        if not _is_edited(path, text, written.get(path.name)):
            break
        edited.append(path)
    write_text(path, text)
    write_json(folder / WRITTEN, {"files": {**written, path.name: _hash(text)}})
    return CorrectionsFile(path, tuple(edited))


def _candidates(folder: Path) -> Iterator[Path]:
    yield folder / CORRECTIONS
    for number in count(2):
        yield (folder / CORRECTIONS).with_stem(f"{Path(CORRECTIONS).stem}-{number}")


def _is_edited(path: Path, text: str, written: str | None) -> bool:
    try:
        there = read_text(path)
    except FileNotFoundError:
        return False
    except ValueError:  # saved in another encoding, a link, a folder
        return True
    return there != text and _hash(there) != written


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
