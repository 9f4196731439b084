"""Scores of a strategy are those of the tables, with the intervals that there are."""

import numpy as np
import pytest

from benchmark.analysis.scores import metric_scores, recall_scores, seeds_without_predictions
from benchmark.evaluation.metrics.registry import METRICS, interval_metrics
from tests.report.fabricate import fabricate


@pytest.fixture(scope="module")
def comparison():
    how = {"classes": ("cat", "dog", "owl"), "images": 200, "test_images": {"owl": 0}}
    return fabricate(seeds=(0, 1), failed=[("focal_loss", 1), ("class_weights", 0)], **how)


def test_metrics_are_means_over_the_seeds_that_finished(comparison):
    for name in ("no_change", "focal_loss"):
        own = comparison.seed_rows.query("strategy == @name and status == 'ok'")
        scores = metric_scores(comparison, name)
        assert list(scores) == list(METRICS)
        for metric, score in scores.items():
            expected = own[metric].astype(float).mean()
            assert score.value == pytest.approx(expected, nan_ok=True)
            assert score.has_interval == (metric in interval_metrics())


def test_a_strategy_that_finished_no_seed_has_none():
    comparison = fabricate(failed=[("focal_loss", 0)])
    assert metric_scores(comparison, "focal_loss") == {}
    assert recall_scores(comparison, "focal_loss") == {}


def test_recalls_are_in_the_order_of_the_classes_and_not_defined_without_images(comparison):
    recalls = recall_scores(comparison, "no_change")
    assert list(recalls) == comparison.classes
    assert np.isnan(recalls["owl"].value)
    assert not recalls["owl"].has_interval
    assert recalls["cat"].low <= recalls["cat"].value <= recalls["cat"].high


def test_classes_that_are_never_predicted_are_counted_by_seed(comparison):
    table = comparison.per_class.query("strategy == 'no_change' and predicted == 0")
    expected = table["class"].value_counts().to_dict()
    assert expected
    assert seeds_without_predictions(comparison, "no_change") == expected
