"""Labels of the images that a decision is fitted on, none by a rule that has seen the image."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.outputs import Outputs
from benchmark.strategy.protocols import Decision
from benchmark.strategy.rules import calibrated

FOLDS = 5


def cross_fit(
    decision: Decision, validation: Outputs, counts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return labels of the validation images (N,), see `cross_fit_outputs`."""
    return cross_fit_outputs(decision, validation, counts)[0]


def cross_fit_outputs(
    decision: Decision, validation: Outputs, counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Outputs]:
    """Return labels of the validation images (N,), each by a rule that was fitted to others.

    With them come the outputs as these rules calibrate them: those of the network, of a rule that
    corrects no probability.

    The images are dealt into FOLDS folds, each class evenly; the rule for a fold is fitted to the
    others (Stone 1974, JRSS B 36). A decision that fits nothing gives its own labels. `counts` are
    the training images of each class, (C,).
    """
    # scikit-learn's StratifiedKFold deals otherwise, and warns of classes of fewer than FOLDS
    folds = np.empty(len(validation.labels), int)
    order = np.random.default_rng(0).permutation(len(validation.labels))
    order = order[np.argsort(validation.labels[order], kind="stable")]  # class by class
    folds[order] = np.arange(len(order)) % FOLDS
    predicted = np.empty(len(validation.labels), np.int64)
    corrected = validation
    for fold in range(FOLDS):
        held_out = folds == fold
        if held_out.any():
            rule = decision.fit(validation.subset(~held_out), counts.copy())
            others = validation.subset(held_out).without_labels()
            predicted[held_out] = rule(others)
            if hasattr(rule, "calibrated"):
                if corrected is validation:
                    corrected = replace(validation, logits=validation.logits.astype(np.float64))
                corrected.logits[held_out] = calibrated(rule, others).logits
    return predicted, corrected
