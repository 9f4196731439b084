"""Random labels and predictions for tests of metrics."""

import numpy as np


def random_predictions(rng):
    """Labels, predictions and log-probabilities; classes may be absent, or never predicted."""
    classes, images = int(rng.integers(2, 12)), int(rng.integers(1, 60))
    present = rng.random(classes) < rng.uniform(0.2, 1)
    called = rng.random(classes) < rng.uniform(0.2, 1)
    present[rng.integers(classes)] = called[rng.integers(classes)] = True
    labels = rng.choice(np.flatnonzero(present), images)
    predicted = rng.choice(np.flatnonzero(called), images)
    p = rng.dirichlet(np.full(classes, rng.choice([0.3, 1.0, 5.0])), images)
    p = np.maximum(p, 1e-12)
    return labels, predicted, np.log(p / p.sum(1, keepdims=True)), classes
