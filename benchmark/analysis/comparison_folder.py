"""The folder of a comparison of several runs: it never takes the place of another report."""

import hashlib
import os
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

import pandas as pd

from benchmark.execution.run_folder import RunFolder
from benchmark.execution.run_place import why_no_folder
from benchmark.storage.file_names import shortened, slug
from benchmark.storage.stored_file import is_there
from benchmark.storage.user_folders import real_path
from benchmark.system.text import escape_controls, first_names


def default_folder(folders: Sequence[str | Path]) -> Path:
    """Return results/compare-<names of the folders>; a long name is shortened, with a digest."""
    parts = [slug(real_path(folder).name) or "run" for folder in folders]
    name = "-".join(parts)
    if len(name) > 60:
        digest = hashlib.sha256("/".join(parts).encode()).hexdigest()[:8]
        name = f"{parts[0][:40]}-and-{len(parts) - 1}-more-{digest}"
    return Path("results") / shortened(f"compare-{name}")


def choose_folder(folders: Sequence[str | Path], out: Path | None) -> Path:
    """Return `out`, or the first of `default_folder` and of those with a number behind its name.

    A comparison takes the place of an earlier one only if it has all of its runs.

    Raises
    ------
    ValueError
        If `out` holds another comparison, or the report of a run or of something else, or can't be
        a folder.
    """
    if out is not None:
        if reason := why_no_folder(out, None):
            raise ValueError(f"{reason}. Choose another --out")
        if content := _other_content(out, folders):
            raise ValueError(f"{out} {content}, which would be overwritten; choose another --out")
        return out
    first = default_folder(folders)
    others = (first.with_name(f"{first.name}-{number}") for number in count(2))
    return next(path for path in chain([first], others) if not _other_content(path, folders))


def _other_content(folder: Path, runs: Sequence[str | Path]) -> str:
    """Return what a folder holds besides an earlier comparison of these runs; '' for nothing."""
    if is_there(RunFolder(folder).run_file):
        return "is the folder of a run with its report"
    if not any((folder / name).exists() for name in ("report.html", "report.md")):
        return ""
    try:
        table = pd.read_csv(folder / "runs.csv", dtype=str, keep_default_na=False)
        compared = table["folder"].str.removeprefix("'")  # see `csv_writer`
    except (OSError, ValueError, KeyError):
        return "holds the report of something else"
    if {real_path(run) for run in compared} <= {real_path(_in_file(run)) for run in runs}:
        return ""
    return f"holds a comparison of other runs ({first_names(list(compared), 3)})"


def _in_file(run: str | Path) -> str:
    """Return a path as it stands in runs.csv: bytes that are no text are escapes, and controls."""
    return escape_controls(os.fspath(run).encode(errors="backslashreplace").decode())
