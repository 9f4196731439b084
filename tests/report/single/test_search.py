"""The hyper-parameter search: what was tried, and what was chosen."""

from __future__ import annotations

from dataclasses import replace

from benchmark.execution.manifest_schema import TrialResult, TuningInfo
from benchmark.report.render.blocks import Details, Paragraph, Table
from benchmark.report.single.csv_files import frames_of
from benchmark.report.single.search import search_section, trials_frame
from tests.report.fabricate import fabricate, with_manifest

SCORES = (0.4, 0.6, None, 0.6)


def searched():
    results = tuple(
        TrialResult("focal_loss", seed, {"gamma": float(trial)}, score)
        for seed in (0, 1)
        for trial, score in enumerate(SCORES)
    )
    comparison = fabricate(strategies=("no_change", "focal_loss"), seeds=(0, 1))
    return with_manifest(comparison, tuning=TuningInfo(4, results))


def test_of_equal_scores_the_first_is_chosen_for_each_seed() -> None:
    frame = trials_frame(searched())
    assert frame["trial"].tolist() == [1, 2, 3, 4] * 2
    assert frame["chosen"].tolist() == [False, True, False, False] * 2
    assert frame["parameters"].iloc[1] == "gamma=1.0"


def test_the_section_shows_default_and_best() -> None:
    how, fixed, knobs, chosen, trials = search_section(searched())
    assert isinstance(how, Paragraph)
    assert "by 4 trials of each strategy and seed" in how.text
    assert "The learning rate was not tried; the number of steps is the same" in how.text
    assert fixed == Paragraph(
        "Without parameters to tune: `no_change`, which stands untuned beside the best of 4 trials "
        "of the others."
    )
    assert isinstance(knobs, Table)
    assert [[cell.text for cell in row.cells] for row in knobs.rows] == [
        ["no_change", "0", "", "0"],
        ["focal_loss", "1", "gamma", "4"],
    ]
    assert isinstance(chosen, Table)
    cells = [cell.text for cell in chosen.rows[0].cells]
    assert cells == ["focal_loss", "0", "gamma=1.0", ".400", ".600", "4"]
    assert chosen.rows[0].cells[-1].note == "1 failed"
    assert isinstance(trials, Details)


def test_a_learning_rate_that_all_have_tuned_is_told() -> None:
    names = ("no_change", "focal_loss")
    results = tuple(
        TrialResult(name, 0, parameters | {"lr_factor": factor}, 0.5)
        for name, parameters in zip(names, ({}, {"gamma": 2.0}), strict=True)
        for factor in (1.0, 3.0)
    )
    tuned = with_manifest(fabricate(strategies=names), tuning=TuningInfo(2, results))
    how, knobs, *_ = search_section(tuned)
    assert isinstance(how, Paragraph)
    assert "a factor on the recipe's learning rates (`lr_factor`) was tried as well" in how.text
    assert isinstance(knobs, Table)
    assert [[cell.text for cell in row.cells[1:]] for row in knobs.rows] == [
        ["1", "lr_factor", "2"],
        ["2", "gamma, lr_factor", "2"],
    ]


def test_the_best_macro_f1_on_validation_is_told_where_classes_are_absent_there() -> None:
    comparison = searched()
    data = comparison.manifest.data
    counts = {**data.counts, "val": (0, *data.counts["val"][1:])}
    absent = with_manifest(comparison, data=replace(data, counts=counts))
    texts = [block.text for block in search_section(absent) if isinstance(block, Paragraph)]
    assert texts[-1].startswith("1 of 17 classes has no validation image")


def test_a_run_without_a_search_has_neither_section_nor_file() -> None:
    comparison = fabricate(strategies=("no_change",))
    assert list(search_section(comparison)) == []
    assert "tuning.csv" not in frames_of(comparison)
    assert "tuning.csv" in frames_of(searched())
