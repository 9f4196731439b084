"""Strategies × metrics: what is marked, left out, and shown at two class priors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.evaluation.metrics.metric import Metric
from benchmark.evaluation.metrics.registry import METRICS, register_metric
from benchmark.report.single import metric_tables
from benchmark.report.single.metric_tables import (
    balanced_columns,
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


def test_the_best_is_that_of_the_strategies() -> None:
    assert "Bold: best of its column. " in main_table(fabricate()).caption
    caption = main_table(fabricate(null=True)).caption
    assert "Bold: best of its column, the null row left out. " in caption


def test_the_first_table_has_mcc() -> None:
    assert "MCC ↑" in main_table(fabricate()).columns


def test_metrics_of_the_classes_present_are_beside_the_others_where_classes_are_absent() -> None:
    table = main_table(fabricate(test_images={"Body": 0, "Blouse": 0}))
    assert table.columns[1:5] == (
        *("Macro-F1 ↑", "Macro-F1, present classes ↑"),
        *("Never predicted ↓", "Never predicted, present classes ↓"),
    )
    assert "2 of 17 classes have no test image" in table.caption
    complete = main_table(fabricate())
    assert not [title for title in complete.columns if "present" in title]
    assert "no test image" not in complete.caption


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
    network = [column.name for column in metric_tables.network_columns()]
    present = [column.name for column in metric_tables.main_columns(present_forms=True)]
    assert not set(main) & {*further, *network}
    assert not set(further) & set(network)
    assert set(METRICS) <= {*main, *further, *network, *balanced, *present}
