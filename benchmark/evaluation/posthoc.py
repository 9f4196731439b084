"""Every trained network under the decisions that need no training.

Does a strategy beat a post-hoc adjustment, which costs nothing? A registered strategy that trains
as the baseline does and only decides otherwise is such an adjustment; its decision is fitted to
every network of a run.
"""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.evaluation.metrics.class_counts import Labels
from benchmark.evaluation.metrics.metric import SplitPredictions
from benchmark.evaluation.metrics.registry import METRICS
from benchmark.strategy import Decision, Outputs, Strategy
from benchmark.strategy.calibrated import parts
from benchmark.strategy.registry import registered
from benchmark.system.installed import is_installed
from benchmark.system.isolation import failures_ignored, isolated

_METRICS = ("macro_f1", "never_predicted", "balanced_accuracy", "accuracy")
_NO_PROBABILITIES = np.empty((0, 0))  # these metrics read none


def posthoc_decisions() -> dict[str, Decision]:
    """Return the decisions of registered strategies that train nothing of their own, by name.

    A strategy that can't be built is left out, and so is one that corrects probabilities: it is for
    these, not for the labels.
    """
    plain = Strategy()
    decisions = {}
    for name, entry in registered().items():
        with failures_ignored():
            strategy = entry.build_default()
            same_training = replace(strategy, decision=plain.decision, expectations=()) == plain
            calibration, decision = parts(strategy.decision)
            if same_training and calibration is None and decision != plain.decision:
                decisions[name] = strategy.decision
    return decisions


def posthoc_scores(
    decisions: dict[str, Decision], validation: Outputs, test: Outputs, train_counts: Labels
) -> dict[str, dict[str, float]]:
    """Return for each decision, fitted on validation, metrics of the test images.

    A decision that fails is left out: it is a strategy of its own, and fails there.
    """
    scores = {}
    for name, decision in decisions.items():
        # what it does to the process must not fail the strategy whose network it is
        kept = nullcontext() if is_installed(_file(name)) else isolated()
        with failures_ignored(), kept:
            fitted_on, applied_to = validation.copy(), test.without_labels().copy()
            predicted = np.asarray(decision.fit(fitted_on, train_counts.copy())(applied_to))
            split = SplitPredictions(test.labels, predicted, _NO_PROBABILITIES, train_counts)
            scores[name] = {metric: METRICS.get(metric).compute(split) for metric in _METRICS}
    return scores


def _file(name: str) -> Path:
    """Return the file of a strategy; that of one that is not registered is nowhere."""
    entries = registered()
    return entries.get(name).file if name in entries else Path()
