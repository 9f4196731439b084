"""The test images of one seed, counted: what every resampling weighs.

Images that agree in their class and in what every strategy predicted are one cell. Weights of cells
stand for images left out, or drawn more than once; every score is a function of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

METRICS = ("macro_f1", "balanced_accuracy", "accuracy")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """K cells of the predictions of S strategies over C classes."""

    labels: NDArray[np.int64]  # (K,)
    predicted: NDArray[np.int64]  # (S, K)
    counts: NDArray[np.int64]  # (K,) images in each
    classes: int

    @classmethod
    def of(cls, labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> Cells:
        """Count images: labels (N,), predicted (S, N)."""
        rows, counts = np.unique(np.vstack([labels, predicted]), axis=1, return_counts=True)
        return cls(rows[0], rows[1:], counts, classes)

    @cached_property
    def strata(self) -> list[NDArray[np.int64]]:
        """The cells of each class that has images."""
        present = np.unique(self.labels)
        return [np.flatnonzero(self.labels == c) for c in present]

    def scores(self, weights: Floats) -> Floats:
        """Return METRICS (M, S, D) for D ways (D, K) to weigh the cells.

        Macro-F1 is over all C classes, 0 for one that is neither there nor predicted; balanced
        accuracy is over the classes that have weight, as scikit-learn has them.
        """
        support = self._by_class(weights, self.labels)
        present = support > 0
        scores = np.empty((len(METRICS), len(self.predicted), len(weights)))
        for s, predicted in enumerate(self.predicted):
            right = predicted == self.labels
            hits = self._by_class(weights[:, right], predicted[right])
            called = self._by_class(weights, predicted)
            scores[0, s] = ratio(2 * hits, support + called).mean(1)
            scores[1, s] = ratio(hits, support).sum(1) / present.sum(1)
            scores[2, s] = hits.sum(1) / support.sum(1)
        return scores

    @property
    def estimates(self) -> Floats:
        """METRICS (M, S) of the images as they are."""
        return self.scores(self.counts[None].astype(float))[..., 0]

    def _by_class(self, weights: Floats, of: NDArray[np.int64]) -> Floats:
        """Add up weights (D, K) of cells of classes (K,) -> (D, C)."""
        return weights @ one_hot(of, self.classes)


def one_hot(of: NDArray[np.int64], classes: int) -> csr_array:
    """Classes (K,) -> (K, C). Sparse: threads of a dense product wait for each other when busy."""
    rows = np.arange(len(of) + 1)
    return csr_array((np.ones(len(of)), of, rows), shape=(len(of), classes))


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
