"""Recall by class, against the baseline: the largest gain and loss, and all differences."""

from __future__ import annotations

from typing import Any

import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.per_class import largest_changes
from benchmark.report.render.blocks import Cell, Row, Table, as_code, printable
from benchmark.report.render.formats import (
    MISSING,
    add_sign,
    format_count,
    format_share,
    pluralize,
)
from benchmark.report.single.recall import split_evenly

STRATEGIES_PER_TABLE = 5  # intervals take space
MOST_CLASSES = 30  # with more, a table lists those whose interval excludes 0


def largest_changes_sentence(comparison: Comparison) -> str:
    """Return the largest gain and loss of a class; empty without a baseline."""
    changes = comparison.class_changes.dropna(subset="difference")
    if changes.empty:
        return ""
    sentences = []
    for row, noun, verb in zip(
        largest_changes(changes), ("gain", "loss"), ("raises", "lowers"), strict=True
    ):
        if row is None:
            which = "higher" if noun == "gain" else "lower"
            sentences.append(f"No class has {which} recall than with {_baseline(changes)}.")
            continue
        sentences.append(
            f"Largest {noun}: {as_code(str(row['strategy']))} {verb} the recall of "
            f"“{_without_code(row['class'])}” by {format_share(abs(row['difference']), 2)} "
            f"(95 %: {_bounds(row)}{_doubt(row, len(changes))})."
        )
    return " ".join(sentences)


def class_changes_tables(comparison: Comparison) -> list[Table]:
    """Classes × strategies: recall minus the baseline's, a few strategies a table.

    Cells whose interval excludes 0 are marked "gain" or "loss". Of more than `MOST_CLASSES` classes
    the table lists those with such a cell, at most `MOST_CLASSES`, the clearest.
    """
    changes = comparison.class_changes.dropna(subset="difference")
    strategies = [name for name in comparison.strategies if name in set(changes["strategy"])]
    classes = _listed_classes(comparison, changes)
    by_cell = {(row["strategy"], row["class"]): row for row in changes.to_dict("records")}
    images = changes.groupby("class")["images"].max()
    tables: list[Table] = []
    for names in split_evenly(strategies, STRATEGIES_PER_TABLE):
        rows = []
        for label in classes:
            heading = (Cell(printable(label)), Cell(format_count(images[label])))
            cells = (_change_cell(by_cell.get((name, label))) for name in names)
            rows.append(Row((*heading, *cells)))
        over = ", all seeds" if len(comparison.seeds) > 1 else ""
        titles = ("Class", f"Test images{over}", *map(printable, names))
        caption = "The other strategies." if tables else _caption(comparison, changes, len(classes))
        tables.append(Table(caption, titles, tuple(rows), csv="class_changes.csv"))
    return tables


def _doubt(row: pd.Series, comparisons: int) -> str:
    """Say why a change may be chance; empty where it is significant after Bonferroni correction."""
    if row["significant_bonferroni"]:
        return ""
    includes_0 = "includes 0 and " if row["low"] <= 0 <= row["high"] else ""
    return f"; the interval {includes_0}is one of {comparisons:,}, so this may be chance"


def _listed_classes(comparison: Comparison, changes: pd.DataFrame) -> list[str]:
    """Choose the classes that the tables list, in the order of the comparison."""
    if len(comparison.classes) <= MOST_CLASSES:
        return comparison.classes
    # distance of the interval from 0, negative if it includes 0
    distance = changes[["low"]].assign(high=-changes["high"]).max(axis=1)
    clearest = distance.groupby(changes["class"]).max().sort_values(ascending=False, kind="stable")
    chosen = set(clearest[clearest > 0].index[:MOST_CLASSES])
    return [name for name in comparison.classes if name in chosen]


def _caption(comparison: Comparison, changes: pd.DataFrame, listed: int) -> str:
    mean = f", mean over {len(comparison.seeds)} seeds" if len(comparison.seeds) > 1 else ""
    sentences = [
        f"Recall minus that of {_baseline(changes)}{mean}, and its 95 % interval.",
        "Blue marks a gain and red a loss whose interval excludes 0. The intervals are not "
        f"corrected for their number: if nothing changed, about {format_count(0.03 * len(changes))}"
        f" of these {len(changes):,} would be marked by chance.",
    ]
    if comparison.has_groups:
        sentences.append("Images come in groups, which widens the intervals.")
    classes = len(comparison.classes)
    if classes > MOST_CLASSES:
        which = f"the {listed} clearest" if listed == MOST_CLASSES else f"the {listed}"
        which = which if listed != 1 else "the only one"
        sentences.append(
            f"Of {pluralize(classes, 'class', 'classes')}, the table lists {which} with a marked "
            f"change; it leaves out {classes - listed:,}."
        )
    return " ".join(sentences)


def _change_cell(row: Any) -> Cell:
    if row is None:
        return Cell(MISSING)
    low, high = round(row["low"], 2), round(row["high"], 2)  # as written: ±.00 excludes nothing
    mark = "gain" if low > 0 else "loss" if high < 0 else ""
    return Cell(add_sign(format_share(row["difference"], 2)), note=_bounds(row), mark=mark)


def _bounds(row: Any) -> str:
    return " to ".join(add_sign(format_share(row[bound], 2)) for bound in ("low", "high"))


def _baseline(changes: pd.DataFrame) -> str:
    return as_code(str(changes["baseline"].iloc[0])) if len(changes) else "the baseline"


def _without_code(name: str) -> str:
    """Return a class's name as text that holds no code span."""
    return printable(str(name)).replace("`", "'")
