"""Intervals and tests are shown as they were computed."""

from __future__ import annotations

from dataclasses import replace

from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.report.render.formats import format_p_value, format_share, lower_first
from benchmark.report.single.confidence import (
    confidence_section,
    differences_table,
    intervals_table,
)
from tests.report.fabricate import fabricate


def test_every_interval_is_a_cell() -> None:
    comparison = fabricate(seeds=(0, 1, 2))
    rows = comparison.intervals.set_index(["strategy", "metric"])
    for row in intervals_table(comparison).rows:
        for metric, cell in zip(interval_metrics(), row.cells[1:], strict=True):
            interval = rows.loc[(row.cells[0].text, metric)]
            assert cell.text == format_share(interval["value"])
            assert (
                cell.note == f"{format_share(interval['low'])} to {format_share(interval['high'])}"
            )
    assert not list(confidence_section(replace(comparison, seed_predictions=[])))


def test_differences_stand_beside_their_tests() -> None:
    comparison = fabricate(seeds=(0, 1, 2))
    table = differences_table(comparison)
    assert table.columns == (
        *("Strategy", "Macro-F1"),
        *(f"Difference in {lower_first(metric.title)}" for metric in interval_metrics().values()),
        *("p, test set", "p, seeds"),
    )
    rows = comparison.paired.set_index(["strategy", "metric"])
    for row in table.rows[1:]:
        tested = rows.loc[(row.cells[0].text, "macro_f1")]
        p_values = [format_p_value(tested[p]) for p in ("p_test_set_adj", "p_seeds_adj")]
        assert [cell.text for cell in row.cells[-2:]] == p_values
    assert "p, seeds" not in differences_table(fabricate()).columns
    assert differences_table(fabricate(baseline=None)).columns == ("Strategy", "Macro-F1")
