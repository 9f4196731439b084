"""Which labels are likely wrong: by k-fold linear classifiers on a pretrained network's features.

A classifier that has not seen an image predicts its class. Where another is several times as
probable as the given label, the label is suspect. Classifiers favour frequent classes, so a rare
class would be suspect as a whole; `correct_prior` takes that out. About half of the suspects of
real data sets are real errors (Northcutt et al. 2021, arXiv 2103.14749): rank and show them.

Shapes: N images, C classes, D features. This module needs the extra `labels`.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.covariance import shrunk_covariance
from sklearn.decomposition import PCA

try:
    from cleanlab import filter as confident_learning
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "finding suspect labels needs cleanlab: pip install 'imbalance-bench[labels]'"
    ) from error

FOLDS = 5
COMPONENTS = 512  # principal components that are used; fewer find less, 1,024 no more
SHRINKAGE = 0.3  # of their covariance toward a multiple of the identity; 0.1 to 0.7 differ little
TIMES_AS_PROBABLE = 4.0  # another class, before a label is suspect: 3 finds more, wrongly too
_RIDGE = 1e-4  # on the offsets of the calibration: it has a solution also where classes part fully


class LabelIssues(NamedTuple):
    """What is known of each image's label."""

    suspect: NDArray[np.bool_]  # (N,)
    quality: NDArray[np.float64]  # (N,) from 0, surely wrong, to 1; suspects have at most 0.2
    suggested: NDArray[np.int64]  # (N,) the most probable class
    judged: NDArray[np.bool_]  # (N,) whether anything is known; else quality is NaN


