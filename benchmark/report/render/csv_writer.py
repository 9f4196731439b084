"""Writes tables as CSV files that are safe to open in a spreadsheet and to print on a terminal.

See FORMULA_NOTE. Carriage returns are escapes like other control characters: readers end a row
there, and neither pandas nor Python's csv, below 3.13, quotes a text for them.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from benchmark.data.tables.name_cells import without_formula
from benchmark.storage.atomic import atomic
from benchmark.system.text import escape_controls

# what ends a cell or a row for a reader of CSV, also one that tries other separators
_QUOTED = re.compile(r'[",;\t\n\u2028\u2029]|^\s|\s$')
FORMULA_NOTE = (
    "In the CSV files, a text that a spreadsheet could take for a formula starts with an extra "
    "apostrophe, and so does a text that starts with an apostrophe itself. Drop one leading "
    "apostrophe to get the text back. Control characters are written as escapes, as in the report."
)


def write_frames(frames: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, Path]:
    """Write tables, without formulas, to files of their names; return name -> path."""
    for name, frame in frames.items():
        with atomic(folder / name) as temporary:
            temporary.write_text(
                to_csv(frame), encoding="utf-8", errors="backslashreplace", newline="\n"
            )
    return {name: folder / name for name in frames}


def to_csv(frame: pd.DataFrame) -> str:
    """Return a table as CSV: a line for its columns' names, then one for each row."""
    columns = []
    for name, values in frame.items():
        is_float = pd.api.types.is_float_dtype(values.dtype)
        write: Callable[[object], str] = "{:.10g}".format if is_float else _format_cell
        cells = zip(values.tolist(), values.isna().tolist(), strict=True)
        columns.append([_format_cell(name), *("" if no else write(cell) for cell, no in cells)])
    return "".join(",".join(cells) + "\n" for cells in zip(*columns, strict=True))


def _format_cell(value: object) -> str:
    """Format a value; a text has no formula or command and ends neither its cell nor its row."""
    if not isinstance(value, str):
        return str(value)
    text = without_formula(escape_controls(value))
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
