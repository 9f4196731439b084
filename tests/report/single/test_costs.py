"""The mean cost of every strategy stands in a table, where a decision was given costs."""

from dataclasses import replace

import numpy as np

from benchmark.analysis.comparison import compare_records
from benchmark.report.render.blocks import Table
from benchmark.report.single.costs import costs_section
from benchmark.report.single.csv_files import frames_of
from tests.report.fabricate import CLASSES, STRATEGIES, fabricate, fabricate_run

COSTS = tuple(map(tuple, (1 - np.eye(len(CLASSES))).tolist()))


def with_costs(**how):
    """A run whose last strategy decides by equal costs."""
    run = fabricate_run(null=True, **how)
    records = [
        replace(record, costs=COSTS) if record.strategy == STRATEGIES[-1] else record
        for record in run.records
    ]
    return compare_records("run", run.manifest, run.splits, records, run.manifest.baseline)


def test_every_strategy_and_the_null_row_have_a_cost():
    comparison = with_costs()
    (table,) = costs_section(comparison)
    assert isinstance(table, Table)
    assert [row.cells[0].text for row in table.rows] == comparison.finished_rows
    assert table.columns == ("Strategy", "Cost ↓", f"Minus {comparison.baseline}")
    accuracy = comparison.summary.set_index("strategy")["accuracy"]
    for row in table.rows:
        name = row.cells[0].text
        if name in accuracy:
            assert row.cells[1].text == f"{1 - accuracy[name]:.3f}"
        assert " to " in row.cells[1].note
    assert table.rows[0].cells[2].text == "–", "the baseline is not compared with itself"
    assert f"given to {STRATEGIES[-1]}" in table.caption
    assert sum(row.cells[1].mark == "best" for row in table.rows) == 1


def test_a_difference_of_zero_has_no_plus():
    run = with_costs()
    for seed in run.seed_predictions:
        seed.predicted[STRATEGIES[1]] = seed.predicted["no_change"]
    (table,) = costs_section(run)
    (row,) = (row for row in table.rows if row.cells[0].text == STRATEGIES[1])
    assert row.cells[2].text == "±0.000"


def test_there_is_a_file_of_it():
    frame = frames_of(with_costs(seeds=(0, 1)))["costs.csv"]
    values = frame[frame["baseline"].isna()]
    assert set(values["strategy"]) == {*STRATEGIES, "no_change again"}
    assert set(values["seeds"]) == {2}


def test_without_costs_there_is_neither():
    comparison = fabricate(null=True)
    assert not list(costs_section(comparison))
    assert "costs.csv" not in frames_of(comparison)
