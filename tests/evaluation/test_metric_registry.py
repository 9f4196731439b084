"""One entry makes a metric: it is computed, explained and shown without any other change."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.analysis.multi_dataset import merge
from benchmark.cli.result_summary import print_result
from benchmark.evaluation.metrics.class_counts import count_classes
from benchmark.evaluation.metrics.metric import Metric
from benchmark.evaluation.metrics.registry import (
    METRICS,
    evaluate,
    interval_metrics,
    register_metric,
)
from benchmark.evaluation.statistics.sampling_variance import interval_scores
from benchmark.report.single import csv_files, metric_tables, page
from benchmark.result import Result
from tests.evaluation.metrics.random_predictions import random_predictions
from tests.report.fabricate import fabricate

ERROR_RATE = Metric(
    "error_rate",
    "Error rate",
    "Share of all test images that are wrong.",
    lambda split: 1 - float(split.counts.true_positives.sum() / split.counts.support.sum()),
    better="lower",
    main=True,
    of_counts=lambda counts: 1 - counts.true_positives.sum(-1) / counts.support.sum(-1),
)


@pytest.fixture
def error_rate():
    saved = METRICS.copy()
    register_metric(ERROR_RATE)
    yield ERROR_RATE
    METRICS.restore(saved)


def test_a_registered_metric_is_evaluated_after_the_others(error_rate):
    labels, predicted, log_p, classes = random_predictions(np.random.default_rng(0))
    metrics = evaluate(labels, predicted, log_p, np.arange(1, classes + 1))
    assert list(metrics) == list(METRICS)
    assert list(metrics)[-1] == "error_rate"
    assert metrics["error_rate"] == pytest.approx(1 - metrics["accuracy"])


def test_a_registered_metric_has_an_interval_if_it_has_a_form_of_counts(error_rate):
    labels, predicted, _, classes = random_predictions(np.random.default_rng(0))
    estimates = interval_scores(count_classes(labels, predicted, classes))
    assert list(interval_metrics())[-1] == "error_rate"
    assert estimates[-1] == pytest.approx((labels != predicted).mean())


def test_a_registered_metric_is_in_tables_csv_files_and_glossary_of_a_report(error_rate):
    comparison = fabricate()
    assert comparison.summary["error_rate"].tolist() == pytest.approx(
        (1 - comparison.summary["accuracy"]).tolist(), nan_ok=True
    )
    assert "Error rate ↓" in metric_tables.main_table(comparison).columns
    frames = csv_files.frames_of(comparison)
    for file in ("summary.csv", "seeds.csv"):
        assert "error_rate" in frames[file]
    for file in ("intervals.csv", "paired.csv"):
        assert "error_rate" in set(frames[file]["metric"])
    terms = repr(page.glossary())
    assert error_rate.title in terms
    assert error_rate.description in terms


def test_a_registered_metric_is_on_the_terminal(error_rate, capsys):
    reports = dict.fromkeys(("markdown", "html"), Path("report"))
    print_result(Result(fabricate(), reports))
    assert "Error" in capsys.readouterr().out


def test_a_registered_metric_is_compared_over_data_sets(error_rate):
    table = merge([fabricate(Path("a")), fabricate(Path("b"))]).scores
    assert {"error_rate", "error_rate_difference", "error_rate_rank"} <= set(table)


def test_a_metric_and_its_form_of_counts_are_equal_to_the_bit():
    rng = np.random.default_rng(0)
    for _ in range(200):
        labels, predicted, log_p, classes = random_predictions(rng)
        metrics = evaluate(labels, predicted, log_p, np.arange(1, classes + 1))
        estimates = interval_scores(count_classes(labels, predicted, classes))
        assert [metrics[name] for name in interval_metrics()] == estimates.tolist()


def test_every_metric_explains_itself():
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.title
        assert metric.description.endswith(".")
    names = [metric.balanced_form_of for metric in METRICS.values() if metric.balanced_form_of]
    names += [metric.present_form_of for metric in METRICS.values() if metric.present_form_of]
    assert set(names) <= set(METRICS)


CLASS_COUNTS = np.array([40, 30, 20, 10, 5, 3])
LABELS = np.repeat(np.arange(6), CLASS_COUNTS)


def evaluate_confident(predicted):
    """Evaluate predictions (N,) of which the network was 98 % sure."""
    log_p = np.log(np.where(np.eye(6)[predicted] == 1, 0.98, 0.004))
    return evaluate(LABELS, predicted, log_p, CLASS_COUNTS)


BAD = {
    "one class alone": np.zeros_like(LABELS),
    "all wrong": (LABELS + 1) % 6,
    "the largest class for the rest": np.where(LABELS < 3, LABELS, 0),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("metric", [m.name for m in METRICS.values() if m.better])
def test_a_perfect_prediction_is_the_better_one_in_the_direction_of_the_metric(metric, bad):
    sign = 1 if METRICS.get(metric).better == "higher" else -1
    perfect, other = evaluate_confident(LABELS)[metric], evaluate_confident(BAD[bad])[metric]
    assert sign * perfect >= sign * other
    never = {"never_predicted", "never_predicted_present"}
    many = {"many_recall", "top_5_accuracy"}  # of 6 classes, ties going to the last
    equal = {"all wrong": never, "the largest class for the rest": many}
    assert (perfect == other) == (metric in equal.get(bad, ()))
