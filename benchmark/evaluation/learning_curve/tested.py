"""The test images of learning curves: what the head makes of them, and macro-F1."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.learning_curve.head import Discriminant
from benchmark.evaluation.metrics.class_counts import Floats, Labels, ratio


@dataclass(frozen=True)
class TestImages:
    """T test images of C classes, and B draws of them."""

    __test__ = False  # pytest takes it for tests

    features: Floats  # (T, K), whitened
    labels: Labels  # (T,)
    classes: int  # C
    best: Labels  # (T, 2) classes of the two largest scores
    scores: Floats  # (T, 2) these scores
    weights: Floats  # (B, T) how often a draw has each image; of the first, once each

    @classmethod
    def of_head(
        cls,
        head: Discriminant,
        features: NDArray[np.floating],
        labels: Labels,
        draws: int,
    ) -> "TestImages":
        """Return them for features (T, D) and labels (T,)."""
        whitened = head.whiten(features)
        scores = head.scores(whitened)
        best = np.argsort(-scores, axis=1, kind="stable")[:, :2]
        scores = np.take_along_axis(scores, best, axis=1)
        weights = _draw_weights(labels, draws, np.random.default_rng(0))
        return cls(whitened, labels, len(head.means), best, scores, weights)

    def others(self, label: int, rows: Labels) -> tuple[Floats, Labels]:
        """Return the largest score of another class than `label`, and that class, of rows (R,)."""
        second = (self.best[rows, 0] == label).astype(int)
        return self.scores[rows, second], self.best[rows, second]

    def macro_f1(self, label: int, rows: Labels, chances: Floats) -> Floats:
        """Return macro-F1 (b,) if rows (R,) go to class `label` with these chances, (b, R).

        Else they go to the best of the other classes. All other images stay where the head puts
        them. It is that of the expected counts, in the first b draws.
        """
        draws = len(chances)
        predicted, right = (counts[:draws].copy() for counts in self._counts)
        weights, labels, first = self.weights[:draws, rows], self.labels[rows], self.best[rows, 0]
        rival, lost = self.others(label, rows)[1], weights * (1 - chances)
        predicted += self._sums(lost, rival) - self._sums(weights, first)
        right += self._sums(lost * (rival == labels), rival)
        right -= self._sums(weights * (first == labels), first)
        predicted[:, label] += (weights * chances).sum(1)
        right[:, label] += (weights * chances * (labels == label)).sum(1)
        support = np.bincount(self.labels, minlength=self.classes).astype(float)
        return ratio(2 * right, support + predicted).mean(1)

    @cached_property
    def _counts(self) -> tuple[Floats, Floats]:
        """(B, C) images that the head predicts to be of each class, and those that are."""
        first = self.best[:, 0]
        is_right = first == self.labels
        return self._sums(self.weights, first), self._sums(self.weights * is_right, first)

    def _sums(self, weights: Floats, labels: Labels) -> Floats:
        """Sum weights (B, R) by label (R,) -> (B, C)."""
        rows = np.arange(len(weights))[:, None] * self.classes
        cells = (rows + labels).ravel()  # (B, R) -> (B * R,)
        total = np.bincount(cells, weights.ravel(), len(weights) * self.classes)
        return total.astype(float).reshape(len(weights), self.classes)  # (B * C,) -> (B, C)


def _draw_weights(labels: Labels, draws: int, rng: np.random.Generator) -> Floats:
    """Return weights (B, T): images drawn with replacement within each class (T,)."""
    weights = np.ones((draws, len(labels)))
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        weights[1:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), draws - 1)
    return weights
