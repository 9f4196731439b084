"""The list of the files that lie among the images and are none of a run, each with the reason."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from benchmark.report.render.csv_writer import write_frames

CSV = "left_out.csv"


def frame_of(reasons: Mapping[str, str]) -> pd.DataFrame:
    """Return a row for each file."""
    return pd.DataFrame(list(reasons.items()), columns=["file", "reason"])


def write_left_out(reasons: Mapping[str, str], folder: Path) -> Path:
    """Write left_out.csv; return its path."""
    return write_frames({CSV: frame_of(reasons)}, folder)[CSV]
