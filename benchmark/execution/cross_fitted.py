"""Validation images, each decided by a rule that was fitted to others: what a record has of them.

Metrics on validation come from these, and the threshold below which a classifier abstains.
"""

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics.registry import METRICS, evaluate
from benchmark.execution.record_schema import CrossFitted
from benchmark.storage.number_columns import Floats, Integers
from benchmark.strategy import Decision, Outputs
from benchmark.strategy.cross_fit import cross_fit_outputs
from benchmark.strategy.outputs import log_softmax


def cross_fitted(
    decision: Decision, validation: Outputs, counts: NDArray[np.int64]
) -> tuple[CrossFitted | None, Outputs]:
    """Return what `cross_fit_outputs` decides, and the outputs as it calibrates them.

    None, and the network's outputs, for a decision that can't be fitted to fewer images. `counts`
    are the training images of each class, (C,).
    """
    try:
        predicted, corrected = cross_fit_outputs(decision, validation, counts)
    except Exception:  # of a plug-in
        return None, validation
    confidence = confidence_in(corrected, predicted)
    return CrossFitted(Integers(predicted), Floats(confidence)), corrected


def validation_metrics(
    unseen: CrossFitted | None, validation: Outputs, counts: NDArray[np.int64]
) -> dict[str, float]:
    """Return METRICS of the validation images; NaN, all of them, where none could be decided."""
    if unseen is None:
        return dict.fromkeys(METRICS, np.nan)
    predicted = np.array(unseen.predicted, np.int64)
    return evaluate(validation.labels, predicted, log_softmax(validation.logits), counts)


def confidence_in(outputs: Outputs, predicted: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the probability of the predicted class of each image, (N,), rounded."""
    return np.asarray(np.exp(outputs.log_probability_of(predicted)).round(5), np.float64)