def out_of_fold_probabilities(
    features: NDArray[np.floating],
    labels: NDArray[np.int64],
    classes: int,
    *,
    groups: NDArray[np.int64] | None = None,
    folds: int = FOLDS,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Features (N, D), given labels (N,) -> probabilities of the classes (N, C).

    Features are taken at the scale that they have, see `FrozenFeatures.pretrained_features`.

    Those of an image are by a classifier that was fitted to other folds: linear discriminant
    analysis with shrinkage, which noise in labels moves little and which fits in a second. Images
    of one of the `groups`, (N,), are in the same fold. `_calibrated` makes the scores
    probabilities.

    Nothing is known of an image whose class no other fold has, like that of a class of one image:
    its probabilities are NaN.
    """
    count = len(labels)
    probabilities = np.full((count, classes), np.nan)
    if len(np.unique(labels)) < 2:  # one image, say, which has no principal components
        return probabilities
    fold = _deal(labels, np.arange(count) if groups is None else groups, folds, seed)
    components = min(COMPONENTS, features.shape[1], count - 1)
    # no label enters this projection, so it may see the images that are held out
    with np.errstate(invalid="ignore"):  # shares of no variance, where all images are the same
        reduced = PCA(components, svd_solver="covariance_eigh").fit_transform(
            np.asarray(features, np.float64)
        )
    scores = np.full((count, classes), -np.inf)  # (N, C) of a class that a classifier can't know
    for k in range(folds):
        held_out = fold == k
        known = np.unique(labels[~held_out])
        if held_out.any() and len(known) > 1:
            scores[np.ix_(held_out, known)] = _discriminants(
                reduced[~held_out], labels[~held_out], reduced[held_out]
            )
    is_judged = np.isfinite(scores[np.arange(count), labels])  # (N,)
    if is_judged.any():
        probabilities[is_judged] = _calibrated(scores[is_judged], labels[is_judged])
    return probabilities


def correct_prior(
    probabilities: NDArray[np.float64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """p(c|x) (N, C), images of each class (C,) -> p(c|x) / prior(c), normalised (N, C)."""
    odds = probabilities / np.maximum(counts, 1)
    return odds / odds.sum(axis=1, keepdims=True)


def find_label_issues(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64], counts: NDArray[np.int64]
) -> LabelIssues:
    """Given labels (N,), out-of-fold probabilities (N, C), images of each class (C,) -> issues.

    A label is suspect if confident learning, on prior-corrected probabilities, counts it among the
    wrong ones (Northcutt et al. 2021, arXiv 1911.00068; cleanlab's `prune_by_noise_rate`), and if
    another class is TIMES_AS_PROBABLE. The first alone flags too many in small or clean data.

    `quality` is p_y / (p_y + max_{c != y} p_c) with these probabilities. An image whose
    probabilities are NaN is not judged; to confident learning, its label is right.
    """
    judged = np.asarray(np.isfinite(probabilities).all(axis=1))  # (N,)
    certain = np.eye(probabilities.shape[1])[labels]  # (N, C)
    corrected = correct_prior(np.where(judged[:, None], probabilities, certain), counts)
    others = corrected.copy()
    own = np.take_along_axis(corrected, labels[:, None], axis=1)[:, 0]  # (N, 1) -> (N,)
    np.put_along_axis(others, labels[:, None], 0.0, axis=1)
    quality = np.where(judged, own / (own + others.max(axis=1)), np.nan)
    counted = np.zeros(len(labels), bool)
    if judged.any():  # else all labels can be of one class, which is an error of cleanlab's
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes of one image: none of these is suspect
            counted = confident_learning.find_label_issues(labels, corrected, n_jobs=1)
    suspect = counted & (quality <= 1 / (1 + TIMES_AS_PROBABLE))  # False for NaN
    return LabelIssues(suspect, quality, corrected.argmax(axis=1), judged)


def _deal(
    labels: NDArray[np.int64], groups: NDArray[np.int64], folds: int, seed: int
) -> NDArray[np.int64]:
    """Return a fold for each image, (N,): groups stay whole, each class is dealt evenly.

    The groups that have the largest shares of a class come first. Each goes to the fold that has
    least of its classes, and of several to the one with the fewest images.
    """
    # scikit-learn's StratifiedGroupKFold refuses or warns where a class has fewer than `folds`
    counts = np.bincount(labels)  # (C,)
    group = np.unique(groups, return_inverse=True)[1]  # (N,)
    pairs, images = np.unique(group * len(counts) + labels, return_counts=True)  # (P,) each
    of_group, of_class = np.divmod(pairs, len(counts))
    shares = images / counts[of_class]  # (P,) of a class, in a group
    first = np.flatnonzero(np.diff(of_group, prepend=-1))  # (G,) the first pair of each group
    order = np.random.default_rng(seed).permutation(len(first))
    order = order[np.argsort(-np.maximum.reduceat(shares, first)[order], kind="stable")]
    held, sizes = np.zeros((folds, len(counts))), np.zeros(folds, np.int64)
    folds_of_groups, ends = np.empty(len(first), np.int64), np.append(first[1:], len(pairs))
    for g in order.tolist():
        own = slice(first[g], ends[g])  # its pairs
        fold = np.lexsort((sizes, held[:, of_class[own]] @ shares[own]))[0]
        held[fold, of_class[own]] += shares[own]
        sizes[fold] += images[own].sum()
        folds_of_groups[g] = fold
    return folds_of_groups[group]


def _discriminants(
    features: NDArray[np.float64], labels: NDArray[np.int64], others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Score others (n, D) for the K classes of features (N, D) with labels (N,) -> (n, K).

    Log-likelihoods of linear discriminant analysis, 0 for the best class of an image.
    """
    classes, of_class = np.unique(labels, return_inverse=True)
    one_hot = np.eye(len(classes))[of_class]  # (N, K)
    means = one_hot.T @ features / one_hot.sum(axis=0)[:, None]  # (K, D)
    # every class counts the same: the spread of a rare one is not that of the frequent ones
    weights = 1 / one_hot.sum(axis=0)[of_class] / len(classes)  # (N,) add up to 1
    deviations = (features - means[of_class]) * np.sqrt(weights)[:, None]
    covariance = shrunk_covariance(deviations.T @ deviations, SHRINKAGE)
    # of features that never vary, the inverse is 0
    directions = np.linalg.lstsq(covariance, means.T, rcond=None)[0]  # (D, K)
    scores = others @ directions - (means.T * directions).sum(axis=0) / 2  # (n, K)
    return scores - scores.max(axis=1, keepdims=True)


def _calibrated(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Scores (N, C), labels (N,) -> softmax(a scores + b + log prior), (N, C).

    Bias-corrected temperature scaling (Alexandari et al. 2020, arXiv 1901.06852): a > 0 and b (C,)
    minimise the cross-entropy, every class with the same weight. The mean of a rare class is known
    badly, so all images seem too far from it, its own too; its b makes up for that. A score of -inf
    stays a probability of 0, whatever a and b are.
    """
    count, classes = scores.shape
    counts, rows = np.bincount(labels, minlength=classes), np.arange(count)
    weights = 1 / counts[labels] / np.count_nonzero(counts)  # (N,) add up to 1
    is_known = np.isfinite(scores)  # (N, C)
    never, scores = np.where(is_known, 0, -np.inf), np.where(is_known, scores, 0)

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        a, b = np.exp(parameters[0]), parameters[1:]
        log_p = log_softmax(a * scores + b + never, axis=1)
        error = weights[:, None] * np.exp(log_p)  # (N, C)
        error[rows, labels] -= weights
        value = -(weights * log_p[rows, labels]).sum() + _RIDGE * (b**2).sum()
        return value, np.r_[a * (error * scores).sum(), error.sum(axis=0) + 2 * _RIDGE * b]

    bounds = [(-8.0, 3.0)] + [(None, None)] * classes
    start = np.r_[-1.0, np.zeros(classes)]
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    log_prior = np.log(np.maximum(counts, 1) / count)
    return softmax(np.exp(fitted[0]) * scores + fitted[1:] + never + log_prior, axis=1)
