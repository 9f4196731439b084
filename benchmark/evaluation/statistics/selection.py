"""How sure it is which of several classifiers is best, by resampled images."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]

DRAWS = 1000
_AT_ONCE = 2_000_000  # numbers of resampled images in memory


def shares_of_best(
    labels: Sequence[Labels], predicted: Sequence[Labels], classes: int, draws: int = DRAWS
) -> NDArray[np.float64]:
    """Return in which share of resamples each of S classifiers has the largest macro-F1, (S,).

    The images of each class are drawn with replacement, as many as there are (the bootstrap of
    Efron 1979), the same for all classifiers. Resamples with several best count for each of them
    in equal parts.

    Parameters
    ----------
    labels, predicted
        For each seed labels (N,) and predicted labels (S, N); macro-F1 is the mean over seeds.
    classes
        C.
    """
    rng = np.random.default_rng(0)
    scores = np.zeros((draws, len(predicted[0])))
    for own, chosen in zip(labels, predicted, strict=True):
        chunk = max(1, _AT_ONCE // max(len(own), 1))
        for start in range(0, draws, chunk):
            times = _draw(own, classes, min(chunk, draws - start), rng)  # (R, N)
            scores[start : start + len(times)] += _macro_f1(times, own, chosen, classes)
    best = np.isclose(scores, scores.max(1, keepdims=True), rtol=0, atol=1e-12)
    return (best / best.sum(1, keepdims=True)).mean(0)


def _draw(
    labels: Labels, classes: int, draws: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return how often each image is drawn, (R, N)."""
    times = np.zeros((draws, len(labels)), np.float32)
    for label in range(classes):
        own = np.flatnonzero(labels == label)
        if len(own):
            times[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), draws)
    return times


def _macro_f1(
    times: NDArray[np.float32], labels: Labels, predicted: Labels, classes: int
) -> NDArray[np.float64]:
    """Return the macro-F1 of S classifiers in R resamples, (R, S)."""
    one_hot = np.eye(classes, dtype=np.float32)
    images = np.bincount(labels, minlength=classes)  # (C,) the same in each resample
    scores = []
    for chosen in predicted:
        called = times @ one_hot[chosen]  # (R, N) @ (N, C)
        hits = (times * (chosen == labels)) @ one_hot[labels]
        scores.append((2 * hits / np.maximum(called + images, 1)).mean(1))
    return np.stack(scores, 1).astype(np.float64)
