"""Images that come in groups carry as much information as fewer independent images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics.class_counts import ratio
from benchmark.evaluation.statistics import Floats

_PRIOR = 4.0  # weight, in groups, of the assumption that images of a group are identical


def design_effect(
    values: Floats, labels: NDArray[np.int64], groups: NDArray[np.int64], classes: int
) -> Floats:
    """Return the variance of a mean of grouped images over that of single images, (C,).

    Counts divided by it can go into an interval for independent images (Kish 1965, Survey
    Sampling, section 8.2; Franco et al. 2019, Journal of Survey Statistics and Methodology 7).

    Parameters
    ----------
    values
        (N,) values that are averaged within each class, like 1 for an image that is right.
    labels, groups
        (N,) of each image. A group may hold images of several classes.
    classes
        C.

    The variance between groups, over that of as many single images, is a poor estimate for few
    groups, and undefined where all images agree. So it is shrunk towards its value for identical
    images in each group, with the weight of four groups. Counted for groups of 1-6 images with
    correlation .5, intervals then cover .93 or more from two groups on; by the estimate alone they
    cover .90, and .74 if images are taken for independent. Without two images in a group the
    design effect is 1.
    """
    pairs, group = np.unique(np.vstack([labels, groups]), axis=1, return_inverse=True)
    group, class_of = group.ravel(), pairs[0]
    size = np.bincount(group).astype(float)
    total = np.bincount(group, weights=values).astype(float)

    def class_sums(numbers: Floats) -> Floats:
        return np.bincount(class_of, weights=numbers, minlength=classes).astype(float)

    images, n_groups = class_sums(size), class_sums(np.ones(len(class_of)))
    mean = ratio(class_sums(total), images)
    largest = ratio(class_sums(size**2), images)  # if all images of a group were identical
    squares = np.bincount(labels, weights=(values - mean[labels]) ** 2, minlength=classes)
    between = class_sums((total - size * mean[class_of]) ** 2) * ratio(n_groups, n_groups - 1)
    single = squares * ratio(images, images - 1)
    known = (single > 1e-12) & (n_groups > 1)
    estimate = np.where(known, ratio(between, single), largest)
    estimate = np.clip(estimate, 1, np.maximum(largest, 1))
    return (n_groups * estimate + _PRIOR * np.maximum(largest, 1)) / (n_groups + _PRIOR)
