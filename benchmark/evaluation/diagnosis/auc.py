"""The area under the ROC curve of two groups of scores."""

import numpy as np

from benchmark.evaluation.metrics.class_counts import Floats


def auc(positive: Floats, negative: Floats) -> float:
    """Probability that a positive's score exceeds a negative's, ties half; nan if one is empty.

    scikit-learn's `roc_auc_score` integrates a curve, which differs in the last bits. Only the
    smaller group is sorted: it is one class, the other may be all images.
    """
    pairs = len(positive) * len(negative)
    if not pairs or np.isnan(positive).any() or np.isnan(negative).any():
        return np.nan
    fewer, more = sorted((positive, negative), key=len)
    ordered = np.sort(fewer)
    # of the larger group, twice
    wins = sum(int(np.searchsorted(ordered, more, side).sum()) for side in ("left", "right")) / 2
    return (pairs - wins if fewer is positive else wins) / pairs
