"""Which images are for review."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmark.inference.classifier import Predictions
from benchmark.inference.prediction_rows import prediction_rows

MODEL: Any = SimpleNamespace(classes_=np.array(["a", "b"]))


def test_what_is_unsure_or_no_number_or_can_not_be_read_is_for_review():
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [np.nan, np.nan]])
    predictions = Predictions(np.arange(3), np.array([0, 1, 0]), probabilities, {3: "it is empty"})
    rows = prediction_rows(MODEL, predictions, 0.7)
    assert [rows[index]["review"] for index in range(4)] == [False, True, True, True]
    assert rows[1] | {"review": None} == {
        "class": "b", "confidence": 0.6, "best_1": "b", "probability_1": 0.6,
        "best_2": "a", "probability_2": 0.4, "review": None,
    }  # fmt: skip
    assert rows[3]["error"] == "it is empty"
