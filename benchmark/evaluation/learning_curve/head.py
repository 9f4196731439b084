"""A head that is fitted in no time: a linear discriminant of features that are held fixed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from sklearn.utils.extmath import randomized_svd

from benchmark.evaluation.metrics.class_counts import Floats, Labels

MOST_DIRECTIONS = 256  # of the features, those of largest variance
IMAGES_PER_DIRECTION = 6  # training images, at least: of fewer a covariance is mostly noise


@dataclass(frozen=True)
class Discriminant:
    """The head of N training images of C classes, whose features (N, D) are whitened to (N, K).

    The score of class c is x·μ_c − |μ_c|² / 2 + log n_c, with the mean μ_c of its images in a space
    in which images lie around the mean of their class with the identity as covariance (Hastie,
    Tibshirani & Friedman 2009, The Elements of Statistical Learning, section 4.3). All that it
    knows of a class alone is the mean and n_c, so a head of other images of one class follows from
    their mean.
    """

    centre: Floats  # (D,)
    directions: Floats  # (D, K)
    factor: Floats  # (K, K) lower triangle: Cholesky of the covariance within classes
    features: Floats  # (N, K) of the training images, whitened
    labels: Labels  # (N,)
    means: Floats  # (C, K), zero for a class without training images
    counts: Labels  # (C,) n_c

    def whiten(self, features: NDArray[np.floating]) -> Floats:
        """Features (N, D) -> (N, K)."""
        x = (features.astype(np.float64) - self.centre) @ self.directions
        return np.asarray(solve_triangular(self.factor, x.T, lower=True).T, np.float64)

    def scores(self, whitened: Floats) -> Floats:
        """Whitened features (N, K) -> (N, C); -inf for a class without training images."""
        with np.errstate(divide="ignore"):
            prior = np.log(self.counts)
        return whitened @ self.means.T - (self.means**2).sum(1) / 2 + prior

    @property
    def unseen_factor(self) -> float:
        """How much farther from its mean an image lies that the covariance was not estimated of."""
        freedom = len(self.labels) - len(np.unique(self.labels))
        directions = self.features.shape[1]
        return freedom / (freedom - directions - 1) if freedom > 2 * directions + 2 else 2.0


def fit(
    features: NDArray[np.floating], labels: Labels, classes: int, counts: Labels | None = None
) -> Discriminant:
    """Fit the head to features (N, D) and labels (N,) of `classes` classes.

    `counts` (C,) are the images of each class where these are but a sample of them. The covariance
    is that of principal components, shrunk as `_shrunk_covariance` says.
    """
    x = features.astype(np.float64)
    own = np.bincount(labels, minlength=classes)
    centre: Floats = x.mean(0)
    number = max(min(MOST_DIRECTIONS, len(x) // IMAGES_PER_DIRECTION, x.shape[1]), 1)
    directions: Floats = randomized_svd(x - centre, number, random_state=0)[2].T  # (D, K)
    x = (x - centre) @ directions
    means = np.zeros((classes, number))
    np.add.at(means, labels, x)
    means /= np.maximum(own, 1)[:, None]
    covariance = _shrunk_covariance(x - means[labels], len(x) - int(np.count_nonzero(own)))
    factor = np.asarray(np.linalg.cholesky(covariance), np.float64)
    whitened: Floats = solve_triangular(factor, x.T, lower=True).T
    means = solve_triangular(factor, means.T, lower=True).T  # (C, K)
    counts = own if counts is None else counts
    return Discriminant(centre, directions, factor, whitened, labels, means, counts)


def _shrunk_covariance(residuals: Floats, freedom: int) -> Floats:
    """Return the covariance (K, K) of residuals (N, K) with so many degrees of freedom.

    It is drawn to a multiple of the identity as far as the oracle approximating shrinkage of Chen
    et al. 2010 (IEEE Transactions on Signal Processing 58, eq. 23) says.
    """
    n, k = max(freedom, 1), residuals.shape[1]
    covariance = residuals.T @ residuals / n
    mean, square = float(np.trace(covariance)) / k, float((covariance**2).mean())
    excess = (n + 1) * (square - mean**2 / k)
    weight = (square + mean**2) / excess if excess > 0 else 1.0
    weight = float(np.clip(weight, 1e-3, 1))
    identity = max(mean, 1e-12) * np.eye(k)
    return np.asarray((1 - weight) * covariance + weight * identity, np.float64)
