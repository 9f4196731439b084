"""Tables of strategies and metrics: the first one, the further metrics, and both class priors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Block, Cell, Row, Table
from benchmark.report.render.formats import (
    MISSING,
    add_sign,
    count_formatter,
    format_count,
    join_names,
)
from benchmark.report.single.columns import (
    Column,
    balanced_columns,
    further_columns,
    main_columns,
)
from benchmark.report.single.strategies import error_of, heading_cell, network_owners, row_kind


def main_table(comparison: Comparison) -> Table:
    """Strategies × the numbers of summary.csv; failed ones are rows with their error."""
    summary = comparison.summary.set_index("strategy")
    columns, constants = _split_constants(summary, main_columns())
    caption = _main_caption(comparison) + constants
    return metric_table(comparison, summary, columns, "summary.csv", caption, differences=True)


def further_section(comparison: Comparison) -> Iterator[Block]:
    """Yield strategies × the further metrics, mean over seeds; nothing where none finished."""
    means = means_over_seeds(comparison, further_columns())
    if means.isna().all(axis=None):
        return
    columns, constants = _split_constants(means, further_columns())
    over = ", mean over seeds" if len(comparison.seeds) > 1 else ""
    caption = f"Recall by training size, scores, calibration and images{over}.{constants}"
    yield metric_table(comparison, means, columns, "seeds.csv", caption)


def priors_table(comparison: Comparison) -> Table | None:
    """Strategies × metrics at the natural and at the balanced class prior, mean over seeds.

    None where every class has as many test images as any other, so that both priors are the same.
    """
    columns = balanced_columns()
    means = means_over_seeds(comparison, columns)
    if means.isna().all(axis=None) or len(set(comparison.test_counts) - {0}) < 2:
        return None
    over = f" Mean over {len(comparison.seeds)} seeds." if len(comparison.seeds) > 1 else ""
    caption = (
        "Each metric on the test images as they are, and balanced: an image counts by one over the "
        "number of test images of its class, as if all classes were equally frequent. Balanced, "
        f"accuracy is the balanced accuracy.{over}"
    )
    return metric_table(comparison, means, columns, "seeds.csv", caption)


def means_over_seeds(comparison: Comparison, columns: Sequence[Column]) -> pd.DataFrame:
    """Return the means of columns over the seeds, a row a strategy; NaN where none finished."""
    names = list(dict.fromkeys(column.name for column in columns))
    values = comparison.seed_rows.set_index("strategy")[names].astype(float)
    return values.groupby(level="strategy").mean().reindex(comparison.strategies)


def metric_table(
    comparison: Comparison,
    values: pd.DataFrame,
    columns: Sequence[Column],
    csv: str,
    caption: str,
    differences: bool = False,
) -> Table:
    """Return a table with a row a strategy.

    Parameters
    ----------
    values
        Strategies × columns.
    differences
        Whether a small number beside each value says how far it is from the baseline's.
    """
    baseline, owners = comparison.baseline, network_owners(comparison)
    columns = [_with_decimals(column, values) for column in columns]
    is_owner = [owners.get(str(name), name) == name for name in values.index]
    best = {c.name: _best(values[is_owner] if c.of_network else values, c) for c in columns}
    records = {str(name): row for name, row in values.to_dict("index").items()}
    reference = records.get(str(baseline)) if differences else None
    rows = []
    for strategy in comparison.strategies:
        numbers = records.get(strategy, {})
        heading = heading_cell(comparison, strategy)
        if not any(np.isfinite(number_in(numbers, column.name)) for column in columns):
            error = f"failed: {error_of(comparison, strategy)}"
            rows.append(
                Row((heading, Cell(error, mark="failed", span=len(columns))), kind="failed")
            )
            continue
        cells = [heading]
        for column in columns:
            if column.of_network and owners[strategy] != strategy:
                cells.append(Cell(MISSING))
                continue
            compare_with = None if strategy == baseline else reference
            cells.append(_metric_cell(column, numbers, compare_with, best[column.name]))
        rows.append(Row(tuple(cells), kind=row_kind(comparison, strategy)))
    titles = ("Strategy", *(column.heading for column in columns))
    return Table(caption + _sharing_sentence(owners, columns), titles, tuple(rows), csv=csv)


def number_in(numbers: Mapping[Any, Any], name: str) -> float:
    """Return a number of a row, NaN where it is missing."""
    value = numbers.get(name)
    return float("nan") if value is None or value is pd.NA else float(value)


def _metric_cell(
    column: Column,
    numbers: Mapping[Any, Any],
    reference: Mapping[Any, Any] | None,
    best: str | None,
) -> Cell:
    """Return a value and, small, its difference from the reference; marked if it is the best."""
    value, note = number_in(numbers, column.name), ""
    if reference is not None and column.better is not None:
        note = add_sign(column.write(value - number_in(reference, column.name)))
    written = column.write(value)
    mark = "best" if best is not None and written == best else ""
    return Cell(written, note="" if note == MISSING else note, mark=mark)


def _with_decimals(column: Column, values: pd.DataFrame) -> Column:
    """Return a column of counts with one decimal for all values if one has a fraction."""
    if column.write is not format_count:
        return column
    write = count_formatter(values[column.name].dropna().astype(float))
    return Column(column.name, column.title, write, column.better, column.of_network)


def _best(values: pd.DataFrame, column: Column) -> str | None:
    """Return the best value as written; None where all are written alike or none is better."""
    numbers = values[column.name].dropna().astype(float)
    if column.better is None or numbers.map(column.write).nunique() < 2:
        return None
    return column.write(numbers.max() if column.better == "higher" else numbers.min())


def _split_constants(values: pd.DataFrame, columns: Sequence[Column]) -> tuple[list[Column], str]:
    """Return the columns to show, and a sentence about those that need none.

    A column needs none if all strategies have the same value and there is nothing to compare:
    no value is better, or all have the worst, 0.
    """
    visible, constants = [], []
    for column in columns:
        numbers = values[column.name].dropna().astype(float)
        written = set(map(column.write, numbers))
        all_worst = column.better == "higher" and (numbers == 0).all()
        if len(written) == 1 and (column.better is None or all_worst):
            constants.append(f"{column.title.lower()} {written.pop()}")
        else:
            visible.append(column)
    return visible, f" The same for all: {join_names(constants)}." if constants else ""


def _sharing_sentence(owners: Mapping[str, str], columns: Sequence[Column]) -> str:
    """Explain empty cells: a number of a shared network is in one row only."""
    sharing = [name for name, owner in owners.items() if name != owner]
    if not sharing or not any(column.of_network for column in columns):
        return ""
    verb = "uses" if len(sharing) == 1 else "use"
    return f" {MISSING}: {join_names(sharing)} {verb} the network of another row."


def _main_caption(comparison: Comparison) -> str:
    seeds = comparison.seeds
    over = f", mean over {len(seeds)} seeds" if len(seeds) > 1 else f" of seed {seeds[0]}"
    caption = f"Results on the test images{over}. Bold: best of its column."
    if comparison.baseline in set(comparison.summary["strategy"]):
        caption += f" Small: difference from {comparison.baseline}."
    return caption
