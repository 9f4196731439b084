"""The CSV files of a report, safe to open in a spreadsheet.

A text cell that a spreadsheet could take for a formula gets one apostrophe in front, and so does
a cell that begins with an apostrophe. Drop one leading apostrophe to get the text back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.findings import logit_shift
from benchmark.evaluation.metrics.reliability import pooled_reliability
from benchmark.report.render.blocks import Block, Definitions, Paragraph
from benchmark.report.single.search import trials_frame
from benchmark.storage.atomic import atomic

_FORMULA = ("=", "+", "-", "@", "'", "\t", "\r", "\n")
GROUPS = ("all", "rare", "other")  # of predicted classes


def files_section(comparison: Comparison) -> Iterator[Block]:
    """Yield the names and contents of the CSV files."""
    names = frames_of(comparison)
    files = tuple((name, rows) for name, (rows, _) in CSV_FILES.items() if name in names)
    yield Definitions(files)
    yield Paragraph(
        "In the CSV files, a text that a spreadsheet could take for a formula starts with an extra "
        "apostrophe, and so does a text that starts with an apostrophe itself. Drop one leading "
        "apostrophe to get the text back."
    )


def write(comparison: Comparison, folder: Path) -> dict[str, Path]:
    """Write every table to `folder`; return name -> path. Columns are those of the comparison."""
    return write_frames(frames_of(comparison), folder)


def frames_of(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by the names of their files; tuning.csv only after a search."""
    frames = {name: build(comparison) for name, (_, build) in CSV_FILES.items()}
    return {name: f for name, f in frames.items() if name != "tuning.csv" or not f.empty}


def write_frames(frames: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, Path]:
    """Write tables, without formulas, to files of their names; return name -> path."""
    for name, frame in frames.items():
        with atomic(folder / name) as temporary:
            without_formulas(frame).to_csv(
                temporary,
                index=False,
                encoding="utf-8",
                errors="backslashreplace",
                lineterminator="\n",
                float_format="%.10g",
            )
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


def _training_effects(comparison: Comparison) -> pd.DataFrame:
    return logit_shift(comparison.findings.training_effects, comparison.baseline)


def _confusion(comparison: Comparison) -> pd.DataFrame:
    classes, rows = comparison.classes, []
    for strategy, matrix in comparison.confusion.items():
        for (label, predicted), images in np.ndenumerate(matrix):
            rows.append((strategy, classes[label], classes[predicted], int(images)))
    return pd.DataFrame(rows, columns=["strategy", "label", "predicted", "images"])


def _reliability(comparison: Comparison) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    numbers = ("images", "confidence", "accuracy")
    for strategy, seeds in comparison.findings.reliability.items():
        pooled = pooled_reliability(seeds)
        for group in GROUPS:
            points = zip(*(pooled[f"{group}_{name}"] for name in numbers), strict=True)
            rows += [
                (strategy, group, index, int(images), confidence, accuracy)
                for index, (images, confidence, accuracy) in enumerate(points)
                if images
            ]
    return pd.DataFrame(rows, columns=["strategy", "predicted_group", "bin", *numbers])


def _class_images(comparison: Comparison) -> pd.DataFrame:
    data = comparison.manifest.data
    table = pd.DataFrame({"class": data.classes, **data.counts})
    return table.set_index("class").reindex(comparison.classes).reset_index()


# name -> (what a row is, how the table is made)
CSV_FILES: dict[str, tuple[str, Callable[[Comparison], pd.DataFrame]]] = {
    "tuning.csv": ("One row a strategy, seed and trial: parameters and their score.", trials_frame),
    "summary.csv": ("One row a strategy: the first table, mean over seeds.", lambda c: c.summary),
    "seeds.csv": ("One row a strategy and seed, with all metrics.", lambda c: c.seed_rows),
    "per_class.csv": ("One row a strategy, seed and class.", lambda c: c.per_class),
    "recalls.csv": (
        "One row a strategy and class: recall over all seeds, with its interval.",
        lambda c: c.class_recalls,
    ),
    "intervals.csv": (
        "One row a strategy and metric: value and 95 % interval.",
        lambda c: c.intervals,
    ),
    "paired.csv": (
        "The same for the difference from the baseline, with tests.",
        lambda c: c.paired,
    ),
    "class_changes.csv": (
        "One row a strategy and class: recall minus the baseline's.",
        lambda c: c.class_changes,
    ),
    "posthoc.csv": (
        "One row a strategy, seed and decision that needs no training.",
        lambda c: c.findings.posthoc_scores,
    ),
    "audit.csv": (
        "One row a strategy, seed and check: what was expected and what was observed.",
        lambda c: c.findings.checks,
    ),
    "training_effects.csv": (
        "One row a strategy, seed and class: samples drawn, gradient, logits.",
        _training_effects,
    ),
    "diagnoses.csv": (
        "One row a strategy, seed and ignored class: cause and signals.",
        lambda c: c.findings.diagnoses,
    ),
    "predictions.csv": (
        "One row a strategy, seed and image of validation and test.",
        lambda c: c.predictions,
    ),
    "curves.csv": ("One row a strategy, seed and evaluation during training.", lambda c: c.curves),
    "confusion.csv": (
        "One row a strategy and pair of classes, test images of all seeds.",
        _confusion,
    ),
    "reliability.csv": (
        "One row a strategy, group of predicted classes and bin of confidence, all seeds together.",
        _reliability,
    ),
    "class_images.csv": (
        "One row a class: its images in each split of the first seed.",
        _class_images,
    ),
}
