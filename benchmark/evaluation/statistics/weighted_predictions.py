"""The test images of one seed, counted, so that every resampling is a matrix of weights.

Images that agree in their class and in every strategy's prediction form one cell. A weight of a
cell says how often its images are drawn, or that one is left out; every score is a function of the
weights.

A resampling draws units. A unit is an image; where images come in groups (of a lesion, a patient, a
contributor), a unit is all images of one class in one group: they say nearly the same thing, and
drawn singly they would make every interval too narrow (Davison & Hinkley 1997, Bootstrap Methods
and their Application, section 3.8).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from benchmark.evaluation.metrics.class_counts import ClassCounts
from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.statistics import Floats, Labels


@dataclass(frozen=True)
class ResamplingUnits:
    """U kinds of unit. A unit is drawn, or left out, as a whole: it is the images of some cells."""

    labels: Labels  # (U,)
    counts: Labels  # (U,) units of each kind
    images: csr_array | None  # (U, K) images of each cell in one unit; None: kind u is cell u

    @cached_property
    def strata(self) -> list[Labels]:
        """The kinds of unit of each class that has images."""
        return [np.flatnonzero(self.labels == c) for c in np.unique(self.labels)]

    def weights(self, units: Floats) -> Floats:
        """Turn how often each kind is drawn, (D, U), into weights of cells (D, K)."""
        return units if self.images is None else units @ self.images


@dataclass(frozen=True)
class WeightedPredictions:
    """K cells of the predictions of S strategies over C classes."""

    labels: Labels  # (K,)
    predicted: Labels  # (S, K)
    counts: Labels  # (K,) images in each cell
    classes: int
    units: ResamplingUnits

    @classmethod
    def count(
        cls, labels: Labels, predicted: Labels, classes: int, groups: Labels | None = None
    ) -> WeightedPredictions:
        """Count images by labels (N,), predicted (S, N) and groups (N,); None: no groups."""
        images = np.vstack([labels, predicted])
        rows, cell, counts = np.unique(images, axis=1, return_inverse=True, return_counts=True)
        if groups is None:
            units = ResamplingUnits(rows[0], counts, None)
        else:
            units = _group_units(labels, groups, cell.ravel(), len(counts))
        return cls(rows[0], rows[1:], counts, classes, units)

    def scores(self, weights: Floats) -> Floats:
        """Return the M `interval_metrics` (M, S, D) for D rows of weights (D, K) of the cells."""
        metrics = interval_metrics().values()
        support = self._sum_by_class(weights, self.labels)
        scores = np.empty((len(metrics), len(self.predicted), len(weights)))
        for s, predicted in enumerate(self.predicted):
            right = predicted == self.labels
            hits = self._sum_by_class(weights[:, right], predicted[right])
            all_predicted = self._sum_by_class(weights, predicted)
            counts = ClassCounts(hits, support - hits, all_predicted - hits)
            for m, metric in enumerate(metrics):
                assert metric.bootstrap is not None
                scores[m, s] = metric.bootstrap(counts)
        return scores

    @property
    def estimates(self) -> Floats:
        """The metrics (M, S) of the images as they are."""
        return self.scores(self.counts[None].astype(float))[..., 0]

    def _sum_by_class(self, weights: Floats, class_of: Labels) -> Floats:
        """Sum weights (D, K) of cells of classes (K,) -> (D, C)."""
        return weights @ one_hot(class_of, self.classes)


def one_hot(labels: Labels, classes: int) -> csr_array:
    """Classes (K,) -> (K, C). Sparse, as threads of a dense product wait for each other if busy."""
    rows = np.arange(len(labels) + 1)
    return csr_array((np.ones(len(labels)), labels, rows), shape=(len(labels), classes))


def _group_units(labels: Labels, groups: Labels, cell: Labels, n_cells: int) -> ResamplingUnits:
    """Make each class of each group a unit, from the group and the cell of every image, (N,)."""
    pairs, unit = np.unique(np.vstack([labels, groups]), axis=1, return_inverse=True)
    shape = (pairs.shape[1], n_cells)
    images = csr_array((np.ones(len(cell)), (unit.ravel(), cell)), shape=shape)
    return ResamplingUnits(pairs[0], np.ones(len(pairs[0]), np.int64), images)
