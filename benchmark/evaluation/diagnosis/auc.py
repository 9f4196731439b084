"""The area under the ROC curve of two groups of scores."""

import numpy as np
from scipy.stats import rankdata

from benchmark.evaluation.metrics.class_counts import Floats


def auc(positive: Floats, negative: Floats) -> float:
    """Probability that a positive's score exceeds a negative's, ties half; nan if one is empty.

    scikit-learn's `roc_auc_score` integrates a curve, which differs in the last bits.
    """
    p, n = len(positive), len(negative)
    if not p or not n:
        return np.nan
    ranks = rankdata(np.concatenate([positive, negative]))[:p]
    return float((ranks.sum() - p * (p + 1) / 2) / (p * n))
