"""Metrics of how the network's probabilities rank images and classes, before the decision.

A decision, as a moved threshold, gives labels alone, so it changes none of these. A calibration
changes probabilities: one temperature may change the order of images, never that of the classes of
an image, so that top-k accuracy stays; a scale and a bias of each class may change both.
"""

import numpy as np

from benchmark.evaluation.metrics.class_counts import Floats
from benchmark.evaluation.metrics.metric import Metric, SplitPredictions

_LEFT_OUT = "Classes without test images are left out; so is a class that has all of them."


def _mean_of_defined(values: Floats) -> float:
    """Return the mean of the values that are not NaN; NaN without any."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else np.nan


def _top_k_accuracy(split: SplitPredictions, k: int) -> float:
    if len(split.train_counts) <= k:  # all classes are among the k
        return np.nan
    return float((split.true_class_rank < k).mean())


RANKING = (
    Metric(
        "macro_auroc",
        "Macro AUROC",
        "One class against the rest: how often an image of the class has a higher probability of "
        "it than an image of another class; by chance .50. The plain mean over classes. "
        f"{_LEFT_OUT}",
        lambda split: _mean_of_defined(split.one_against_rest.auroc),
        of_network=True,
    ),
    Metric(
        "macro_average_precision",
        "Macro average precision",
        "One class against the rest: precision, averaged over the ranks of the class's images by "
        "their probability of it; by chance the class's share of the test images, so that rare "
        f"classes are harder. The plain mean over classes. {_LEFT_OUT}",
        lambda split: _mean_of_defined(split.one_against_rest.average_precision),
        of_network=True,
    ),
    Metric(
        "top_3_accuracy",
        "Top-3 accuracy",
        "Share of the test images whose true class is among the three likeliest. It is shown for "
        "more than three classes.",
        lambda split: _top_k_accuracy(split, 3),
        of_network=True,
    ),
    Metric(
        "top_5_accuracy",
        "Top-5 accuracy",
        "Share of the test images whose true class is among the five likeliest. It is shown for "
        "more than five classes.",
        lambda split: _top_k_accuracy(split, 5),
        of_network=True,
    ),
)
