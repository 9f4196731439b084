"""How much images that come in groups say: fewer independent ones would say as much."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics.class_counts import ratio
from benchmark.evaluation.statistics import Floats

_PRIOR = 4.0  # groups' worth of belief that images of a group are alike


def design_effect(
    values: Floats, classes: NDArray[np.int64], groups: NDArray[np.int64], number: int
) -> Floats:
    """Return by how much a mean of grouped images varies more than one of single images, (C,).

    Counts divided by it can go into an interval for independent images (Kish 1965, Survey
    Sampling, section 8.2; Franco et al. 2019, Journal of Survey Statistics and Methodology 7).

    Parameters
    ----------
    values
        (N,) what is averaged within each class: 1 for an image that is right, say.
    classes, groups
        (N,) of each image. A group may hold images of several classes.
    number
        C.

    The variance between groups, over that of as many single images, is a poor estimate from a few
    groups, and none where all images agree. So it is pulled towards what it would be if the images
    of a group were copies of each other, as if four groups had said so. Counted for groups of 1-6
    images with correlation .5, intervals then cover .93 or more from two groups on; by the estimate
    alone it is .90, and .74 if images are taken for independent. Without two images in a group it
    is 1.
    """
    pairs, group = np.unique(np.vstack([classes, groups]), axis=1, return_inverse=True)
    group, of = group.ravel(), pairs[0]
    size = np.bincount(group).astype(float)
    total = np.bincount(group, weights=values).astype(float)

    def by_class(numbers: Floats) -> Floats:
        return np.bincount(of, weights=numbers, minlength=number).astype(float)

    images, held = by_class(size), by_class(np.ones(len(of)))
    mean = ratio(by_class(total), images)
    copies = ratio(by_class(size**2), images)  # if all images of a group were alike
    squares = np.bincount(classes, weights=(values - mean[classes]) ** 2, minlength=number)
    between = by_class((total - size * mean[of]) ** 2) * ratio(held, held - 1)
    single = squares * ratio(images, images - 1)
    known = (single > 1e-12) & (held > 1)
    found = np.where(known, ratio(between, single), copies)
    found = np.clip(found, 1, np.maximum(copies, 1))
    return (held * found + _PRIOR * np.maximum(copies, 1)) / (held + _PRIOR)
