"""Do images of one side lie among those of another, or apart from them?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from benchmark.evaluation.metrics.class_counts import Labels

PER_CLASS = 100  # images of each class and side to seek neighbours in
ASKED = 80  # images whose neighbours are sought, at most
NEIGHBOURS = 5  # nearest images that are looked at

Side = tuple[NDArray[np.floating], Labels]  # features (n, D), labels (n,)


@dataclass(frozen=True)
class Neighbourhood:
    """Some images of each class of two sides, M of them; features have equal spread."""

    features: NDArray[np.floating]  # (M, D)
    labels: Labels  # (M,)
    is_first: NDArray[np.bool_]  # (M,) of the first side

    @classmethod
    def between(cls, first: Side, second: Side) -> Neighbourhood:
        """Choose images of each class, evenly spaced."""
        classes = 1 + max(labels.max(initial=0) for _, labels in (first, second))
        chosen = [
            np.concatenate(
                [evenly_spaced(np.flatnonzero(labels == c), PER_CLASS) for c in range(classes)]
            )
            for _, labels in (first, second)
        ]
        sides = list(zip((first, second), chosen, strict=True))
        features = np.concatenate([features[positions] for (features, _), positions in sides])
        labels = np.concatenate([labels[positions] for (_, labels), positions in sides])
        spread = np.maximum(features.std(0), 1e-6)
        return cls(features / spread, labels, np.arange(len(labels)) < len(chosen[0]))

    def first_among_neighbours(self, k: int) -> float:
        """Share of the first side among the nearest neighbours, over that among the same classes.

        1 where images of class k of the second side lie among those of the first, whatever the
        labels of these are; 0 where they lie apart (the two-sample test of Schilling 1986, Journal
        of the American Statistical Association 81). nan without images.
        """
        query = evenly_spaced(np.flatnonzero((self.labels == k) & ~self.is_first), ASKED)
        if not len(query):
            return np.nan
        distance = cdist(self.features[query], self.features)
        distance[np.arange(len(query)), query] = np.inf  # not its own neighbour
        nearest = _nearest(distance, min(NEIGHBOURS, distance.shape[1]))
        first = np.bincount(self.labels[self.is_first], minlength=self.labels.max() + 1)
        whole = np.bincount(self.labels)
        whole[k] -= 1  # the image itself
        expected = (first / np.maximum(whole, 1))[self.labels[nearest]].mean()
        return float(self.is_first[nearest].mean() / expected) if expected else np.nan


def _nearest(distance: NDArray[np.floating], n: int) -> Labels:
    """Positions of the n smallest of each row, (Q, M) -> (Q, n); of equal ones the first.

    So does a stable sort of all, which takes many times longer.
    """
    farthest = np.partition(distance, n - 1, axis=1)[:, n - 1]
    nearest = np.empty((len(distance), n), np.int64)
    for row, (values, limit) in enumerate(zip(distance, farthest, strict=True)):
        close = np.flatnonzero(values <= limit)
        nearest[row] = close[np.argsort(values[close], kind="stable")[:n]]
    return nearest


def evenly_spaced(positions: Labels, most: int) -> Labels:
    """Return at most so many positions, evenly spaced, the same at every call."""
    if len(positions) <= most:
        return positions
    return positions[np.linspace(0, len(positions) - 1, most).round().astype(int)]
