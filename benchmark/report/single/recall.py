"""Recall of every class under every strategy, as a heat map and as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np
from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Block, Cell, Row, Table, printable
from benchmark.report.render.formats import format_count, format_share
from benchmark.report.single.drawings import figure_block, recall_map
from benchmark.report.single.metric_tables import number_in
from benchmark.report.single.strategies import strategies_with_recalls

Item = TypeVar("Item")
STRATEGIES_PER_TABLE = 6  # fit on paper side by side
NO_IMAGES = "no test images"


def recall_section(comparison: Comparison) -> Iterator[Block]:
    """Yield the heat map of recall and its tables; nothing where no strategy finished."""
    figure = draw_recall(comparison)
    if figure is None:
        return
    never = "predicted in no seed" if len(comparison.seeds) > 1 else "never predicted"
    yield figure_block(
        "recall",
        figure,
        f"Recall; classes ordered by training images. ×: {never}. Bars: training images.",
        "Heat map of recall, a row a class and a column a strategy; the table below has the same "
        "numbers.",
    )
    yield from recall_tables(comparison)


def draw_recall(comparison: Comparison) -> Figure | None:
    """Draw the heat map of recall; None where no strategy finished."""
    names = strategies_with_recalls(comparison)
    if not names:
        return None
    recall, never = recall_and_never_predicted(comparison, names)
    return recall_map(comparison.classes, comparison.train_counts, names, recall, never)


def recall_tables(comparison: Comparison) -> list[Table]:
    """Classes × strategies: recall with its interval, a few strategies a table."""
    names = strategies_with_recalls(comparison)
    recall, never = recall_and_never_predicted(comparison, names)
    bounds = {(r["strategy"], r["class"]): r for r in comparison.class_recalls.to_dict("records")}
    images = [total / max(len(comparison.seeds), 1) for total in comparison.test_counts]
    tables: list[Table] = []
    for indices in split_evenly(range(len(names)), STRATEGIES_PER_TABLE):
        rows = []
        for c, label in enumerate(comparison.classes):
            counts = (format_count(comparison.train_counts[c]), format_count(images[c]))
            cells = [Cell(printable(label)), *map(Cell, counts)]
            for s in indices:
                interval = bounds.get((names[s], label), {})
                low, high = (number_in(interval, bound) for bound in ("low", "high"))
                note = f"{format_share(low, 2)} to {format_share(high, 2)}"
                ignored = never[c, s] == 1
                written = format_share(recall[c, s], 2) if images[c] else NO_IMAGES
                cells.append(
                    Cell(
                        "never" if ignored else written,
                        note=note if np.isfinite(low) else "",
                        mark="never" if ignored else "",
                    )
                )
            rows.append(Row(tuple(cells)))
        per_seed = "Test images per seed" if len(comparison.seeds) > 1 else "Test images"
        titles = ("Class", "Train images", per_seed, *(names[s] for s in indices))
        caption = "The other strategies." if tables else _caption(comparison)
        tables.append(Table(caption, titles, tuple(rows), csv="recalls.csv per_class.csv"))
    return tables


def recall_and_never_predicted(
    comparison: Comparison, strategies: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return (C, S) mean recall over seeds, and (C, S) share of seeds never predicting a class."""
    ignored = comparison.per_class["predicted"] == 0
    table = comparison.per_class.assign(never_predicted=ignored)

    def mean_over_seeds(column: str) -> np.ndarray:
        wide = table.pivot_table(index="class", columns="strategy", values=column, aggfunc="mean")
        return wide.reindex(index=comparison.classes, columns=list(strategies)).to_numpy(float)

    return mean_over_seeds("recall"), mean_over_seeds("never_predicted")


def split_evenly(items: Sequence[Item], most: int) -> list[Sequence[Item]]:
    """Split items into runs of at most so many, as equal as can be."""
    number = -(-len(items) // most)
    edges = [len(items) * k // number for k in range(number + 1)] if number else [0]
    return [items[begin:end] for begin, end in pairwise(edges)]


def _caption(comparison: Comparison) -> str:
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
