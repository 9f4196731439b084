"""Confidence intervals of the metrics, and tests of the differences from the baseline."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmark.analysis.claims import Claim, Doubt
from benchmark.analysis.comparison import Comparison
from benchmark.analysis.confidence import PRIMARY_METRIC
from benchmark.report.render.blocks import Block, Cell, Details, Table, make_row
from benchmark.report.render.formats import (
    MISSING,
    add_sign,
    format_bounds,
    format_p_value,
    lower_first,
)
from benchmark.report.single.interval_meaning import interval_sentences
from benchmark.report.single.metric_tables import Column, interval_columns
from benchmark.report.single.strategies import heading_cell, row_kind
from benchmark.system.text import join_names

DOUBTED = "†"  # after an interval that excludes 0, where something else speaks against it


def confidence_section(comparison: Comparison) -> Iterator[Block]:
    """Yield differences from the baseline with intervals and tests, and every metric's interval."""
    if comparison.intervals.empty:
        return
    yield differences_table(comparison)
    yield Details("The intervals of each metric by itself", (intervals_table(comparison),))


def differences_table(comparison: Comparison) -> Table:
    """Strategies × macro-F1 and the differences from the baseline, with intervals and tests."""
    values = _by_metric(comparison.with_null(lambda run: run.intervals))
    differences = _by_metric(comparison.with_null(lambda run: run.paired))
    runs = [run for run in (comparison, comparison.null_row) if run]
    all_claims = {key: claim for run in runs for key, claim in run.claims.items()}
    columns = interval_columns()
    (tested,) = (column for column in columns if column.name == PRIMARY_METRIC)
    p_values = {"p_test_set_adj": "p, test set"}
    if len(comparison.seeds) > 1:
        p_values["p_seeds_adj"] = "p, seeds"
    rows = []
    for strategy in comparison.finished_rows:
        cells = [_interval_cell(tested, values.get((strategy, PRIMARY_METRIC)))]
        if differences:
            cells += [_difference_cell(c, all_claims.get((strategy, c.name))) for c in columns]
            row = differences.get((strategy, PRIMARY_METRIC), {})
            cells += [Cell(format_p_value(row.get(name, np.nan))) for name in p_values]
        heading = heading_cell(comparison, strategy)
        rows.append(make_row(heading, *cells, kind=row_kind(comparison, strategy)))
    titles = ["Strategy", tested.title]
    if differences:
        titles += [f"Difference in {lower_first(column.title)}" for column in columns]
        titles += p_values.values()
    csv = "intervals.csv paired.csv" if differences else "intervals.csv"
    caption = _caption(comparison) + _disagreement(all_claims.values())
    return Table(caption, tuple(titles), tuple(rows), csv=csv)


def intervals_table(comparison: Comparison) -> Table:
    """Strategies × all metrics that have an interval, without a comparison."""
    values = _by_metric(comparison.with_null(lambda run: run.intervals))
    columns = interval_columns()
    rows = []
    for strategy in comparison.finished_rows:
        cells = (_interval_cell(c, values.get((strategy, c.name))) for c in columns)
        heading = heading_cell(comparison, strategy)
        rows.append(make_row(heading, *cells, kind=row_kind(comparison, strategy)))
    titles = ("Strategy", *(column.heading for column in columns))
    return Table(_caption(comparison), titles, tuple(rows), csv="intervals.csv")


def _interval_cell(column: Column, row: Mapping[Any, Any] | None) -> Cell:
    """Return a value and its interval."""
    if row is None:
        return Cell(MISSING)
    text, *bounds = (column.write(row[name]) for name in ("value", "low", "high"))
    return Cell(text, note=" to ".join(bounds))


def _difference_cell(column: Column, claim: Claim | None) -> Cell:
    """Return a difference and its interval, marked if that excludes 0 and it may be chance."""
    if claim is None:
        return Cell(MISSING)
    text, *bounds = (column.write(n) for n in (claim.difference, claim.low, claim.high))
    mark = f" {DOUBTED}" if claim.excludes_0 and claim.doubts else ""
    return Cell(add_sign(text), note=format_bounds(*bounds) + mark)


def _disagreement(all_claims: Iterable[Claim]) -> str:
    """Explain the marked cells: why each kind of doubt says that the difference may be chance."""
    marked = [claim for claim in all_claims if claim.excludes_0 and claim.doubts]
    kinds = {doubt for claim in marked for doubt in claim.doubts}
    test = "exchange test" if any(claim.about_networks for claim in marked) else "test over seeds"
    reasons = {
        Doubt.TEST: f"the {test} does not agree",
        Doubt.NOISE: "the null row moves as much",
        Doubt.FEW_SEEDS: "there are too few seeds for a test",
    }
    why = join_names([reason for doubt, reason in reasons.items() if doubt in kinds], "or")
    return f" {DOUBTED}: the interval excludes 0, but {why}." if why else ""


def _by_metric(table: pd.DataFrame) -> dict[tuple[str, str], Mapping[Any, Any]]:
    return {(row["strategy"], row["metric"]): row for row in table.to_dict("records")}


def _caption(comparison: Comparison) -> str:
    groups = " Images come in groups: a whole group is one unit of intervals and tests."
    caption = interval_sentences(comparison) + (groups if comparison.has_groups else "")
    if comparison.null_row is None:
        return caption
    original = comparison.null_row.baseline
    return f"{caption} {comparison.null} is compared with {original}, in a test of its own."
