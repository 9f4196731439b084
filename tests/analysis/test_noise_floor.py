"""The null row competes with no strategy, and says what differs by chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmark.analysis.comparison import load_comparison
from benchmark.analysis.noise_floor import noise_floor
from tests.report.fabricate import fabricate, fabricate_run

TABLES = ("summary", "seed_rows", "per_class", "intervals", "paired", "class_changes", "curves")


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_every_number_of_a_strategy_is_the_same_with_a_null_row_and_without(
    seeds: tuple[int, ...],
) -> None:
    without, with_null = fabricate(seeds=seeds), fabricate(seeds=seeds, null=True)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(without, name), getattr(with_null, name))
    assert without.strategies == with_null.strategies
    assert without.network_owners == with_null.network_owners
    assert (without.null, with_null.null) == (None, "no_change again")


def test_the_null_row_stands_below_what_it_repeats_and_at_the_end_of_a_table() -> None:
    run = fabricate(null=True)
    assert run.rows[:3] == ["no_change", "no_change again", "class_weights"]
    summary = run.with_null(lambda comparison: comparison.summary)
    assert list(summary["strategy"]) == [*run.strategies, "no_change again"]
    paired = run.with_null(lambda comparison: comparison.paired)
    assert set(paired["strategy"]) == {*run.strategies[1:], "no_change again"}


def test_its_p_value_is_of_one_comparison_and_changes_no_others() -> None:
    null_row = fabricate(null=True).null_row
    assert null_row is not None
    row = null_row.paired.iloc[0]
    assert row["p_test_set"] == row["p_test_set_adj"]


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2, 3)])
def test_the_floor_of_a_seed_is_the_root_mean_square_and_that_of_a_mean_is_no_higher(
    seeds: tuple[int, ...],
) -> None:
    run = fabricate(seeds=seeds, null=True)
    rows = run.with_null(lambda comparison: comparison.seed_rows)
    scores = rows.pivot(index="seed", columns="strategy", values="macro_f1")
    difference = scores["no_change again"] - scores["no_change"]
    floor = noise_floor(run)
    assert floor is not None
    expected = np.sqrt(np.mean(difference**2))
    assert floor.of_seed("macro_f1") == pytest.approx(expected)
    mean = max(abs(difference.mean()), expected / np.sqrt(len(seeds)))
    assert floor.of_mean("macro_f1") == pytest.approx(mean)
    assert floor.original == "no_change"
    assert floor.of_mean("macro_f1") <= floor.of_seed("macro_f1")


def test_there_is_no_floor_without_a_null_row_or_where_it_failed() -> None:
    assert noise_floor(fabricate()) is None
    failed = fabricate(null=True, failed=[("no_change again", 0)])
    assert noise_floor(failed) is None
    assert list(failed.failures["strategy"]) == ["no_change again"]


def test_the_null_row_of_another_baseline_still_repeats_its_own(tmp_path: Path) -> None:
    fabricate_run(null=True).write(tmp_path)
    run = load_comparison(tmp_path, "focal_loss")
    floor = noise_floor(run)
    assert floor is not None
    assert (run.baseline, floor.original) == ("focal_loss", "no_change")


def test_the_null_row_is_no_baseline(tmp_path: Path) -> None:
    fabricate_run(null=True).write(tmp_path)
    with pytest.raises(ValueError, match=r"is none of the strategies .* choose one of no_change"):
        load_comparison(tmp_path, "no_change again")
