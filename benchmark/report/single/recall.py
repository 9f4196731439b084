"""Recall of every class: under every strategy, and minus the baseline's."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison, recall_table
from benchmark.analysis.per_class import largest_changes
from benchmark.report.render.blocks import Block, Cell, Table, as_code, make_row, split_evenly
from benchmark.report.render.canvas import figure_block
from benchmark.report.render.formats import (
    MISSING,
    add_sign,
    format_bounds,
    format_count,
    format_share,
)
from benchmark.report.single.drawings import recall_map
from benchmark.report.single.metric_tables import number_in
from benchmark.system.text import pluralize

RECALLS_PER_TABLE, CHANGES_PER_TABLE = 6, 5  # strategies that fit on paper side by side
FALSE_POSITIVE_RATE = 0.03  # simulated: of 85 intervals where nothing changes 2 or 3 exclude 0
MOST_CLASSES = 30  # with more, a table of changes lists those whose interval excludes 0


def recall_section(comparison: Comparison) -> Iterator[Block]:
    """Yield the heat map of recall and its tables; nothing where no strategy finished."""
    figure = draw_recall(comparison)
    if figure is None:
        return
    never = "predicted in no seed" if len(comparison.seeds) > 1 else "never predicted"
    no_images = f" {MISSING}: no test images." if 0 in comparison.test_counts else ""
    yield figure_block(
        "recall",
        figure,
        f"Recall; classes ordered by training images. ×: {never}.{no_images} Bars: training "
        "images.",
        "Heat map of recall, one row per class and one column per strategy; the table below has "
        "the same numbers.",
    )
    yield from recall_tables(comparison)


def draw_recall(comparison: Comparison) -> Figure | None:
    """Draw the heat map of recall; None where no strategy finished."""
    names = comparison.finished_in_any_seed
    if not names:
        return None
    recall, never = recall_and_never_predicted(comparison)
    never = np.where(np.isnan(recall), 0, never)  # nothing is ignored without test images
    return recall_map(comparison.classes, comparison.train_counts, names, recall, never)


def recall_tables(comparison: Comparison) -> list[Table]:
    """Classes × strategies: recall with its interval, a few strategies a table."""
    names, several = comparison.finished_in_any_seed, len(comparison.seeds) > 1
    recall, never = recall_and_never_predicted(comparison)
    bounds = {(r["strategy"], r["class"]): r for r in comparison.class_recalls.to_dict("records")}
    images = [total / len(comparison.seeds) for total in comparison.test_counts]
    tables: list[Table] = []
    for indices in split_evenly(range(len(names)), RECALLS_PER_TABLE):
        rows = []
        for c, label in enumerate(comparison.classes):
            cells = []
            for s in indices:
                interval = bounds.get((names[s], label), {})
                cells.append(_recall_cell(interval, recall[c, s], never[c, s], images[c]))
            counts = (format_count(comparison.train_counts[c]), format_count(images[c]))
            rows.append(make_row(label, *counts, *cells))
        per_seed = "Test images per seed" if several else "Test images"
        titles = ("Class", "Train images", per_seed, *(names[s] for s in indices))
        caption = "The other strategies." if tables else _recall_caption(comparison)
        tables.append(Table(caption, titles, tuple(rows), csv="recalls.csv per_class.csv"))
    return tables


def recall_and_never_predicted(comparison: Comparison) -> tuple[np.ndarray, np.ndarray]:
    """Return (C, S) mean recall over seeds, and (C, S) share of seeds never predicting a class."""
    recall = recall_table(comparison)
    table = comparison.per_class.assign(never=comparison.per_class["predicted"] == 0)
    never = table.pivot_table(index="class", columns="strategy", values="never", aggfunc="mean")
    return recall.to_numpy(float), never.reindex_like(recall).to_numpy(float)


def largest_changes_sentence(comparison: Comparison) -> str:
    """Return the largest gain and loss of a class; empty without a baseline."""
    changes = comparison.class_changes.dropna(subset="difference")
    if changes.empty:
        return ""
    sentences = []
    words = (("gain", "raises", "higher"), ("loss", "lowers", "lower"))
    for row, (noun, verb, which) in zip(largest_changes(changes), words, strict=True):
        if row is None:
            sentences.append(f"No class has {which} recall than with {_baseline(changes)}.")
            continue
        label = str(row["class"]).replace("`", "'")  # a backtick would start a code span
        sentences.append(
            f"Largest {noun}: {as_code(str(row['strategy']))} {verb} the recall of “{label}” by "
            f"{format_share(abs(row['difference']), 2)} "
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
    images = dict(zip(comparison.classes, comparison.test_counts, strict=True))
    over = ", all seeds" if len(comparison.seeds) > 1 else ""
    tables: list[Table] = []
    for names in split_evenly(strategies, CHANGES_PER_TABLE):
        rows = []
        for label in classes:
            cells = (_change_cell(by_cell.get((name, label))) for name in names)
            rows.append(make_row(label, format_count(images[label]), *cells))
        titles = ("Class", f"Test images{over}", *names)
        caption = "The other strategies."
        caption = caption if tables else _changes_caption(comparison, changes, len(classes))
        tables.append(Table(caption, titles, tuple(rows), csv="class_changes.csv"))
    return tables


def _recall_cell(
    interval: Mapping[Any, Any], recall: float, never_predicted: float, images: float
) -> Cell:
    low, high = (number_in(interval, bound) for bound in ("low", "high"))
    note = f"{format_share(low, 2)} to {format_share(high, 2)}" if np.isfinite(low) else ""
    if not images:
        return Cell("no test images")
    if never_predicted == 1:
        return Cell("never", note, "never")
    return Cell(format_share(recall, 2), note)


def _recall_caption(comparison: Comparison) -> str:
    several = len(comparison.seeds) > 1
    caption = (
        "Mean recall over seeds with its 95 % interval, over images and trainings."
        if several
        else "Recall with its 95 % Wilson interval."
    )
    if comparison.has_groups:
        caption += " Images come in groups, which widens the intervals."
    seeds = " in any seed" if several else ""
    return f"{caption} “never”: recall 0, as no test image was assigned to the class{seeds}."


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


def _changes_caption(comparison: Comparison, changes: pd.DataFrame, listed: int) -> str:
    mean = f", mean over {len(comparison.seeds)} seeds" if len(comparison.seeds) > 1 else ""
    caption = (
        f"Recall minus that of {_baseline(changes)}{mean}, and its 95 % interval. "
        "Blue marks a gain and red a loss whose interval excludes 0. Where nothing changes, an "
        f"interval excludes 0 by chance in about {100 * FALSE_POSITIVE_RATE:.0f} % of rows, as "
        f"simulated: in {format_count(FALSE_POSITIVE_RATE * len(changes))} of these "
        f"{len(changes):,}."
    )
    if comparison.has_groups:
        caption += " Images come in groups, which widens the intervals."
    classes = len(comparison.classes)
    if classes > MOST_CLASSES:
        which = f"the {listed} clearest" if listed == MOST_CLASSES else f"the {listed}"
        which = which if listed != 1 else "the only one"
        caption += (
            f" Of {pluralize(classes, 'class', 'classes')}, the table lists {which} with a marked "
            f"change; it leaves out {classes - listed:,}."
        )
    return caption


def _change_cell(row: Mapping[Any, Any] | None) -> Cell:
    if row is None:
        return Cell(MISSING)
    low, high = round(row["low"], 2), round(row["high"], 2)  # as written: ±.00 excludes nothing
    mark = "gain" if low > 0 else "loss" if high < 0 else ""
    return Cell(add_sign(format_share(row["difference"], 2)), note=_bounds(row), mark=mark)


def _bounds(row: Mapping[Any, Any] | pd.Series) -> str:
    return format_bounds(*(format_share(row[bound], 2) for bound in ("low", "high")))


def _baseline(changes: pd.DataFrame) -> str:
    return as_code(str(changes["baseline"].iloc[0])) if len(changes) else "the baseline"
