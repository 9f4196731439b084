"""Scores at equal class frequencies."""

import numpy as np
import pytest

from benchmark.evaluation.metrics.registry import evaluate


def test_balanced_scores_are_those_of_a_test_set_with_equal_classes():
    """Repeat the images of each class until all have equally many: 6 of one, 2 of the other."""
    labels = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    predicted = np.array([0, 0, 0, 0, 1, 1, 1, 0])
    log_p = np.log(np.random.default_rng(0).dirichlet([1, 1, 1], 8))
    repeated = np.repeat(np.arange(8), [1, 1, 1, 1, 1, 1, 3, 3])
    counts = np.array([9, 9, 9])
    metrics = evaluate(labels, predicted, log_p, counts)
    even = evaluate(labels[repeated], predicted[repeated], log_p[repeated], counts)
    for name in ("macro_f1", "log_loss", "ece"):
        assert metrics[f"{name}_balanced"] == pytest.approx(even[name])
        assert metrics[f"{name}_balanced"] == pytest.approx(even[f"{name}_balanced"])
        assert metrics[name] != pytest.approx(even[name])
    assert metrics["balanced_accuracy"] == pytest.approx(even["accuracy"])
