"""Offsets of a network's log probabilities that raise macro-F1 of validation images.

N images, C classes, S values that are tried. A thousand classes are fitted in seconds: of what a
value changes, only the images and classes are counted that it can change.
"""

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.chunks import chunks
from benchmark.strategy.moved_scores import Floats, Labels, MovedScores
from benchmark.strategy.outputs import Outputs

_STRENGTHS = np.linspace(0, 1.5, 16)
_STEPS = np.linspace(-3, 3, 25)
_NEAR = 1e-9  # scores nearer than that, of the highest, are equal but for rounding


def fit_strength(outputs: Outputs, direction: Floats) -> float:
    """Return the multiple of a direction (C,) that, as offsets, has the highest macro-F1.

    A network that has not learnt the prior needs less than 1, one that predicts rare classes too
    rarely needs more. Of equal ones the most probable: that of the lowest log-loss, which for
    probabilities that are right already is none.
    """
    log_p, labels, classes = outputs.log_probabilities, outputs.labels, len(direction)
    offsets = _STRENGTHS[:, None] * direction  # (S, C)
    highest = offsets.max(1, keepdims=True)
    weights = np.exp(offsets - highest).T.clip(min=np.finfo(float).tiny)  # (C, S)
    predicted = np.empty((len(_STRENGTHS), len(labels)), np.int64)
    losses = -(offsets - highest) @ np.bincount(labels, minlength=classes)  # (S,), but a constant
    for images in chunks(log_p):
        losses += np.log(np.exp(log_p[images]) @ weights).sum(0)
        for strength, offset in enumerate(offsets):
            predicted[strength, images] = (log_p[images] + offset).argmax(1)
    scores = np.array([macro_f1(labels, p, classes) for p in predicted])
    best = _highest(scores)
    return float(_STRENGTHS[best[losses[best].argmin()]])


def fit_class_by_class(outputs: Outputs, start: Floats, sweeps: int = 3) -> Floats:
    """Return offsets (C,) that have the highest macro-F1 in each class, by coordinate ascent.

    From `start` (C,), class after class is moved, and all of them again until none moves or the
    sweeps are over. Of equal values the one with the lowest log-loss is taken. A class without
    images stays where it is.
    """
    labels = outputs.labels
    moved = MovedScores(outputs.log_probabilities, start)
    for _ in range(sweeps):
        before = moved.offset.copy()
        moved.begin_sweep()
        for k in np.unique(labels):
            scores = _scores_of_steps(labels, moved, k)
            moved.move(k, _STEPS[_most_probable(_highest(scores), labels == k, moved, k)])
        if np.array_equal(before, moved.offset):
            break
    return moved.offset


def macro_f1(labels: Labels, predicted: Labels, classes: int) -> float:
    """Return the mean F1 of all classes, 0 for one that is neither present nor predicted."""
    counted = (labels[labels == predicted], predicted, labels)
    return float(_f1(*(np.bincount(x, minlength=classes) for x in counted)).mean())


def _f1(hits: NDArray, predicted: NDArray, images: NDArray) -> Floats:
    """F1 of each class from counts (..., C), 0 of a class without images and predictions."""
    return 2 * hits / np.maximum(predicted + images, 1)


def _highest(scores: Floats) -> Labels:
    """Return which values (S,) have the highest score, in their order."""
    return np.flatnonzero(np.isclose(scores, scores.max(), rtol=_NEAR, atol=0))


def _scores_of_steps(labels: Labels, moved: MovedScores, k: int) -> Floats:
    """Return the macro-F1 if class k is moved by each of the steps, (S,)."""
    classes, own = len(moved.offset), moved.scores_of(k)
    rival, highest = moved.rivals_of(k)
    images = np.bincount(labels, minlength=classes)
    predicted = np.bincount(rival, minlength=classes)  # (C,) if no image were of class k
    hits = np.bincount(rival[rival == labels], minlength=classes)
    f1 = _f1(hits, predicted, images)

    near = np.flatnonzero(own + _STEPS[-1] > highest)  # M images that go to k at some step
    first = np.searchsorted(_STEPS, (highest - own)[near], side="right")  # the first such step
    losing, loser = np.unique(rival[near], return_inverse=True)  # R classes that lose images to k

    def gone(chosen: NDArray[np.bool_]) -> NDArray[np.int64]:  # (M,) -> (S, R) images at each step
        flat = first[chosen] * len(losing) + loser[chosen]
        counts = np.bincount(flat, minlength=(len(_STEPS) + 1) * len(losing))
        return counts.reshape(len(_STEPS) + 1, len(losing))[:-1].cumsum(0)

    lost, lost_hits = gone(np.ones(len(near), bool)), gone((rival == labels)[near])
    won_hits = np.bincount(first[labels[near] == k], minlength=len(_STEPS) + 1)[
        :-1
    ].cumsum()  # (S,)
    of_losing = _f1(hits[losing] - lost_hits, predicted[losing] - lost, images[losing])
    own_f1 = _f1(won_hits, lost.sum(1), images[k])
    return (f1.sum() - f1[losing].sum() + of_losing.sum(1) + own_f1) / classes


def _most_probable(best: Labels, is_own: NDArray[np.bool_], moved: MovedScores, k: int) -> np.int64:
    """Return which of the steps `best` (B,), if class k is moved by it, has the lowest log-loss.

    The loss is convex in the step, so only the two about its minimum can have the lowest. Of equal
    ones the first.
    """
    if len(best) == 1:
        return best[0]
    own, rest = moved.exponentials(k)  # (N,) each

    def is_rising(step: int) -> bool:
        after = own * np.exp(_STEPS[step])
        return bool((after / (rest + after)).mean() >= is_own.mean())

    def loss(step: int) -> float:  # but for a constant
        after = np.log(rest + own * np.exp(_STEPS[step]))
        return float(after.mean() - _STEPS[step] * is_own.mean())

    rising = bisect_left(best, True, key=is_rising)  # the first of `best` at which the loss rises
    return min(best[max(rising - 1, 0) : rising + 1], key=loss)
