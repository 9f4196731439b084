"""What a network that knows all classes but one says of every image, for each class left out.

The sums of exponentials are computed once; a class is left out of them by subtraction. Only where
it is the likeliest, so that little would remain, a second sum of the others takes their place.
"""

from collections.abc import Sequence

import numpy as np

from benchmark.evaluation.diagnosis.evidence import Evidence
from benchmark.evaluation.diagnosis.exponential_sums import ExponentialSums
from benchmark.evaluation.metrics.class_counts import Floats, Labels


def log_share_of_likeliest(evidence: Evidence, k: int) -> Floats:
    """Log-probability (N,) of each image's likeliest class, by a network without class k."""
    sums = evidence.balanced_sums
    others = 1 + (sums.others - np.exp(evidence.balanced_for(k) - sums.largest))
    return np.asarray(-np.log(np.where(sums.likeliest == k, sums.above_second, others)))


def shares_of_others(evidence: Evidence, classes: Sequence[int]) -> Floats:
    """Return which share of the images of all classes but k each class takes, for K classes k.

    A share is the mean probability, without the prior, by a network that knows neither class k nor
    the classes without images. The other classes weigh the same each, and a class's own images do
    not count. Returns (K, C); 0 for k itself. Each k must have images.
    """
    left_out, present = np.array(classes, np.int64), evidence.counts > 0
    total = np.zeros((len(classes), len(present)))
    if not len(classes):
        return total
    for images in evidence.chunks():
        labels, balanced = evidence.labels[images], evidence.balanced_of(images)
        balanced[:, ~present] = -np.inf
        _add_shares(total, balanced, labels, 1 / evidence.counts[labels], left_out)
    total[np.arange(len(left_out)), left_out] = 0
    return total / max(present.sum() - 2, 1)


def _add_shares(
    total: Floats, balanced: Floats, labels: Labels, weights: Floats, left_out: Labels
) -> None:
    """Add probabilities of n images with balanced logits (n, C) to the sums (K, C)."""
    rows, sums = np.arange(len(labels)), ExponentialSums.from_logits(balanced)
    p = np.exp(balanced - sums.largest[:, None])
    is_likeliest = sums.likeliest[:, None] == left_out  # (n, K)
    counts = ~is_likeliest & (labels[:, None] != left_out)
    own = np.where(is_likeliest, 0, p[:, left_out])
    p[rows, labels] = 0
    # (K, n) @ (n, C)
    total += np.where(counts, weights[:, None] / (1 + (sums.others[:, None] - own)), 0).T @ p
    row_of = np.full(balanced.shape[1], -1)
    row_of[left_out] = np.arange(len(left_out))
    rest = np.flatnonzero((row_of[sums.likeliest] >= 0) & (labels != sums.likeliest))
    p = np.exp(balanced[rest] - sums.second[rest, None])
    p *= (weights / sums.above_second)[rest, None]
    p[np.arange(len(rest)), labels[rest]] = 0
    p[np.arange(len(rest)), sums.likeliest[rest]] = 0
    np.add.at(total, row_of[sums.likeliest[rest]], p)
