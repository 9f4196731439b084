"""Calibration errors in cases worked by hand."""

import numpy as np
import pytest

from benchmark.evaluation.metrics.calibration import calibration_error, classwise_calibration_error


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
