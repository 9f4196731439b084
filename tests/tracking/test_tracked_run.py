"""What trackers are given: the finite numbers of the tables, by step and at the end."""

from dataclasses import replace

import pytest

from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.tracking.tracked_run import read_tracked_run
from tests.report.fabricate import fabricate


@pytest.fixture(scope="module")
def comparison():
    how = {"classes": ("cat", "dog"), "images": 100, "null": True}
    return fabricate(seeds=(0, 1), failed=[("focal_loss", 1)], **how)


@pytest.fixture(scope="module")
def run(comparison):
    return read_tracked_run(comparison, [], "It helps.")


def test_each_strategy_and_seed_is_a_training_and_so_is_the_null_row(comparison, run):
    expected = {(name, seed) for name in comparison.rows for seed in (0, 1)}
    assert {(each.strategy, each.seed) for each in run.trainings} == expected
    (failed,) = (each for each in run.trainings if each.error)
    assert failed.name == "focal_loss seed 1"
    assert "CUDA out of memory" in failed.error
    assert failed.scores == {}


def test_curves_and_losses_are_those_of_the_tables(comparison, run):
    training = next(each for each in run.trainings if each.strategy == "class_weights")
    curve = comparison.curves.query("strategy == 'class_weights' and seed == 0")
    losses = comparison.losses.query("strategy == 'class_weights' and seed == 0")
    assert training.steps["val_macro_f1"] == [
        *zip(curve["step"].tolist(), curve["val_macro_f1"].tolist(), strict=True)
    ]
    assert training.steps["train_loss"] == [
        *zip(losses["step"].tolist(), losses["loss"].tolist(), strict=True)
    ]
    assert training.end == max(curve["step"].max(), losses["step"].max())


def test_scores_have_their_bounds_where_there_are_some(comparison, run):
    table = comparison.intervals.set_index(["strategy", "metric"])
    for metric in interval_metrics():
        row = table.loc["no_change", metric]
        for end, column in (("", "value"), ("_low", "low"), ("_high", "high")):
            assert run.scores[f"no_change/{metric}{end}"] == row[column]
    assert "no_change again/macro_f1" in run.scores
    assert "no_change/mcc_low" not in run.scores


def test_the_digest_tells_new_results_and_not_other_seconds(comparison, run):
    assert read_tracked_run(comparison, [], "It helps.").digest == run.digest
    rows = comparison.seed_rows
    slower = replace(comparison, seed_rows=rows.assign(seconds=99.0))
    assert read_tracked_run(slower, [], "It helps.").digest == run.digest
    better = replace(comparison, seed_rows=rows.assign(mcc=0.9))
    assert read_tracked_run(better, [], "It helps.").digest != run.digest
