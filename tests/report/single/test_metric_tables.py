"""Strategies × metrics: what is marked, left out, and shown at two class priors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.evaluation.metrics.metric import Metric
from benchmark.evaluation.metrics.registry import METRICS, register_metric
from benchmark.report.single import metric_tables
from benchmark.report.single.metric_tables import (
    balanced_columns,
    further_section,
    main_table,
    priors_table,
)
from benchmark.report.single.page import glossary
from tests.report.fabricate import STRATEGIES, fabricate


def test_equal_steps_have_no_best() -> None:
    comparison = fabricate()
    equal = main_table(comparison)
    assert "Steps" not in equal.columns
    assert "The same for all: steps 256." in equal.caption
    same = replace(comparison, summary=comparison.summary.assign(worst_recall=0.0))
    assert "The same for all: worst-class recall .000 and steps 256." in main_table(same).caption
    rows = comparison.summary.assign(steps=range(len(comparison.summary)))
    table = main_table(replace(comparison, summary=rows))
    steps = table.columns.index("Steps")
    assert all(row.cells[steps].mark == "" for row in table.rows)


def test_numbers_of_a_shared_network_are_shown_in_one_row() -> None:
    table = main_table(fabricate(shared={"threshold_moving": "no_change"}))
    seconds = table.columns.index("Seconds")
    cells = {row.cells[0].text: row.cells[seconds].text for row in table.rows}
    assert [name for name, text in cells.items() if text == "–"] == ["threshold_moving"]
    assert table.caption.endswith("–: threshold_moving uses the network of another row.")


def test_further_metrics_are_means_over_seeds() -> None:
    comparison = fabricate(seeds=(0, 1))
    (table,) = further_section(comparison)
    mean = comparison.seed_rows.groupby("strategy")["mcc"].mean()["focal_loss"]
    row = table.rows[STRATEGIES.index("focal_loss")]
    assert row.cells[table.columns.index("MCC ↑")].text == f"{mean:.3f}".removeprefix("0")
    assert not list(further_section(fabricate(failed=[(name, 0) for name in STRATEGIES])))


def test_every_metric_is_beside_its_balanced_form() -> None:
    comparison = fabricate(seeds=(0, 1), failed=[("focal_loss", 0), ("focal_loss", 1)])
    table = priors_table(comparison)
    assert table is not None
    assert [row.cells[0].text for row in table.rows] == list(STRATEGIES)
    rows = comparison.seed_rows
    mine = rows[rows["strategy"] == "class_weights"]
    cells = table.rows[STRATEGIES.index("class_weights")].cells[1:]
    for column, cell in zip(balanced_columns(), cells, strict=True):
        assert cell.text == column.write(mine[column.name].astype(float).mean())
    assert table.columns[1:5] == (
        *("Accuracy ↑", "Accuracy, balanced ↑", "Macro-F1 ↑", "Macro-F1, balanced ↑"),
    )
    assert table.rows[STRATEGIES.index("focal_loss")].kind == "failed"
    assert "Mean over 2 seeds" in table.caption


@pytest.mark.parametrize("counts", [[10] * 17, [10] * 16 + [0]])
def test_equal_classes_have_one_prior(counts: list[int]) -> None:
    assert priors_table(replace(fabricate(), test_counts=counts)) is None


@pytest.fixture
def added():
    """A metric of this file."""
    metric = Metric("half", "Half", "It is .5.", lambda split: 0.5, better="lower", main=True)
    register_metric(metric)
    yield metric
    METRICS.remove_all_of(__name__)


def test_an_added_metric_is_a_column_and_in_the_glossary(added: Metric) -> None:
    assert "Half ↓" in [column.heading for column in metric_tables.main_columns()]
    assert ("Half", "It is .5.") in glossary().items


def test_every_metric_has_one_column_in_its_own_table() -> None:
    main = [column.name for column in metric_tables.main_columns()]
    further = [column.name for column in metric_tables.further_columns()]
    balanced = [column.name for column in metric_tables.balanced_columns()]
    assert not set(main) & set(further)
    assert set(METRICS) <= {*main, *further, *balanced}
