"""The learning curve of every class, from features that are held fixed, in seconds."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.learning_curve.class_curve import (
    FACTORS,
    LEVEL,
    ClassCurve,
    ExpectedPoint,
    ImagesNeeded,
    MeasuredPoint,
)
from benchmark.evaluation.learning_curve.growth import ClassMean
from benchmark.evaluation.learning_curve.head import Discriminant, fit
from benchmark.evaluation.learning_curve.tested import TestImages
from benchmark.evaluation.metrics.class_counts import Floats, Labels

DRAWS = 200  # of training and of test images, for the intervals
MACRO_DRAWS = 60  # of these, for those of macro-F1, which all test images have a part in
SUBSETS = 10  # draws of nested subsets
PARTS = (0.125, 0.25, 0.5, 1.0)  # of the training images
HALF = 0.5  # of the class recognised
SIZES = np.geomspace(0.25, FACTORS[-1], 26)  # times the training images: HALF is looked for there
BOUNDS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)


def learning_curves(
    train: tuple[NDArray[np.floating], Labels],
    test: tuple[NDArray[np.floating], Labels],
    classes: int,
    counts: Labels | None = None,
) -> tuple[ClassCurve, ...]:
    """Return the curve of each class that has training and test images.

    Parameters
    ----------
    train, test
        Features (N, D) and labels (N,).
    counts
        Training images of each class, (C,), where `train` is but a sample of them.
    """
    present = [np.bincount(labels, minlength=classes) > 0 for _, labels in (train, test)]
    if np.count_nonzero(present[0]) < 2:
        return ()
    head = fit(*train, classes, counts)
    images = TestImages.of_head(head, *test, DRAWS)
    labels = np.flatnonzero(present[0] & present[1]).tolist()
    return tuple(_class_curve(head, images, label) for label in labels)


def _class_curve(head: Discriminant, images: TestImages, label: int) -> ClassCurve:
    rng = np.random.default_rng([1, label])
    mean, count = ClassMean.draw(head, label, DRAWS, rng), int(head.counts[label])
    own = np.flatnonzero(images.labels == label)
    scores, rivals = images.others(label, own)
    centre = np.vstack([head.features[head.labels == label], images.features[own]]).mean(0)
    margins = mean.margins(images.features[own], scores, centre)
    weights = images.weights[:, own] / len(own)

    def chances(size: float) -> Floats:
        return margins.chances(size, weights)

    sizes = (np.array(FACTORS) * count).tolist()
    missed = weights[0] * (1 - chances(sizes[-1])[0])
    taken = np.bincount(rivals, missed, images.classes)
    return ClassCurve(
        label=label,
        train_images=count,
        test_images=len(own),
        measured=tuple(_measured(head, images, label, rng)),
        expected=tuple(_expected(mean, centre, images, label, chances, sizes)),
        half=_images_for_half(SIZES * count, weights, chances),
        confuser=int(taken.argmax()) if taken.any() else None,
    )


def _expected(
    mean: ClassMean,
    centre: Floats,
    images: TestImages,
    label: int,
    chances: Callable[[float], Floats],
    sizes: list[float],
) -> Iterator[ExpectedPoint]:
    """Yield what is expected of each size; `chances` are those of the class's own test images."""
    own = np.flatnonzero(images.labels == label)
    others = np.flatnonzero(images.labels != label)
    near = others[mean.reaches(images.features[others], images.others(label, others)[0], sizes[-1])]
    mean = replace(mean, shifts=mean.shifts[:MACRO_DRAWS])
    margins = mean.margins(images.features[near], images.others(label, near)[0], centre)
    near_weights = images.weights[:MACRO_DRAWS, near]
    near_weights = near_weights / np.maximum(near_weights.sum(1), 1)[:, None]
    rows = np.concatenate([own, near])
    for size in sizes:
        recognised = chances(size)  # (B, own)
        recall = (images.weights[:, own] * recognised).sum(1) / len(own)
        both = np.hstack([recognised[:MACRO_DRAWS], margins.chances(size, near_weights)])
        macro_f1 = images.macro_f1(label, rows, both)
        yield ExpectedPoint(round(size), *_with_bounds(recall), *_with_bounds(macro_f1))


def _with_bounds(values: Floats) -> tuple[float, float, float]:
    """Return the first of values (B,), and the bounds that the others give."""
    low, high = np.quantile(values[1:], BOUNDS)
    return float(values[0]), float(low), float(high)


def _images_for_half(
    sizes: Floats, weights: Floats, chances: Callable[[float], Floats]
) -> ImagesNeeded:
    """Return where the recall passes HALF, by sizes (M,) and weights (B, T) of the test images."""
    recall = np.stack([(weights * chances(size)).sum(1) for size in sizes.tolist()], axis=1)
    rising = np.maximum.accumulate(recall, axis=1)  # (B, M)
    needed = np.array([np.exp(np.interp(HALF, row, np.log(sizes))) for row in rising])
    needed[rising[:, -1] < HALF] = np.inf
    bounds = np.quantile(needed[1:], BOUNDS, method="inverted_cdf").tolist()
    numbers = (float(needed[0]), *bounds)
    return ImagesNeeded(*(number if np.isfinite(number) else None for number in numbers))


def _measured(
    head: Discriminant, images: TestImages, label: int, rng: np.random.Generator
) -> Iterator[MeasuredPoint]:
    """Yield the heads on nested subsets of the class's training images, mean over draws."""
    own, labels = head.features[head.labels == label], images.labels
    scores, _ = images.others(label, np.arange(len(labels)))
    sizes = sorted({max(round(part * len(own)), 1) for part in PARTS})
    orders = [rng.permutation(len(own)) for _ in range(SUBSETS)]
    scale = head.counts[label] / len(own)
    for size in sizes:
        draws = orders if size < len(own) else orders[:1]
        means = np.stack([own[order[:size]].mean(0) for order in draws])  # (S, K)
        score = images.features @ means.T - (means**2).sum(1) / 2 + np.log(size * scale)
        is_taken = score > scores[:, None]  # (T, S)
        hits, taken = is_taken[labels == label].sum(0), is_taken.sum(0)
        support = np.count_nonzero(labels == label)
        f1 = 2 * hits / (support + taken)
        yield MeasuredPoint(round(size * scale), float(hits.mean() / support), float(f1.mean()))
