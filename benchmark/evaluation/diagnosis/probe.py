"""Probes for few images with many features; each image is scored without itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics.class_counts import Floats, Labels

PENALTIES = 10.0 ** np.arange(-3, 3)  # of the ridge, in units of the mean eigenvalue


@dataclass(frozen=True)
class Ridge:
    """A ridge classifier of N images of K classes, which has seen each of them."""

    labels: Labels  # (N,)
    hat: Floats  # (N, N) of the weighted problem, symmetric
    residual: Floats  # (N, K) of the weighted problem
    root: Floats  # (N,) root of an image's weight

    @property
    def scores(self) -> Floats:
        """(N, K) by a probe fitted to all other images: about 1 for an image's class, else 0."""
        error = self.residual / (1 - self.hat.diagonal()).clip(min=1e-9)[:, None]
        return np.eye(self.residual.shape[1])[self.labels] - error / self.root[:, None]

    def auc(self, k: int) -> float:
        """Share of pairs in which an image of class k scores higher than another, both left out.

        Scores of images left out one by one can't be compared with each other: where
        classes are equal, their AUC falls far below one half (Airola et al. 2011,
        Computational Statistics & Data Analysis 55, leave-pair-out). nan without other classes.
        """
        mine = self.labels == k
        if mine.all() or not mine.any():
            return np.nan
        own = 1 - self.hat.diagonal()
        cross = self.hat[np.ix_(mine, ~mine)]  # (m, n)
        a, b = own[mine][:, None], own[~mine]
        r, s = self.residual[mine, k][:, None], self.residual[~mine, k]
        determinant = (a * b - cross**2).clip(min=1e-12)
        first = 1 - (b * r + cross * s) / determinant / self.root[mine][:, None]
        second = 0 - (cross * r + a * s) / determinant / self.root[~mine]
        return float((first > second).mean() + (first == second).mean() / 2)


@dataclass(frozen=True)
class Probe(Ridge):
    """One that is linear in the features, so that it scores other images too."""

    mean: NDArray[np.floating]  # (D,)
    inverse_spread: NDArray[np.floating]  # (D,) 0 for a constant feature
    weights: NDArray[np.floating]  # (D, K)
    intercept: NDArray[np.floating]  # (K,)

    def score(self, features: NDArray[np.floating]) -> Floats:
        """(N, D) of other images -> (N, K)."""
        x = (features.astype(np.float32) - self.mean) * self.inverse_spread
        return (x @ self.weights + self.intercept).astype(np.float64)


def fit(features: NDArray[np.floating], labels: Labels) -> Probe:
    """Fit a ridge to features (N, D) and labels (N,) of classes 0..K-1, each with an image.

    Every class has the same weight, so that no prior is learnt, and every feature the same spread.
    """
    x, mean, inverse_spread = _of_equal_spread(features, labels)
    width = int(np.count_nonzero(inverse_spread)) or 1
    ridge, penalty = _fit_kernel(x @ x.T / width + 1, labels)  # + 1: an intercept
    dual = ridge.root[:, None] * ridge.residual / penalty  # of a ridge: residual = penalty * dual
    weights = (x.T @ dual / width).astype(np.float32)
    return Probe(
        **vars(ridge),
        mean=mean,
        inverse_spread=inverse_spread,
        weights=weights,
        intercept=dual.sum(0),
    )


def fit_products(features: NDArray[np.floating], labels: Labels) -> Ridge:
    """Fit the same to all products of two features: the homogeneous kernel of degree 2.

    It separates what lies around a point from what lies at it, which no linear probe does.
    """
    x, _, inverse_spread = _of_equal_spread(features, labels)
    width = int(np.count_nonzero(inverse_spread)) or 1
    return _fit_kernel((x @ x.T / width) ** 2 + 1, labels)[0]


def _of_equal_spread(
    features: NDArray[np.floating], labels: Labels
) -> tuple[NDArray[np.float32], NDArray[np.floating], NDArray[np.floating]]:
    """Return features (N, D) around the mean of the classes' means, that mean, 1 / spread."""
    x = features.astype(np.float32)
    count = np.bincount(labels)
    mean = (x / count[labels][:, None]).sum(0) / len(count)
    spread = (x - mean).std(0)
    inverse_spread = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 1e-6)
    return (x - mean) * inverse_spread, mean, inverse_spread


def _fit_kernel(kernel: NDArray[np.floating], labels: Labels) -> tuple[Ridge, float]:
    """Return the ridge of a kernel (N, N), and its penalty.

    In dual form it costs an N x N eigenvalue problem, and leaving images out is exact: residuals
    r become (1 - H)^-1 r over the images left out, with H the hat matrix (Golub, Heath & Wahba
    1979). The penalty is that of PENALTIES with the smallest error of images left out.
    """
    count = np.bincount(labels)
    root = np.sqrt(1 / count[labels])  # (N,)
    values, vectors = np.linalg.eigh(kernel.astype(np.float64) * root * root[:, None])
    values = values.clip(min=0)
    rotated = vectors.T @ (root[:, None] * np.eye(len(count))[labels])  # (N, K)
    squares = vectors**2

    def unfitted_share(penalty: float) -> Floats:
        """(N,) share of each direction that the ridge does not fit."""
        return penalty / (values + penalty)

    def error(penalty: float) -> float:
        residual = vectors @ (unfitted_share(penalty)[:, None] * rotated)
        own = (squares @ unfitted_share(penalty)).clip(min=1e-9)
        return float(((residual / own[:, None]) ** 2).sum())

    penalty = min((PENALTIES * values.mean()).tolist(), key=error)
    unfitted = unfitted_share(penalty)
    hat = (vectors * (1 - unfitted)) @ vectors.T
    residual = vectors @ (unfitted[:, None] * rotated)
    return Ridge(labels, hat, residual, root), penalty
