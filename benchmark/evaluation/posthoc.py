"""What costs nothing: every trained network under the decisions that need no training.

Does a strategy beat a correction that is free? A registered strategy that trains as the baseline
does and only decides otherwise is such a correction; its decision is fitted to every network of a
run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics import class_scores, macro_f1, never_predicted
from benchmark.strategy import Decision, Outputs, Strategy
from benchmark.strategy.registry import registered


def posthoc_decisions() -> dict[str, Decision]:
    """Return the decisions of registered strategies that train nothing of their own, by name."""
    plain = Strategy()
    found = {}
    for name, entry in registered().items():
        built = entry.build()
        same_training = built.stages == plain.stages and built.head == plain.head
        if same_training and built.decision != plain.decision:
            found[name] = built.decision
    return found


def posthoc_scores(
    decisions: dict[str, Decision],
    validation: Outputs,
    test: Outputs,
    train_counts: NDArray[np.int64],
) -> dict[str, dict[str, Any]]:
    """Return for each decision, fitted on validation, the numbers of the test images.

    A decision that fails is left out: it is a strategy of its own, and fails there.
    """
    found = {}
    for name, decision in decisions.items():
        try:
            labels = np.asarray(decision.fit(validation, train_counts)(test.unlabelled()))
            found[name] = _numbers(test.labels, labels, len(train_counts))
        except Exception:  # whatever a plug-in raises
            continue
    return found


def _numbers(labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> dict:
    recall = class_scores(labels, predicted, classes)["recall"]
    return {
        "macro_f1": macro_f1(labels, predicted, classes),
        "never_predicted": int(never_predicted(predicted, classes).sum()),
        "balanced_accuracy": float(np.nanmean(recall)),
        "accuracy": float((labels == predicted).mean()),
    }
