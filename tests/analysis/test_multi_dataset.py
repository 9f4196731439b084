"""Several runs side by side: numbers by hand, what is compared, and which runs are refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import benchmark
from benchmark.analysis.multi_dataset import (
    PAIRS,
    load_multi_dataset,
    merge,
)
from benchmark.cli import main
from benchmark.evaluation.metrics.registry import main_metrics
from benchmark.report.multi.notices import warnings
from tests.analysis.records import write_run
from tests.report.fabricate import fabricate_run
from tests.report.multi.runs import MISSING, run, several


def test_differences_ranks_and_counts_by_hand() -> None:
    x = run("x", {"c": 0.5, "a": 0.6, "b": 0.5}, never={"c": 2, "a": 0, "b": 0})
    y = run("y", {"c": 0.4, "a": 0.3, "b": 0.45}, never={"c": 1, "a": 1, "b": 0})
    comparison = merge([x, y])
    assert comparison.baseline == "c"
    scores = comparison.scores.set_index(["dataset", "strategy"])
    assert scores["difference"].tolist() == pytest.approx([0, 0.1, 0, 0, -0.1, 0.05])
    assert scores["rank"].tolist() == [2.5, 1, 2.5, 2, 3, 1]
    assert scores["never_predicted_difference"].tolist() == [0, -2, -2, 0, 0, -1]
    assert scores["never_predicted_rank"].tolist() == [3, 1.5, 1.5, 2.5, 2.5, 1]
    leaderboard = comparison.leaderboard.set_index("strategy")
    assert leaderboard["wins"].to_dict() == {"c": 0, "a": 1, "b": 1}
    assert leaderboard["losses"].to_dict() == {"c": 0, "a": 1, "b": 0}
    assert leaderboard["mean_rank"].to_dict() == {"c": 2.25, "a": 2, "b": 1.75}
    assert leaderboard["never_predicted_mean_rank"].to_dict() == {"c": 2.75, "a": 2, "b": 1.25}


def test_columns_follow_the_main_metrics() -> None:
    comparison = several(2, strategies=2)
    names = [metric.name for metric in main_metrics()]
    expected = ["dataset", "strategy", "baseline", "status", "macro_f1", "difference", "rank"]
    for name in names[1:]:
        expected += [name, f"{name}_difference", f"{name}_rank"]
    assert list(comparison.scores) == expected
    assert list(comparison.leaderboard) == [
        *("strategy", "finished", "compared", "wins", "losses", "ranked", "mean_rank"),
        *(f"{name}_mean_rank" for name in names[1:]),
    ]
    assert list(comparison.pairs) == PAIRS


def test_what_failed_is_not_compared() -> None:
    numbers = {"c": 0.5, "a": 0.6, "b": 0.7}
    comparison = merge(
        [
            run("x", numbers),
            run("y", {**numbers, "a": MISSING}),
            run("z", numbers, seeds=(0, 1), partly=("b",)),
            run("u", {**numbers, "c": MISSING}),
        ]
    )
    ranks = comparison.scores.pivot(index="dataset", columns="strategy", values="rank")
    np.testing.assert_array_equal(ranks.loc["y"], [MISSING, 1, 2])  # a, b, c
    np.testing.assert_array_equal(ranks.loc["z"], [1, MISSING, 2])
    assert comparison.leaderboard["ranked"].tolist() == [1, 1, 1], "only x ranks all"
    assert comparison.pairs["datasets"].tolist() == [2, 2, 2]  # c-a, c-b, a-b


def test_a_strategy_of_some_runs_only_is_neither_ranked_nor_tested() -> None:
    comparison = merge([run("x", {"c": 0.5, "a": 0.6, "new": 0.9}), run("y", {"c": 0.5, "a": 0.6})])
    assert comparison.common_strategies == ("c", "a")
    assert comparison.scores.set_index("strategy")["rank"]["a"].tolist() == [1, 1]
    assert len(comparison.pairs) == 1


def test_pairs_are_significant_from_enough_data_sets_on() -> None:
    """Planted: six strategies, each above the one before it on every data set."""
    assert several(9).min_datasets == 10
    assert several(9).significant_pairs == []
    pairs = several(10).significant_pairs
    assert len(pairs) == 15
    assert pairs[0] == ("s1", "baseline"), "the better strategy first"


def test_different_baselines_are_none_in_common() -> None:
    x, y = run("x", {"c": 0.5, "a": 0.6}), run("y", {"c": 0.5, "a": 0.6})
    comparison = merge([x, replace(y, baseline="a")])
    assert comparison.baseline is None
    assert comparison.scores["baseline"].tolist() == ["c", "c", "a", "a"]
    without = merge([replace(x, baseline=None), replace(y, baseline=None)])
    assert without.scores["difference"].isna().all()


def test_data_sets_of_one_name_are_named_with_their_folders() -> None:
    numbers = {"c": 0.5, "a": 0.6}
    folders = ["one/forum", "two/forum", "strong", "z"]
    runs = [run("x", numbers, folder) for folder in folders[:3]] + [run("y", numbers)]
    assert merge(runs).datasets == ("x (one/forum)", "x (two/forum)", "x (strong)", "y")


@pytest.fixture
def untrained(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes the folder of a run of which nothing is trained yet."""
    return lambda name, baseline="c": write_run(tmp_path / name, "ca", baseline).path


