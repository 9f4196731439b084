"""Confidence intervals of the metrics, and tests of the differences from the baseline."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.confidence import TESTED_METRIC
from benchmark.report.render.blocks import Block, Cell, Details, Table, make_row
from benchmark.report.render.formats import (
    MISSING,
    add_sign,
    format_bounds,
    format_p_value,
    lower_first,
)
from benchmark.report.single.metric_tables import Column, interval_columns
from benchmark.report.single.strategies import heading_cell, row_kind


def confidence_section(comparison: Comparison) -> Iterator[Block]:
    """Yield differences from the baseline with intervals and tests, and every metric's interval."""
    if comparison.intervals.empty:
        return
    yield differences_table(comparison)
    yield Details("The intervals of each metric by itself", (intervals_table(comparison),))


def differences_table(comparison: Comparison) -> Table:
    """Strategies × macro-F1 and the differences from the baseline, with intervals and tests."""
    values, differences = _by_metric(comparison.intervals), _by_metric(comparison.paired)
    columns = interval_columns()
    (tested,) = (column for column in columns if column.name == TESTED_METRIC)
    p_values = {"p_test_set_adj": "p, test set"}
    if len(comparison.seeds) > 1:
        p_values["p_seeds_adj"] = "p, seeds"
    rows = []
    for strategy in comparison.finished_in_any_seed:
        cells = [_interval_cell(tested, values.get((strategy, TESTED_METRIC)))]
        if differences:
            cells += [_interval_cell(c, differences.get((strategy, c.name))) for c in columns]
            row = differences.get((strategy, TESTED_METRIC), {})
            cells += [Cell(format_p_value(row.get(name, np.nan))) for name in p_values]
        heading = heading_cell(comparison, strategy)
        rows.append(make_row(heading, *cells, kind=row_kind(comparison, strategy)))
    titles = ["Strategy", tested.title]
    if differences:
        titles += [f"Difference in {lower_first(column.title)}" for column in columns]
        titles += p_values.values()
    csv = "intervals.csv paired.csv" if differences else "intervals.csv"
    return Table(_caption(comparison), tuple(titles), tuple(rows), csv=csv)


def intervals_table(comparison: Comparison) -> Table:
    """Strategies × all metrics that have an interval, without a comparison."""
    values, columns = _by_metric(comparison.intervals), interval_columns()
    rows = []
    for strategy in comparison.finished_in_any_seed:
        cells = (_interval_cell(c, values.get((strategy, c.name))) for c in columns)
        heading = heading_cell(comparison, strategy)
        rows.append(make_row(heading, *cells, kind=row_kind(comparison, strategy)))
    titles = ("Strategy", *(column.heading for column in columns))
    return Table(_caption(comparison), titles, tuple(rows), csv="intervals.csv")


def _interval_cell(column: Column, row: Mapping[Any, Any] | None) -> Cell:
    """Return a value, or a difference with its sign, and its interval."""
    if row is None:
        return Cell(MISSING)
    value = "difference" if "difference" in row else "value"
    text, *bounds = (column.write(row[name]) for name in (value, "low", "high"))
    if value == "difference":
        return Cell(add_sign(text), note=format_bounds(*bounds))
    return Cell(text, note=" to ".join(bounds))


def _by_metric(table: pd.DataFrame) -> dict[tuple[str, str], Mapping[Any, Any]]:
    return {(row["strategy"], row["metric"]): row for row in table.to_dict("records")}


def _caption(comparison: Comparison) -> str:
    seeds = len(comparison.seeds)
    caption = f"95 % intervals of the mean over {seeds} seeds, which differ in split and training."
    groups = " Images come in groups: the test on the test set exchanges whole groups."
    if seeds == 1:
        caption = (
            "95 % intervals over other test images (BCa), for these networks. One seed cannot show "
            "what another training would give."
        )
        groups = " Images come in groups: intervals draw whole groups, the test exchanges them."
    return caption + (groups if comparison.has_groups else "")
