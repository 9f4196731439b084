"""How sure it is which of several classifiers is best, by resampled images."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

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
    images = np.bincount(labels, minlength=classes)  # (C,) the same in each resample
    by_image, scores = np.ascontiguousarray(times.T), []  # (N, R)
    for chosen in predicted:
        called = _one_hot(chosen, classes) @ by_image  # (C, N) @ (N, R)
        hits = _one_hot(labels, classes, chosen == labels) @ by_image
        scores.append((2 * hits.T / np.maximum(called.T + images, 1)).mean(1))
    return np.stack(scores, 1).astype(np.float64)


def _one_hot(labels: Labels, classes: int, kept: NDArray[np.bool_] | None = None) -> csr_array:
    """Return 1 where an image is of a class, (C, N), of the images that are kept.

    Sparse: a dense product would take a thousand times as long with a thousand classes.
    """
    images = np.arange(len(labels)) if kept is None else np.flatnonzero(kept)
    ones = np.ones(len(images), np.float32)  # sums of whole numbers of this size are exact
    return csr_array((ones, (labels[images], images)), shape=(classes, len(labels)))
