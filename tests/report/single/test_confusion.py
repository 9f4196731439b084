"""The table of errors that are made most often."""

from types import SimpleNamespace

import numpy as np

from benchmark.report.single.confusion import errors_table


def test_errors_are_counted_for_every_strategy_and_none_make_no_empty_table():
    right, wrong = np.diag([4, 2]), np.array([[3, 1], [0, 2]])
    both = SimpleNamespace(classes=["a", "b"], confusion={"x": right, "y": wrong})
    (row,) = errors_table(both).rows
    assert [cell.text for cell in row.cells] == ["y", "a", "b", "1", ".25"]
    assert errors_table(SimpleNamespace(classes=["a", "b"], confusion={"x": right})) is None
