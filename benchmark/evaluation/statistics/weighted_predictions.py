"""The test images of one seed, counted: what every resampling weighs.

Images that agree in their class and in what every strategy predicted are one cell. Weights of cells
stand for images left out, or drawn more than once; every score is a function of them.

What is drawn are units. An image is one; where images come in groups (of a lesion, a patient, a
contributor), the images of one class in one group are: they say nearly the same thing, and drawn
singly they would make every interval too narrow (Davison & Hinkley 1997, Bootstrap Methods and
their Application, section 3.8).
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
class ResamplingUnits:
    """What is drawn, or left out, at once: U kinds of it, each the images of some cells."""

    labels: NDArray[np.int64]  # (U,)
    counts: NDArray[np.int64]  # (U,) units of each kind
    images: csr_array | None  # (U, K) images of each cell in one unit; None: kind u is cell u

    @cached_property
    def strata(self) -> list[NDArray[np.int64]]:
        """The kinds of unit of each class that has images."""
        present = np.unique(self.labels)
        return [np.flatnonzero(self.labels == c) for c in present]

    def weights(self, units: Floats) -> Floats:
        """Turn how often each kind is taken, (D, U), into weights of cells (D, K)."""
        return units if self.images is None else units @ self.images


@dataclass(frozen=True)
class WeightedPredictions:
    """K cells of the predictions of S strategies over C classes."""

    labels: NDArray[np.int64]  # (K,)
    predicted: NDArray[np.int64]  # (S, K)
    counts: NDArray[np.int64]  # (K,) images in each
    classes: int
    units: ResamplingUnits

    @classmethod
    def of(
        cls,
        labels: NDArray[np.int64],
        predicted: NDArray[np.int64],
        classes: int,
        groups: NDArray[np.int64] | None = None,
    ) -> WeightedPredictions:
        """Count images: labels (N,), predicted (S, N), and the group (N,) of each if there are."""
        rows, cell, counts = np.unique(
            np.vstack([labels, predicted]), axis=1, return_inverse=True, return_counts=True
        )
        if groups is None:
            units = ResamplingUnits(rows[0], counts, None)
        else:
            units = _grouped(labels, groups, cell.ravel(), len(counts))
        return cls(rows[0], rows[1:], counts, classes, units)

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


def _grouped(
    labels: NDArray[np.int64], groups: NDArray[np.int64], cell: NDArray[np.int64], cells: int
) -> ResamplingUnits:
    """Make each class of each group a unit, from the group and the cell of every image, (N,)."""
    pairs, unit = np.unique(np.vstack([labels, groups]), axis=1, return_inverse=True)
    shape = (pairs.shape[1], cells)
    images = csr_array((np.ones(len(cell)), (unit.ravel(), cell)), shape=shape)
    return ResamplingUnits(pairs[0], np.ones(len(pairs[0]), np.int64), images)


def one_hot(of: NDArray[np.int64], classes: int) -> csr_array:
    """Classes (K,) -> (K, C). Sparse: threads of a dense product wait for each other when busy."""
    rows = np.arange(len(of) + 1)
    return csr_array((np.ones(len(of)), of, rows), shape=(len(of), classes))


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
