"""A metric is one entry of the registry: columns and glossary come from it."""

from __future__ import annotations

import pytest

from benchmark.evaluation.metrics.metric import Metric
from benchmark.evaluation.metrics.registry import METRICS, register_metric
from benchmark.report.single import columns
from benchmark.report.single.glossary import glossary


@pytest.fixture
def added():
    """A metric of this file."""
    metric = Metric("half", "Half", "It is .5.", lambda split: 0.5, better="lower", main=True)
    register_metric(metric)
    yield metric
    METRICS.forget(__name__)


def test_an_added_metric_is_a_column_and_in_the_glossary(added: Metric) -> None:
    assert "Half ↓" in [column.heading for column in columns.main_columns()]
    assert ("Half", "It is .5.") in glossary().items


def test_every_metric_has_one_column_in_its_own_table() -> None:
    main = [column.name for column in columns.main_columns()]
    further = [column.name for column in columns.further_columns()]
    balanced = [column.name for column in columns.balanced_columns()]
    assert not set(main) & set(further)
    assert set(METRICS) <= {*main, *further, *balanced}


def test_a_number_has_three_decimals() -> None:
    assert columns.format_number(1.23456) == "1.235"
    assert columns.format_number(float("nan")) == "–"
