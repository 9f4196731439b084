"""Confusion matrices, and the most frequent errors."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Block, Details, Table, make_row
from benchmark.report.render.canvas import figure_block
from benchmark.report.render.formats import format_count, format_share
from benchmark.report.single.class_groups import (
    are_many,
    drawn_sentence,
    neighbour_names,
    sums,
)
from benchmark.report.single.drawings import confusion_maps

ERRORS = 6  # of each strategy, that the table lists


def confusion_section(comparison: Comparison) -> Iterator[Block]:
    """Yield the drawn matrices and a table of errors; nothing where no strategy finished."""
    figure = draw_confusion(comparison)
    if figure is None:
        return
    caption = (
        "A row is a true class, largest first. It shows which share of the class's test images was "
        "predicted as which class, in the same order. The diagonal is recall; a column without "
        "colour is a class never predicted."
    )
    if are_many(comparison):
        caption = (
            "A row shows which share of the test images of a group of classes was predicted as a "
            "class of which group, in the same order. The diagonal holds errors within a group "
            f"too.{drawn_sentence(comparison)}"
        )
    yield figure_block(
        "confusion",
        figure,
        caption,
        "Confusion matrices, one per strategy; the table below has the most frequent errors.",
    )
    if table := errors_table(comparison):
        yield Details("The most frequent errors as a table", (table,))


def draw_confusion(comparison: Comparison) -> Figure | None:
    """Draw the matrices of all strategies; None where none finished."""
    matrices = comparison.confusion
    if not matrices:
        return None
    tables, rows = list(matrices.values()), comparison.classes
    if are_many(comparison):
        tables = [sums(comparison, table) for table in tables]
        rows = neighbour_names(comparison)
    shares = [table / np.maximum(table.sum(1, keepdims=True), 1) for table in tables]
    return confusion_maps(rows, list(matrices), shares)


def errors_table(comparison: Comparison) -> Table | None:
    """The most frequent errors of every strategy, counted over all seeds; None without any."""
    rows, classes = [], comparison.classes
    for strategy, table in comparison.confusion.items():
        errors = table.copy()
        np.fill_diagonal(errors, 0)
        labels, calls = np.nonzero(errors)
        for index in np.argsort(-errors[labels, calls], kind="stable")[:ERRORS]:
            label, predicted = labels[index], calls[index]
            number = errors[label, predicted]
            share = format_share(number / table[label].sum(), 2)
            names = (strategy, classes[label], classes[predicted])
            rows.append(make_row(*names, format_count(number), share))
    if not rows:
        return None
    titles = ("Strategy", "True class", "Predicted as", "Images", "Share of the class")
    caption = f"The {ERRORS} most frequent errors of each strategy, test images of all seeds."
    texts = frozenset({0, 1, 2})
    return Table(caption, titles, tuple(rows), texts, "confusion.csv", heading_columns=3)
