"""What a record has of the probabilities of all classes of the test images."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics.calibration import reliability
from benchmark.evaluation.metrics.metric import SplitPredictions
from benchmark.evaluation.metrics.registry import evaluate_split
from benchmark.strategy import Outputs
from benchmark.strategy.outputs import log_softmax


class ProbabilityScores(NamedTuple):
    """Fields of a record, see there."""

    metrics: dict[str, float]
    one_against_rest: dict[str, tuple[float | None, ...]]
    reliability: dict[str, tuple[Any, ...]]


def score_probabilities(
    outputs: Outputs, predicted: NDArray[np.int64], counts: NDArray[np.int64]
) -> ProbabilityScores:
    """Measure the test images, `predicted` (N,) after the decision.

    Their probabilities (N, C) in double precision are in memory here alone. `counts` are the
    training images of each class, (C,).
    """
    split = SplitPredictions(outputs.labels, predicted, log_softmax(outputs.logits), counts)
    bins = reliability(outputs.labels, split.log_probabilities, counts)
    return ProbabilityScores(
        evaluate_split(split), _tuples(vars(split.one_against_rest)), _tuples(bins)
    )


def _tuples(columns: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(np.asarray(values).tolist()) for name, values in columns.items()}
