"""The mean cost of a test image under each strategy, where a decision was given costs."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.costs import mean_costs
from benchmark.report.render.blocks import Block, Cell, Table, make_row
from benchmark.report.render.formats import MINUS, MISSING, add_sign, format_bounds, format_number
from benchmark.report.single.interval_meaning import interval_sentences
from benchmark.report.single.metric_tables import ARROWS, format_best
from benchmark.report.single.strategies import heading_cell, row_kind
from benchmark.system.text import join_names


def costs_frame(comparison: Comparison) -> pd.DataFrame:
    """Return the table costs.csv, with the null row; empty where no decision was given costs."""
    costs = comparison.findings.costs
    return comparison.with_null(lambda run: mean_costs(run.seed_predictions, costs, run.baseline))


def costs_section(comparison: Comparison) -> Iterator[Block]:
    """Yield strategies × costs, with intervals; nothing where no decision was given any."""
    sources = list(comparison.findings.costs)
    frame = costs_frame(comparison)
    if frame.empty:
        return
    baseline, compared = comparison.baseline, frame["baseline"].notna()
    values, differences = (
        {(row["strategy"], row["costs_of"]): row for row in part.to_dict("records")}
        for part in (frame[~compared], frame[compared])
    )
    own = frame[~compared & (frame["strategy"] != comparison.null)]
    best = {
        source: format_best(rows["value"], format_number, "lower")
        for source, rows in own.groupby("costs_of")
    }
    rows = []
    for strategy in comparison.finished_rows:
        cells = []
        for source in sources:
            value = values.get((strategy, source))
            cells.append(_cell(value, "" if strategy == comparison.null else best[source]))
            cells.append(_difference(differences.get((strategy, source))))
        kind = row_kind(comparison, strategy)
        rows.append(make_row(heading_cell(comparison, strategy), *cells, kind=kind))
    titles = ["Strategy"]
    for source in sources:
        of_source = f" ({source})" if len(sources) > 1 else ""
        titles += [f"Cost{of_source}{ARROWS['lower']}", f"Minus {baseline or 'the baseline'}"]
    yield Table(
        "Mean cost of a test image: what each decision costs where its class is not the true one, "
        f"and where it is, by the costs that were given to {join_names(sources)}; the same for all "
        f"strategies. Bold: the lowest. Small: {interval_sentences(comparison)}",
        tuple(titles),
        tuple(rows),
        csv="costs.csv",
    )


def _cell(row: Mapping[Hashable, Any] | None, best: str | None) -> Cell:
    if row is None:
        return Cell(MISSING)
    value, low, high = (format_number(float(row[name])) for name in ("value", "low", "high"))
    return Cell(value, note=f"{low} to {high}", mark="best" if value == best else "")


def _difference(row: Mapping[Hashable, Any] | None) -> Cell:
    if row is None:
        return Cell(MISSING)
    numbers = (float(row[name]) for name in ("value", "low", "high"))
    value, low, high = (format_number(number).replace("-", MINUS) for number in numbers)
    return Cell(add_sign(value), note=format_bounds(low, high))