def test_runs_that_cannot_be_compared_are_refused(
    untrained: Callable[..., Path], tmp_path: Path
) -> None:
    first, second = untrained("one"), untrained("two")
    with pytest.raises(ValueError, match="needs the folders of two runs or more, got 1"):
        load_multi_dataset([first])
    with pytest.raises(ValueError, match=r"two/\.\./one is given twice"):
        load_multi_dataset([first, second, f"{second}/../one"])
    with pytest.raises(FileNotFoundError, match=r"elsewhere holds no run: there is no run\.json"):
        load_multi_dataset([first, tmp_path / "elsewhere"])
    with pytest.raises(ValueError, match=r"baseline 'b' is none of the strategies of .*one; .* c"):
        load_multi_dataset([first, second], baseline="b")
    with pytest.raises(ValueError, match="is the folder of a run with its report, which"):
        benchmark.compare_runs([first, second], out=second)


def test_compare_works_where_nothing_finished_and_changes_no_run(
    untrained: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders, out = [untrained("one"), untrained("two", baseline="a")], tmp_path / "both"
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    assert main(["compare", *map(str, folders), "--out", str(out), "--baseline", "a"]) == 0
    assert "No strategy of all runs finished on these 2 data sets" in capsys.readouterr().out
    assert (out / "report.html").exists()
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.json")}


def test_a_report_may_have_another_baseline_and_the_run_stays_as_it_is(
    untrained: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = untrained("one")
    before = (folder / "run.json").read_bytes()
    assert benchmark.load(folder).comparison.baseline == "c"
    assert benchmark.load(folder, baseline="a").comparison.baseline == "a"
    assert (folder / "run.json").read_bytes() == before
    assert main(["report", str(folder), "--baseline", "magic"]) == 2
    assert f"'magic' is none of the strategies of {folder}" in capsys.readouterr().err


def test_a_copy_of_a_run_is_refused(tmp_path: Path) -> None:
    first, copy, other = (tmp_path / name for name in ("first", "copy", "other"))
    fabricate_run("first", strategies=("c", "a")).write(first)
    shutil.copytree(first, copy)
    with pytest.raises(ValueError, match=rf"{first} and {copy} hold the same run: .* give one"):
        load_multi_dataset([first, copy])
    fabricate_run("first", strategies=("c", "a", "b")).write(copy)
    with pytest.raises(ValueError, match="hold the same run"):
        load_multi_dataset([first, copy])
    fabricate_run("first", strategies=("c", "a"), seeds=(0, 1)).write(other)
    assert load_multi_dataset([first, other]).names == ("clothes (first)", "clothes (other)")


def test_what_is_damaged_in_a_run_is_told(tmp_path: Path) -> None:
    for name in ("first", "second"):
        fabricate_run(name, strategies=("c", "a")).write(tmp_path / name)
    (file,) = (tmp_path / "first" / "records").glob("a-*.json")
    file.write_text("{}")
    comparison = load_multi_dataset([tmp_path / "first", tmp_path / "second"])
    (sentence,) = comparison.runs[0].lacks
    assert sentence.startswith(f"1 record is damaged, so a row here lacks its numbers: {file.name}")
    assert f"On `clothes (first)`, {sentence}" in list(warnings(comparison))
