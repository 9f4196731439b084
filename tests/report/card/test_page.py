"""The card of a model of many classes."""

from types import SimpleNamespace

from benchmark.inference.model_info import ClassInfo, Interval
from benchmark.report.card.page import LISTED, MOST_CLASSES, _recall


def recall_table(classes):
    infos = tuple(
        ClassInfo(f"class {c}", 2000 - c, 20, Interval(c / classes, 0.0, 1.0), 20)
        for c in range(classes)
    )
    (table,) = _recall(SimpleNamespace(classes=infos, seeds=(0,)))
    return table


def test_of_many_classes_those_are_listed_that_are_found_least_and_most():
    table = recall_table(1000)
    names = [row.cells[0].text for row in table.rows]
    assert names == [f"class {c}" for c in (*range(LISTED), *range(1000 - LISTED, 1000))]
    assert "Of 1,000 classes these are the 20 that it finds least and the 20" in table.caption
    assert "model.json has all" in table.caption


def test_up_to_100_classes_all_are_listed():
    table = recall_table(MOST_CLASSES)
    assert len(table.rows) == MOST_CLASSES
    assert "model.json" not in table.caption
