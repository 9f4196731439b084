"""Writes tables as CSV files that are safe to open in a spreadsheet and to print on a terminal.

See FORMULA_NOTE. Carriage returns are escapes like other control characters: readers end a row
there, and neither pandas nor Python's csv, below 3.13, quotes a text for them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.data.tables.name_cells import without_formula
from benchmark.storage.atomic import atomic
from benchmark.system.text import escape_controls

# what ends a cell or a row for a reader of CSV, also one that tries other separators
_QUOTED = re.compile(r'[",;\t\n\u2028\u2029]|^\s|\s$')
MOST_TEXTS = 200_000  # that are remembered while a file is written
FORMULA_NOTE = (
    "In the CSV files, a text that a spreadsheet could take for a formula starts with an extra "
    "apostrophe, and so does a text that starts with an apostrophe itself. Drop one leading "
    "apostrophe to get the text back. Control characters are written as escapes, as in the report."
)


@dataclass(frozen=True)
class FrameParts:
    """A table in parts with the same columns, of which only one at a time is in memory."""

    make: Callable[[], Iterable[pd.DataFrame]]  # one part at least, which may have no row


def write_frames(frames: Mapping[str, pd.DataFrame | FrameParts], folder: Path) -> dict[str, Path]:
    """Write tables, without formulas, to files of their names; return name -> path."""
    how: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace", "newline": "\n"}
    for name, frame in frames.items():
        parts, texts = frame.make() if isinstance(frame, FrameParts) else [frame], _Texts()
        with atomic(folder / name) as temporary, temporary.open("w", **how) as file:
            for index, part in enumerate(parts):
                file.writelines(_lines(part, texts, with_names=not index))
    return {name: folder / name for name in frames}


def to_csv(frame: pd.DataFrame) -> str:
    """Return a table as CSV: a line for its columns' names, then one for each row."""
    return "".join(_lines(frame, _Texts()))


class _Texts(dict[str, str]):
    """Text -> how it is written: most come again, like names of classes."""

    def __missing__(self, text: str) -> str:
        if len(self) >= MOST_TEXTS:
            self.clear()
        self[text] = written = _format_cell(text)
        return written


def _lines(frame: pd.DataFrame, texts: _Texts, with_names: bool = True) -> Iterator[str]:
    if with_names and len(frame.columns):
        yield ",".join(map(_format_cell, frame.columns)) + "\n"
    columns = [_format_column(values, texts) for _, values in frame.items()]
    yield from (",".join(cells) + "\n" for cells in zip(*columns, strict=True))


def _format_column(values: pd.Series, texts: _Texts) -> list[str]:
    write: Callable[[Any], str] = _format_cell
    if pd.api.types.is_float_dtype(values.dtype):
        write = "{:.10g}".format
    elif pd.api.types.infer_dtype(values, skipna=True) == "string":
        write = texts.__getitem__
    cells = values.tolist()
    if not values.hasnans:
        return list(map(write, cells))
    absent = values.isna().tolist()
    return ["" if no else write(cell) for cell, no in zip(cells, absent, strict=True)]


def _format_cell(value: object) -> str:
    """Format a value; a text has no formula or command and ends neither its cell nor its row."""
    if not isinstance(value, str):
        return str(value)
    text = without_formula(escape_controls(value))
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
