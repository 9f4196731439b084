"""Ignored classes are explained, with evidence and suggestions."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from benchmark.evaluation.diagnosis import RULES
from benchmark.evaluation.diagnosis.rule import COMPONENTS
from benchmark.execution.manifest_schema import AvailableStrategy, WeightsInfo
from benchmark.report.render.blocks import Table
from benchmark.report.single.diagnoses import (
    READS_TEST_IMAGES,
    WITHOUT_STRATEGY,
    causes_table,
    diagnoses_section,
    diagnoses_sentence,
    diagnoses_table,
    different_causes_sentence,
    explained_strategy,
    rules_table,
)
from tests.report.fabricate import STRATEGIES, fabricate, with_manifest


def ignored(comparison, strategy):
    rows = comparison.per_class[comparison.per_class["strategy"] == strategy]
    return list(rows.loc[rows["recall"] <= 0.1, "class"])


SUGGESTIONS = "More images of it. Augmentation: more_augmentation."
AS_HOODIE = ["As for Hoodie.", SUGGESTIONS]


@pytest.fixture(scope="module")
def comparison():
    return fabricate()


def test_every_ignored_class_of_the_baseline_is_a_row_with_cause_evidence_and_suggestions(
    comparison,
):
    table = diagnoses_table(comparison)
    assert [row.cells[0].text for row in table.rows] == ignored(comparison, "no_change")
    rows = {row.cells[0].text: [cell.text for cell in row.cells] for row in table.rows}
    assert rows["Hoodie"][3::2] == ["too few images", SUGGESTIONS]
    assert rows["Hoodie"][4].startswith("It has 4 training images, fewer than 10: too few to tell")
    assert rows["Blouse"] == ["Blouse", "20", "0 of 2", *rows["Hoodie"][3:4], *AS_HOODIE]
    (blouse,) = [row for row in table.rows if row.cells[0].text == "Blouse"]
    assert (blouse.cells[2].note, blouse.cells[2].mark) == ("up to .84", "never")
    assert rows["Hat"][3] == "confusable"
    assert rows["Hat"][4].startswith("Its images can't be told from those of T-shirt (AUC .55")
    assert rows["Hat"][5] == "Ask whether it is a class of its own. Check its labels."


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"quick": True}, "those of a quick look"),
        ({"weights": WeightsInfo("random", "", "")}, "those of a network with random weights"),
    ],
)
def test_causes_that_mean_nothing_are_called_so(comparison, changed, words):
    first, *_ = diagnoses_section(with_manifest(comparison, **changed))
    assert first.text == f"The causes below mean nothing: they are {words}."
    first, second, *_ = diagnoses_section(comparison)
    assert (first.text, second) == (READS_TEST_IMAGES, diagnoses_table(comparison))


def test_the_first_screen_counts_the_causes(comparison):
    assert diagnoses_sentence(comparison) == (
        "`no_change` hardly ever recognises 7 classes. Likeliest causes: confusable (4) and too "
        "few images (3)."
    )


def test_of_several_seeds_a_class_counts_that_most_of_them_ignore():
    comparison = fabricate(seeds=(0, 1, 2))
    diagnoses = comparison.findings.diagnoses
    mine = diagnoses[diagnoses["strategy"] == "no_change"]
    times = mine["class"].value_counts()
    table = diagnoses_table(comparison)
    notes = {row.cells[0].text: row.cells[3].note for row in table.rows}
    assert set(notes) == set(times[times >= 2].index)
    assert set(times[times < 2].index), "some class is ignored by one seed only"
    assert all(note == f"{times[name]} of {times[name]}" for name, note in notes.items())


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
    assert diagnoses_sentence(half).endswith("Likeliest causes: seeds disagree (1).")


def test_classes_that_few_seeds_ignore_make_no_empty_table():
    comparison = fabricate(seeds=(0, 1, 2))
    known = comparison.findings.diagnoses
    once = known[(known["class"] == "Blouse") & (known["seed"] == 1)]
    few = replace(comparison, findings=replace(comparison.findings, diagnoses=once))
    assert diagnoses_table(few) is None
    assert not [block for block in diagnoses_section(few) if isinstance(block, Table)]


def test_never_is_marked_where_no_seed_that_finished_predicts_the_class():
    comparison = fabricate(seeds=(0, 1, 2))
    known = comparison.findings.diagnoses
    two = known[(known["class"] == "Blouse") & (known["seed"] < 2)].assign(never_predicted=True)
    ignored = replace(comparison, findings=replace(comparison.findings, diagnoses=two))
    (row,) = diagnoses_table(ignored).rows
    assert row.cells[2].mark == "", "the third seed recognises some"


def test_strategies_of_the_run_are_suggested_again_only_if_they_helped():
    comparison = fabricate(images=20_000)
    known = comparison.findings.diagnoses
    mine = known[known["strategy"] == "no_change"].assign(suggestions="augmentation, images")
    name, helps, does_not = mine["class"].iloc[0], "class_weights", "focal_loss"
    names = ("no_change", does_not, helps, "not_run")
    available = dict.fromkeys(names, AvailableStrategy("", ("augmentation",)))
    findings = replace(comparison.findings, diagnoses=mine[mine["class"] == name])
    comparison = with_manifest(replace(comparison, findings=findings), available=available)
    gains = {(helps, name): True, (does_not, name): False}
    claims = {key: SimpleNamespace(is_gain=is_gain) for key, is_gain in gains.items()}
    comparison.__dict__["class_claims"] = claims
    (row,) = diagnoses_table(comparison).rows
    text = row.cells[5].text
    assert text.startswith(f"Augmentation: {helps} (")
    assert text.endswith(f" here) or not_run. More images of it. No clear gain here: {does_not}.")


def test_other_strategies_and_the_rules_can_be_opened(comparison):
    table = causes_table(comparison)
    for row in table.rows:
        for name, cell in zip(table.columns[1:], row.cells[1:], strict=True):
            assert bool(cell.text) == (row.cells[0].text in ignored(comparison, name))
    assert len(rules_table().rows) == len(RULES)
    *_, causes, rules = diagnoses_section(comparison)
    assert (causes.summary, rules.summary) == ("Causes under every strategy", "The rules")


def test_what_no_strategy_carries_out_is_advised_in_words():
    strategies = {"sampler", "augmentation", "loss", "head", "decision", "schedule"}
    assert set(COMPONENTS) == strategies | set(WITHOUT_STRATEGY)


def test_where_the_baseline_ignores_nothing_nothing_is_explained(comparison):
    known = comparison.findings.diagnoses
    others = replace(comparison.findings, diagnoses=known[known["strategy"] != "no_change"])
    assert explained_strategy(replace(comparison, findings=others)) is None
    without = replace(comparison, findings=others, baseline=None)
    assert explained_strategy(without) == next(iter(others.diagnoses["strategy"]))
    bare = fabricate(failed=[(name, 0) for name in STRATEGIES])
    assert diagnoses_sentence(bare) == ""
    assert diagnoses_table(bare) is causes_table(bare) is None


def test_strategies_that_give_a_class_different_causes_are_named(comparison):
    assert different_causes_sentence(comparison) == ""
    known = comparison.findings.diagnoses
    (row,) = known[(known["strategy"] == "no_change") & (known["class"] == "Hat")].to_dict(
        "records"
    )
    rows = [
        row,
        row | {"strategy": STRATEGIES[1], "cause": "prior bias"},
        row | {"strategy": STRATEGIES[2], "cause": "undetermined"},  # names no cause
    ]
    findings = replace(comparison.findings, diagnoses=pd.DataFrame(rows))
    differing = replace(comparison, findings=findings)
    sentence = different_causes_sentence(differing)
    assert sentence == (
        "A cause is that of one trained network, not of the class alone. Strategies ignore these "
        f"classes for different causes: Hat (confusable under `no_change`; prior bias under "
        f"`{STRATEGIES[1]}`)."
    )
    assert sentence in [getattr(block, "text", "") for block in diagnoses_section(differing)]
