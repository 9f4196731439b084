"""The tables as CSV, safe to open in a spreadsheet.

A text cell that a spreadsheet could take for a formula gets one apostrophe in front, and so does
one that begins with an apostrophe: dropping one leading apostrophe always gives the text back.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.findings import logit_shift
from benchmark.evaluation.metrics.reliability import pooled_reliability
from benchmark.report.single.search import trials_frame
from benchmark.report.single.tables import mapping
from benchmark.storage.atomic import atomic

_FORMULA = ("=", "+", "-", "@", "'", "\t", "\r", "\n")


def write(comparison: Comparison, folder: Path) -> dict[str, Path]:
    """Write every table to `folder`; return name -> path. Columns stand as in the comparison."""
    return write_frames(frames_of(comparison), folder)


def frames_of(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by the names of their files."""
    tuned = trials_frame(comparison)
    return {
        **({} if tuned.empty else {"tuning.csv": tuned}),
        "summary.csv": comparison.summary,
        "seeds.csv": comparison.seed_rows,
        "per_class.csv": comparison.per_class,
        "recalls.csv": comparison.class_recalls,
        "intervals.csv": comparison.intervals,
        "paired.csv": comparison.paired,
        "class_changes.csv": comparison.class_changes,
        "corrected.csv": comparison.findings.posthoc_scores,
        "audit.csv": comparison.findings.checks,
        "effects.csv": logit_shift(comparison.findings.effects, comparison.baseline),
        "diagnoses.csv": comparison.findings.diagnoses,
        "predictions.csv": comparison.predictions,
        "curves.csv": comparison.curves,
        "confusion.csv": _confusion(comparison),
        "reliability.csv": _reliability(comparison),
        "class_images.csv": _class_images(comparison),
    }


def write_frames(frames: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, Path]:
    """Write tables, made harmless, to files of their names; return name -> path."""
    for name, frame in frames.items():
        with atomic(folder / name) as temporary:
            harmless(frame).to_csv(
                temporary,
                index=False,
                encoding="utf-8",
                errors="backslashreplace",
                lineterminator="\n",
                float_format="%.10g",
            )
    return {name: folder / name for name in frames}


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with texts that look like formulas put behind an apostrophe."""
    safe = frame.copy()
    for place, column in enumerate(safe.columns):
        if not pd.api.types.is_numeric_dtype(safe.dtypes.iloc[place]):
            safe[column] = safe[column].map(_harmless_cell)
    return safe


def _harmless_cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _confusion(comparison: Comparison) -> pd.DataFrame:
    """One row a strategy and pair of classes."""
    columns = ["strategy", "label", "predicted", "images"]
    names, rows = comparison.classes, []
    for strategy in comparison.strategies:
        for (true, called), images in np.ndenumerate(comparison.confusion.get(strategy, _NONE)):
            rows.append((strategy, names[true], names[called], int(images)))
    return pd.DataFrame(rows, columns=columns)


_NONE = np.empty((0, 0))


def _reliability(comparison: Comparison) -> pd.DataFrame:
    """One row a strategy, kind of predicted class and bin of confidence."""
    columns = ["strategy", "predicted_group", "bin", "images", "confidence", "accuracy"]
    rows: list[tuple[object, ...]] = []
    for strategy, seeds in comparison.findings.reliability.items():
        pooled = pooled_reliability(seeds)
        for called in ("all", "rare", "other"):
            parts = (pooled[f"{called}_{name}"] for name in columns[3:])
            rows += [
                (strategy, called, place, int(images), confidence, right)
                for place, (images, confidence, right) in enumerate(zip(*parts, strict=True))
                if images
            ]
    return pd.DataFrame(rows, columns=columns)


def _class_images(comparison: Comparison) -> pd.DataFrame:
    """One row a class, its images in each part as split for the first seed."""
    data = mapping(comparison.manifest.get("data"))
    counts, names = mapping(data.get("counts")), list(data.get("classes") or [])
    parts = {part: of for part, of in counts.items() if len(of or []) == len(names) > 0}
    table = pd.DataFrame({"class": names, **parts})
    return table.set_index("class").reindex(comparison.classes).reset_index() if parts else table
