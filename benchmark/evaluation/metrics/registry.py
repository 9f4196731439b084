"""All metrics in the order of the tables: tables, CSV files and glossary show every entry."""

import numpy as np

from benchmark.evaluation.metrics.balanced import BALANCED
from benchmark.evaluation.metrics.calibration import CALIBRATION
from benchmark.evaluation.metrics.class_counts import Floats, Labels
from benchmark.evaluation.metrics.classification import CLASSIFICATION
from benchmark.evaluation.metrics.metric import Metric, SplitPredictions
from benchmark.evaluation.metrics.ranking import RANKING
from benchmark.spec import Registry

METRICS = Registry[Metric]("metric")


def register_metric(metric: Metric) -> None:
    """Add a metric after those that are there, or replace one of the same module and name."""
    METRICS.register(metric.name, metric, metric.compute)


for _metric in (*CLASSIFICATION, *RANKING, *CALIBRATION, *BALANCED):
    register_metric(_metric)


def main_metrics() -> list[Metric]:
    """Return the metrics of a run's first table, which are compared over data sets too."""
    return [metric for metric in METRICS.values() if metric.main]


def interval_metrics() -> dict[str, Metric]:
    """Return the metrics that have a confidence interval, by name."""
    return {name: metric for name, metric in METRICS.items() if metric.of_counts}


def evaluate(
    labels: Labels, predicted: Labels, log_probabilities: Floats, train_counts: Labels
) -> dict[str, float]:
    """Return all METRICS of one strategy on one split; NaN, all of them, of a split without images.

    For shapes see `SplitPredictions`.
    """
    return evaluate_split(SplitPredictions(labels, predicted, log_probabilities, train_counts))


def evaluate_split(split: SplitPredictions) -> dict[str, float]:
    """Return what `evaluate` returns; what the metrics share is computed once, and stays."""
    if not len(split.labels):
        return dict.fromkeys(METRICS, np.nan)
    return {metric.name: metric.compute(split) for metric in METRICS.values()}
