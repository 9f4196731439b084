"""Writes tables as CSV files that are safe to open in a spreadsheet, see FORMULA_NOTE."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.storage.atomic import atomic

_FORMULA = ("=", "+", "-", "@", "'", "\t", "\r", "\n")
FORMULA_NOTE = (
    "In the CSV files, a text that a spreadsheet could take for a formula starts with an extra "
    "apostrophe, and so does a text that starts with an apostrophe itself. Drop one leading "
    "apostrophe to get the text back."
)


def write_frames(frames: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, Path]:
    """Write tables, without formulas, to files of their names; return name -> path."""
    for name, frame in frames.items():
        with atomic(folder / name) as temporary:
            style: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace"}
            style |= {"lineterminator": "\n", "float_format": "%.10g", "index": False}
            without_formulas(frame).to_csv(temporary, **style)
    return {name: folder / name for name in frames}


def without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with an apostrophe before every text that looks like a formula."""
    safe = frame.copy()
    for column, dtype in zip(safe.columns, safe.dtypes, strict=True):
        if not pd.api.types.is_numeric_dtype(dtype):
            safe[column] = safe[column].map(_escape_formula)
    return safe


def _escape_formula(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
