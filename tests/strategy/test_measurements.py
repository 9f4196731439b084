"""What measurements compute themselves."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from benchmark.strategy import Outputs
from benchmark.strategy.measurements import DecisionMeasurement


@pytest.mark.parametrize("seed", range(20))
def test_macro_f1_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    classes, n = int(rng.integers(2, 9)), int(rng.integers(1, 60))
    labels = rng.integers(0, rng.integers(1, classes + 1), n)
    predicted = rng.integers(0, rng.integers(1, classes + 1), n)
    outputs = Outputs(rng.normal(size=(n, classes)), np.zeros((n, 1)), labels)
    measurement = DecisionMeasurement(np.ones(classes, int), outputs, predicted)
    options = {"labels": range(classes), "average": "macro", "zero_division": 0}
    for given, f1 in zip((outputs.logits.argmax(1), predicted), measurement.macro_f1, strict=True):
        assert f1 == pytest.approx(f1_score(labels, given, **options), abs=1e-12)
