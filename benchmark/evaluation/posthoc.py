"""Every trained network under the decisions that need no training.

Does a strategy beat a post-hoc adjustment, which costs nothing? A registered strategy that trains
as the baseline does and only decides otherwise is such an adjustment; its decision is fitted to
every network of a run.
"""

import numpy as np

from benchmark.evaluation.metrics.class_counts import Labels
from benchmark.evaluation.metrics.metric import SplitPredictions
from benchmark.evaluation.metrics.registry import METRICS
from benchmark.strategy import Decision, Outputs, Strategy
from benchmark.strategy.registry import registered

_METRICS = ("macro_f1", "never_predicted", "balanced_accuracy", "accuracy")


def posthoc_decisions() -> dict[str, Decision]:
    """Return the decisions of registered strategies that train nothing of their own, by name."""
    plain = Strategy()
    decisions = {}
    for name, entry in registered().items():
        strategy = entry.build()
        same_training = strategy.stages == plain.stages and strategy.head == plain.head
        if same_training and strategy.decision != plain.decision:
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
        try:
            predicted = np.asarray(decision.fit(validation, train_counts)(test.without_labels()))
            split = SplitPredictions(test.labels, predicted, test.log_probabilities, train_counts)
            scores[name] = {metric: METRICS.get(metric).compute(split) for metric in _METRICS}
        except Exception:  # noqa: S112 -- whatever a plug-in raises
            continue
    return scores
