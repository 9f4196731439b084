"""A comparison is read from the files of a run: what is missing, stale or unknown is said."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmark.analysis.comparison import load_comparison
from benchmark.analysis.scores import recall_table
from benchmark.execution.run_folder import RunFolder
from tests.analysis.records import TEST_LABELS, record, write_run
from tests.report.fabricate import fabricate


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run of two strategies and two seeds; only one of the four trainings is done."""
    folder = write_run(tmp_path / "run", "ba", "b", seeds=(0, 1))
    folder.write_record(record("a", 0, TEST_LABELS))
    return folder


def test_an_unfinished_run_is_read_and_says_what_is_missing(folder: RunFolder) -> None:
    comparison = load_comparison(folder.path)
    assert comparison.strategies == ["b", "a"]
    assert comparison.descriptions["a"] == "Describe a."
    assert comparison.seeds == [0, 1]
    assert comparison.manifest.messages == ("a warning",)
    assert comparison.baseline == "b"
    assert comparison.summary["status"].tolist() == ["failed", "partly failed"]
    assert comparison.failures["error"].unique().tolist() == [
        "not trained yet: run the command again"
    ]


def test_classes_stand_by_training_size_and_test_images_are_summed(folder: RunFolder) -> None:
    comparison = load_comparison(folder.path)
    assert comparison.classes == ["common", "middle", "rare"]
    assert comparison.train_counts == [50, 20, 5]
    assert comparison.test_counts == [6, 4, 2]
    assert comparison.test_units == [3, 2, 1], "of the one seed that finished"
    assert not comparison.has_groups


def test_a_record_of_another_network_does_not_count(folder: RunFolder) -> None:
    path = folder.record_file("a", 0)
    path.write_text(path.read_text().replace('"key"', '"earlier key"'))
    comparison = load_comparison(folder.path)
    assert len(comparison.failures) == 4
    assert comparison.seed_predictions == []
    assert comparison.test_units == [6, 4, 2]


def test_the_baseline_may_be_chosen_among_the_strategies(folder: RunFolder) -> None:
    assert load_comparison(folder.path, baseline="a").baseline == "a"
    with pytest.raises(ValueError, match=r"'magic' is none of the strategies of .*run"):
        load_comparison(folder.path, baseline="magic")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no run"):
        load_comparison(tmp_path)


def test_recall_by_class_and_strategy_is_that_of_the_intervals(folder: RunFolder) -> None:
    comparison = load_comparison(folder.path)
    table = recall_table(comparison)
    assert table.index.tolist() == comparison.classes
    assert table["a"].tolist() == comparison.class_recalls["recall"].tolist() == [1, 1, 1]
    assert list(table) == ["a"], "what did not finish has no column"


def test_the_baseline_owns_the_network_it_shares() -> None:
    comparison = fabricate(
        strategies=("threshold_moving", "no_change", "focal_loss"),
        shared={"threshold_moving": "no_change"},
    )
    assert comparison.network_owners == {
        "threshold_moving": "no_change",
        "no_change": "no_change",
        "focal_loss": "focal_loss",
    }


def test_differences_pair_the_seeds_that_both_finished() -> None:
    comparison = fabricate(seeds=(0, 1, 2), failed=(("no_change", 1),))
    differences = comparison.paired_differences("focal_loss", "macro_f1")
    rows: pd.DataFrame = comparison.seed_rows.set_index(["strategy", "seed"])["macro_f1"]
    expected = [rows["focal_loss", seed] - rows["no_change", seed] for seed in (0, 2)]
    assert differences.tolist() == pytest.approx(expected)
