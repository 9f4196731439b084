"""What a reader is told of ignored classes."""

from dataclasses import replace

import pytest
from fabricate import fabricate

from benchmark.analysis.findings import Findings
from benchmark.evaluation.diagnosis import RULES
from benchmark.report.single.diagnoses import (
    causes_table,
    diagnoses_table,
    diagnoses_words,
    of_whom,
    rules_table,
)
from benchmark.report.single.page import build_page


def ignored(comparison, strategy):
    rows = comparison.per_class[comparison.per_class["strategy"] == strategy]
    return list(rows.loc[rows["recall"] <= 0.1, "class"])


AS_HOODIE = ["As for Hoodie.", "More images of it. Views: other_views."]


@pytest.fixture(scope="module")
def comparison():
    return fabricate()


def test_every_ignored_class_of_the_control_is_a_row_with_cause_evidence_and_advice(comparison):
    table = diagnoses_table(comparison)
    assert [row.cells[0].text for row in table.rows] == ignored(comparison, "no_change")
    rows = {row.cells[0].text: [cell.text for cell in row.cells] for row in table.rows}
    few = "It has 4 training images, fewer than 10: too few to learn it from, whatever else may be."
    assert rows["Hoodie"][3:] == ["too few images", few, "More images of it. Views: other_views."]
    assert rows["Blouse"] == ["Blouse", "20", "0 of 2", *rows["Hoodie"][3:4], *AS_HOODIE]
    (blouse,) = [row for row in table.rows if row.cells[0].text == "Blouse"]
    assert (blouse.cells[2].note, blouse.cells[2].mark) == ("up to .82", "never")
    assert rows["Hat"][3] == "confusable"
    assert rows["Hat"][4].startswith("Its images can't be told from those of T-shirt (AUC .55, ")
    assert rows["Hat"][5] == "Ask whether it is a class of its own. Look through its labels."


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


def with_causes(comparison, *causes):
    """The same, the first class of the baseline with these causes, seed by seed."""
    known = comparison.findings.diagnoses
    first = known[(known["strategy"] == "no_change") & (known["class"] == "Blouse")].copy()
    assert len(first) == len(causes) == len(comparison.seeds)
    first["cause"] = causes
    findings = replace(comparison.findings, diagnoses=first)
    return replace(comparison, findings=findings)


def test_seeds_that_disagree_name_no_cause():
    comparison = fabricate(seeds=(0, 1, 2, 3))
    agree = with_causes(comparison, *["confusable"] * 3, "under-trained")
    (row,) = diagnoses_table(agree).rows
    assert (row.cells[3].text, row.cells[3].note) == ("confusable", "3 of 4")
    half = with_causes(comparison, *["confusable"] * 2, "undetermined", "under-trained")
    (row,) = diagnoses_table(half).rows
    assert (row.cells[3].text, row.cells[3].note) == ("seeds disagree", "")
    assert row.cells[4].text == "confusable 2, undetermined 1 and under-trained 1 of 4 seeds."
    assert row.cells[5].text.startswith("More images of it.")
    assert diagnoses_words(half).endswith("seeds disagree 1.")


def test_never_is_marked_where_no_seed_that_finished_predicts_the_class():
    comparison = fabricate(seeds=(0, 1, 2))
    known = comparison.findings.diagnoses
    two = known[(known["class"] == "Blouse") & (known["seed"] < 2)].assign(never=True)
    found = replace(comparison, findings=replace(comparison.findings, diagnoses=two))
    (row,) = diagnoses_table(found).rows
    assert row.cells[2].mark == "", "the third seed found some"


def test_what_this_run_has_tried_is_not_advised_again_unless_it_helped():
    comparison = fabricate(images=20_000)
    known = comparison.findings.diagnoses
    mine = known[known["strategy"] == "no_change"].assign(try_next="views, images")
    low = comparison.class_changes.pivot_table(index="class", columns="strategy", values="low")
    low = low.loc[list(mine["class"])]
    (name, *_) = [c for c in low.index if low.loc[c].max() > 0 >= low.loc[c].min()]
    helps, does_not = low.loc[name].idxmax(), low.loc[name].idxmin()
    hand = {
        one: {"summary": "", "places": ["views"]}
        for one in ("no_change", does_not, helps, "not_run")
    }
    findings = replace(comparison.findings, diagnoses=mine[mine["class"] == name])
    run = {**comparison.manifest, "at_hand": hand}
    (row,) = diagnoses_table(replace(comparison, manifest=run, findings=findings)).rows
    said = row.cells[5].text
    assert said.startswith(f"Views: {helps} (+.")
    assert said.endswith(f" here) or not_run. More images of it. No sure gain here: {does_not}.")


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
    without = replace(comparison, findings=others, baseline=None)
    assert of_whom(without) == next(iter(others.diagnoses["strategy"]))
    bare = replace(comparison, findings=Findings.none())
    assert diagnoses_words(bare) == ""
    assert diagnoses_table(bare) is causes_table(bare) is None
