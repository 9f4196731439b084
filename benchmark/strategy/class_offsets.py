"""Offsets of a network's log probabilities that raise macro-F1 of validation images.

N images, C classes, S values that are tried.
"""

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.outputs import Outputs

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

_STRENGTHS = np.linspace(0, 1.5, 16)
_STEPS = np.linspace(-3, 3, 25)


def fit_strength(outputs: Outputs, direction: Floats) -> float:
    """Return the multiple of a direction (C,) that, as offsets, has the highest macro-F1.

    A network that has not learnt the prior needs less than 1, one that predicts rare classes too
    rarely needs more. Of equal ones the most probable: that of the lowest log-loss, which for
    probabilities that are right already is none.
    """
    log_p, labels = outputs.log_probabilities, outputs.labels
    moved = [log_p + strength * direction for strength in _STRENGTHS]
    scores = [macro_f1(labels, m.argmax(1), len(direction)) for m in moved]
    losses = [_log_loss(m, labels) for m in moved]
    return _best(_STRENGTHS, np.array(scores), np.array(losses))


def fit_class_by_class(outputs: Outputs, start: Floats, sweeps: int = 3) -> Floats:
    """Return offsets (C,) that have the highest macro-F1 in each class, by coordinate ascent.

    From `start` (C,), class after class is moved, and all of them again until none moves or the
    sweeps are over. Of equal values the one with the lowest log-loss is taken. A class without
    images stays where it is.
    """
    log_p, labels, classes = outputs.log_probabilities, outputs.labels, len(start)
    offset = start.copy()
    for _ in range(sweeps):
        before = offset.copy()
        for k in np.unique(labels):
            own = log_p[:, k] + offset[k]
            others = np.where(np.arange(classes) == k, -np.inf, log_p + offset)  # (N, C)
            scores = _scores_of_steps(labels, own, others, k)
            offset[k] += _best(_STEPS, scores, _losses_of_steps(labels == k, own, others))
        if np.array_equal(before, offset):
            break
    return offset


def _best(values: Floats, scores: Floats, losses: Floats) -> float:
    """Return the value (S,) of the highest score, and of the lowest loss among equal scores."""
    best = np.isclose(scores, scores.max())
    return float(values[best][losses[best].argmin()])


def macro_f1(labels: Labels, predicted: Labels, classes: int) -> float:
    """Return the mean F1 of all classes, 0 for one that is neither present nor predicted."""
    counted = (labels[labels == predicted], predicted, labels)
    return float(_f1(*(np.bincount(x, minlength=classes) for x in counted)).mean())


def _f1(hits: NDArray, predicted: NDArray, images: NDArray) -> Floats:
    """F1 of each class from counts (..., C), 0 of a class without images and predictions."""
    return 2 * hits / np.maximum(predicted + images, 1)


def _scores_of_steps(labels: Labels, own: Floats, others: Floats, k: int) -> Floats:
    """Return the macro-F1 if class k, with `own` (N,), is moved by each of the steps, (S,)."""
    classes, rival = others.shape[1], others.argmax(1)
    highest = others[np.arange(len(labels)), rival]
    # first step, in their order, at which an image goes from its rival to class k
    first = np.searchsorted(_STEPS, highest - own, side="right")

    def moved(images: NDArray[np.bool_]) -> NDArray[np.int64]:  # (S, C) images by their rival
        flat = first[images] * classes + rival[images]
        counts = np.bincount(flat, minlength=(len(_STEPS) + 1) * classes)
        return counts.reshape(-1, classes)[:-1].cumsum(0)

    every = moved(np.ones(len(labels), bool))
    predicted = np.bincount(rival, minlength=classes) - every
    predicted[:, k] += every.sum(1)
    hits = np.bincount(rival[rival == labels], minlength=classes) - moved(rival == labels)
    hits[:, k] += moved(labels == k).sum(1)
    return _f1(hits, predicted, np.bincount(labels, minlength=classes)).mean(1)


def _losses_of_steps(is_own: NDArray[np.bool_], own: Floats, others: Floats) -> Floats:
    """Return the log-loss, but for a constant, if a class is moved by each of the steps, (S,)."""
    rest = _log_sum_exp(others)  # (N,)
    return np.array([np.logaddexp(rest, own + s).mean() - s * is_own.mean() for s in _STEPS])


def _log_loss(logits: Floats, labels: Labels) -> float:
    right = logits[np.arange(len(labels)), labels]
    return float((_log_sum_exp(logits) - right).mean())


def _log_sum_exp(logits: Floats) -> Floats:
    """(N, C) -> (N,). SciPy's takes a second to import, which `list` can do without."""
    highest = logits.max(1)
    return highest + np.log(np.exp(logits - highest[:, None]).sum(1))
