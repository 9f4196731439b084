"""Do images of one side lie among those of another, or apart from them?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics.class_counts import Labels
from benchmark.strategy.chunks import chunks

PER_CLASS = 100  # images of each class and side to seek neighbours in, at most,
IMAGES = 20_000  # and of all classes, where they are many
ASKED = 80  # images whose neighbours are sought, at most
NEIGHBOURS = 5  # nearest images that are looked at
_ROUNDING = 1e-5  # of squared distances by products, as a share of the squared lengths

Side = tuple[NDArray[np.floating], Labels]  # features (n, D), labels (n,)


@dataclass(frozen=True)
class Neighbourhood:
    """Some images of each class of two sides, M of them; features have mean 0 and equal spread."""

    features: NDArray[np.floating]  # (M, D)
    labels: Labels  # (M,)
    is_first: NDArray[np.bool_]  # (M,) of the first side

    @classmethod
    def between(cls, first: Side, second: Side) -> Neighbourhood:
        """Choose images of each class, evenly spaced."""
        classes = 1 + max(labels.max(initial=0) for _, labels in (first, second))
        most = min(PER_CLASS, IMAGES // classes + 1)
        chosen = [
            np.concatenate(
                [evenly_spaced(np.flatnonzero(labels == c), most) for c in range(classes)]
            )
            for _, labels in (first, second)
        ]
        sides = list(zip((first, second), chosen, strict=True))
        features = np.concatenate([features[positions] for (features, _), positions in sides])
        labels = np.concatenate([labels[positions] for (_, labels), positions in sides])
        features = features.astype(np.float32)
        spread = np.maximum(features.std(0), 1e-6)
        features -= features.mean(0)
        features /= spread
        return cls(features, labels, np.arange(len(labels)) < len(chosen[0]))

    @cached_property
    def _squares(self) -> NDArray[np.floating]:
        """Squared lengths of the features, (M,)."""
        return np.einsum("md,md->m", self.features, self.features)

    def first_among_neighbours(self, k: int) -> float:
        """Share of the first side among the nearest neighbours, over that among the same classes.

        1 where images of class k of the second side lie among those of the first, whatever the
        labels of these are; 0 where they lie apart (the two-sample test of Schilling 1986, Journal
        of the American Statistical Association 81). nan without images.
        """
        query = evenly_spaced(np.flatnonzero((self.labels == k) & ~self.is_first), ASKED)
        if not len(query):
            return np.nan
        nearest = self._nearest(query, min(NEIGHBOURS, len(self.labels) - 1))
        first = np.bincount(self.labels[self.is_first], minlength=self.labels.max() + 1)
        whole = np.bincount(self.labels)
        whole[k] -= 1  # the image itself
        expected = (first / np.maximum(whole, 1))[self.labels[nearest]].mean()
        return float(self.is_first[nearest].mean() / expected) if expected else np.nan

    def _nearest(self, query: Labels, n: int) -> Labels:
        """Positions of the n images nearest to each of some, (Q,) -> (Q, n); of equal, the first.

        Products of matrices find all that rounding lets be among them, differences then choose.
        """
        products = self.features @ self.features[query].T  # (M, Q)
        nearest = np.empty((len(query), n), np.int64)
        for row, position in enumerate(query):
            lengths = self._squares + self._squares[position]
            distance = lengths - 2 * products[:, row]
            distance[position] = np.inf  # not its own neighbour
            farthest = np.partition(distance + _ROUNDING * lengths, n - 1)[n - 1]
            close = np.flatnonzero(distance - _ROUNDING * lengths <= farthest)
            exact = [
                self._squared_distances(close[images], position)
                for images in chunks(self.features[: len(close)])
            ]
            nearest[row] = close[np.argsort(np.concatenate(exact), kind="stable")[:n]]
        return nearest

    def _squared_distances(self, images: Labels, position: int) -> NDArray[np.float64]:
        """Squared distances of some images (c,) to another, (c,), in double precision."""
        difference = self.features[images].astype(np.float64) - self.features[position]
        return np.einsum("cd,cd->c", difference, difference)


def evenly_spaced(positions: Labels, most: int) -> Labels:
    """Return at most so many positions, evenly spaced, the same at every call."""
    if len(positions) <= most:
        return positions
    return positions[np.linspace(0, len(positions) - 1, most).round().astype(int)]
