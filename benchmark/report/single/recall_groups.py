"""Recall of many classes: means over those with many, medium and few training images."""

import numpy as np

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Cell, Table, make_row
from benchmark.report.render.formats import MISSING, count_formatter, format_share
from benchmark.report.single.class_groups import by_shots_and_all
from benchmark.report.single.shot_groups import shot_groups_sentence
from benchmark.report.single.strategies import heading_cell, row_kind
from benchmark.system.text import pluralize


def recall_groups_table(comparison: Comparison) -> Table | None:
    """Strategies × groups of classes: mean recall, and how many classes are never recognised."""
    groups = by_shots_and_all(comparison)
    recalls, never = _by_strategy(comparison)
    rows = []
    for strategy in comparison.finished_rows:
        own, ignored = recalls[strategy], never[strategy]
        cells = (_cell(own[classes], ignored[classes]) for classes in groups.values())
        heading = heading_cell(comparison, strategy)
        rows.append(make_row(heading, *cells, kind=row_kind(comparison, strategy)))
    if not rows:
        return None
    titles = (
        f"{name.capitalize()}: {pluralize(len(classes), 'class', 'classes')}"
        for name, classes in groups.items()
    )
    over = ", mean over seeds" if len(comparison.seeds) > 1 else ""
    caption = (
        f"Mean recall of classes by training images{over}. Small: classes with test images of "
        f"which none is recognised{over}. {shot_groups_sentence(comparison)}"
    )
    return Table(caption, ("Strategy", *titles), tuple(rows), csv="per_class.csv")


def _by_strategy(
    comparison: Comparison,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return strategy -> recalls (C,), and the share of seeds (C,) without a recognised image."""
    rows = comparison.with_null(lambda run: run.per_class).astype({"recall": float})
    rows = rows.assign(none=rows["recall"].eq(0).astype(float))
    means = rows.groupby(["strategy", "class"])[["recall", "none"]].mean()
    tables = [
        means[name].unstack("strategy").reindex(comparison.classes) for name in ("recall", "none")
    ]
    recalls, never = ({str(n): own.to_numpy() for n, own in table.items()} for table in tables)
    return recalls, never


def _cell(recalls: np.ndarray, never: np.ndarray) -> Cell:
    known = recalls[np.isfinite(recalls)]
    if not len(known):
        return Cell(MISSING)
    ignored = float(never.sum())
    note = f"{count_formatter([ignored])(ignored)} at 0" if ignored else ""
    return Cell(format_share(known.mean()), note)
