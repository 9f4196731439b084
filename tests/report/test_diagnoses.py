"""What a reader is told of ignored classes."""

from dataclasses import replace

import pytest
from fabricate import fabricate

from benchmark.diagnosis import RULES
from benchmark.findings import Findings
from benchmark.report.diagnoses import (
    causes_table,
    diagnoses_table,
    diagnoses_words,
    of_whom,
    rules_table,
)
from benchmark.report.page import build_page


def ignored(comparison, strategy):
    rows = comparison.per_class[comparison.per_class["strategy"] == strategy]
    return list(rows.loc[rows["recall"] <= 0.1, "class"])


@pytest.fixture(scope="module")
def comparison():
    return fabricate()


def test_every_ignored_class_of_the_control_is_a_row_with_cause_evidence_and_advice(comparison):
    table = diagnoses_table(comparison)
    assert [row.cells[0].text for row in table.rows] == ignored(comparison, "no_change")
    rows = {row.cells[0].text: [cell.text for cell in row.cells] for row in table.rows}
    assert rows["Blouse"] == [
        *("Blouse", "20", "0 of 2", "too few images", "It has 20 training images."),
        "Views: other_views. More images of it.",
    ]
    (blouse,) = [row for row in table.rows if row.cells[0].text == "Blouse"]
    assert (blouse.cells[2].note, blouse.cells[2].mark) == ("may be .66", "never")
    assert rows["Hat"][3:] == [
        *("confusable", "Its images can't be told from those of T-shirt."),
        "Ask whether it is a class of its own. Look through its labels.",
    ]


def test_the_first_screen_counts_the_causes(comparison):
    said = diagnoses_words(comparison)
    assert said.startswith("Why 7 classes are never or hardly found under `no_change`")
    assert said.endswith("confusable 4 and too few images 3.")


def test_of_several_seeds_a_class_counts_that_most_of_them_ignore():
    comparison = fabricate(seeds=(0, 1, 2))
    diagnoses = comparison.findings.diagnoses
    mine = diagnoses[diagnoses["strategy"] == "no_change"]
    times = mine["class"].value_counts()
    table = diagnoses_table(comparison)
    shown = {row.cells[0].text: row.cells[3].note for row in table.rows}
    assert set(shown) == set(times[times >= 2].index)
    assert set(times[times < 2].index), "some class is ignored by one seed only"
    assert all(note == f"{times[name]} of {times[name]}" for name, note in shown.items())


def test_other_strategies_and_the_rules_can_be_opened(comparison):
    table = causes_table(comparison)
    for row in table.rows:
        for name, cell in zip(table.columns[1:], row.cells[1:], strict=True):
            assert bool(cell.text) == (row.cells[0].text in ignored(comparison, name))
    assert len(rules_table().rows) == len(RULES)
    ids = [section.id for section in build_page(comparison).sections]
    assert "causes" in ids


def test_where_the_control_ignores_nothing_nobody_is_explained(comparison):
    known = comparison.findings.diagnoses
    others = replace(comparison.findings, diagnoses=known[known["strategy"] != "no_change"])
    assert of_whom(replace(comparison, findings=others)) is None
    without = replace(comparison, findings=others, control=None)
    assert of_whom(without) == next(iter(others.diagnoses["strategy"]))
    bare = replace(comparison, findings=Findings.none())
    assert diagnoses_words(bare) == ""
    assert diagnoses_table(bare) is causes_table(bare) is None
