"""Numbers of each class."""

import numpy as np
import pytest

from benchmark.evaluation.per_class import class_scores


def test_exact_interval_of_none_in_ten():
    labels, predicted = np.zeros(10, int), np.ones(10, int)
    scores = class_scores(labels, predicted, 2)
    assert scores["recall_low"][0] == 0
    assert scores["recall_high"][0] == pytest.approx(0.308, abs=5e-4)
    assert np.isnan(scores["recall_high"][1])
