"""The hyper-parameter search: what was tried, and what was chosen."""

from __future__ import annotations

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
    how, fixed, chosen, trials = search_section(searched())
    assert isinstance(how, Paragraph)
    assert "by 4 trials of each strategy and seed" in how.text
    assert fixed == Paragraph("Without parameters to tune: `no_change`.")
    assert isinstance(chosen, Table)
    cells = [cell.text for cell in chosen.rows[0].cells]
    assert cells == ["focal_loss", "0", "gamma=1.0", ".400", ".600", "4"]
    assert chosen.rows[0].cells[-1].note == "1 failed"
    assert isinstance(trials, Details)


def test_a_run_without_a_search_has_neither_section_nor_file() -> None:
    comparison = fabricate(strategies=("no_change",))
    assert list(search_section(comparison)) == []
    assert "tuning.csv" not in frames_of(comparison)
    assert "tuning.csv" in frames_of(searched())
