"""Calibration errors in cases worked by hand."""

import json

import numpy as np
import pytest

from benchmark.evaluation.metrics.calibration import (
    calibration_error,
    classwise_calibration_error,
    pooled_reliability,
    reliability,
)
from tests.evaluation.metrics.random_predictions import random_predictions


def test_calibration_error_of_a_hand_worked_case():
    log_p = np.log([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    labels = np.array([0, 1, 0, 0])
    # |0.5 - 0.9| and |1 - 0.6|, each for half of the images
    assert calibration_error(labels, log_p) == pytest.approx(0.4)


def test_classwise_calibration_error_of_a_hand_worked_case():
    log_p = np.log([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    labels = np.array([0, 1, 0, 0])
    # both classes mirror each other: |0.5 - 0.9| / 2 + |1 - 0.6| / 2, and the same from below
    assert classwise_calibration_error(labels, log_p) == pytest.approx(0.4)
    sure = np.log(np.array([[1, 1e-300], [1e-300, 1]]))
    assert classwise_calibration_error(np.array([0, 1]), sure) == pytest.approx(0, abs=1e-12)
    assert classwise_calibration_error(np.array([1, 0]), sure) == pytest.approx(1)


def test_classwise_calibration_error_is_positive_where_the_top_label_is_calibrated():
    """Two classes that take turns as second and third, at .3 and .1: the top label says nothing."""
    log_p = np.log([[0.6, 0.3, 0.1]] * 10)
    labels = np.array([0] * 6 + [2] * 4)
    assert calibration_error(labels, log_p) == pytest.approx(0)
    assert classwise_calibration_error(labels, log_p) == pytest.approx(0.6 / 3)


def test_reliability_counts_by_the_predicted_class():
    log_p = np.log([[0.95, 0.03, 0.02], [0.92, 0.05, 0.03], [0.3, 0.1, 0.6], [0.2, 0.15, 0.65]])
    labels = np.array([0, 2, 2, 0])
    bins = reliability(labels, log_p, np.array([90, 50, 10]))
    assert bins["all_images"] == [0, 0, 0, 0, 0, 0, 2, 0, 0, 2]
    assert bins["rare_images"] == [0, 0, 0, 0, 0, 0, 2, 0, 0, 0], "predicted as class 2, not of it"
    assert bins["other_images"] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert bins["rare_confidence"][6] == pytest.approx(0.625)
    assert bins["rare_accuracy"][6] == bins["other_accuracy"][9] == 0.5
    assert np.isnan(bins["rare_accuracy"][0])
    assert set(bins) == {
        f"{group}_{column}"
        for group in ("all", "rare", "other")
        for column in ("images", "confidence", "accuracy")
    }


def test_reliability_is_what_calibration_error_adds_up():
    rng = np.random.default_rng(1)
    for _ in range(50):
        labels, _, log_p, classes = random_predictions(rng)
        bins = reliability(labels, log_p, rng.integers(1, 99, classes), bins=15)
        images, confidence, accuracy = (
            np.array(bins[f"all_{column}"], float)
            for column in ("images", "confidence", "accuracy")
        )
        gap = np.nansum(images * np.abs(confidence - accuracy)) / images.sum()
        assert gap == pytest.approx(calibration_error(labels, log_p), abs=1e-12)
        parts = np.add(bins["rare_images"], bins["other_images"])
        assert parts.tolist() == bins["all_images"]


def test_reliability_of_seeds_is_that_of_all_their_images():
    rng = np.random.default_rng(2)
    log_p = np.log(rng.dirichlet([1, 1, 1], 90))
    labels, counts = rng.integers(0, 3, 90), np.array([30, 20, 10])
    parts = [reliability(labels[k::3], log_p[k::3], counts) for k in range(3)]
    whole = reliability(labels, log_p, counts)
    # as a record gives it back: what is not finite is null
    stored = json.loads(json.dumps(parts).replace("NaN", "null"))
    for seeds in (parts, stored):
        pooled = pooled_reliability(seeds)
        for name, values in whole.items():
            np.testing.assert_allclose(pooled[name], values, atol=1e-12)
