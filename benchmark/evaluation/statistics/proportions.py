"""Intervals of a proportion, like the recall of a class, and of its change on the same images."""

import numpy as np
from scipy.special import betainc, betaincinv
from scipy.stats import norm

from benchmark.evaluation.metrics.class_counts import ratio
from benchmark.evaluation.statistics import LEVEL, Floats, Labels

Counts = Labels | Floats  # no whole numbers for grouped images, see `design_effect`


def clopper_pearson(hits: Counts, counts: Counts) -> tuple[Floats, Floats]:
    """Return the bounds (n,) at 95 % of the shares hits / counts, each (n,); NaN for 0 of 0.

    The exact interval of Clopper & Pearson (1934, Biometrika 26), which for 0 of 10 reaches up to
    .31. It covers every true share .95 of the time or more. Wilson's, narrower by a tenth for 30
    images and by a twentieth for 150, covers .95 on average, but .83 near 0 and 1, and .92 of 40
    images elsewhere (Brown, Cai & DasGupta 2001, Statistical Science 16).
    """
    k, n = hits.astype(float), np.where(counts > 0, counts, np.nan)
    tail = (1 - LEVEL) / 2
    with np.errstate(invalid="ignore"):  # 0 of 0
        low = np.where(k > 0, betaincinv(np.where(k > 0, k, 1), n - k + 1, tail), 0)
        high = np.where(k < n, betaincinv(k + 1, np.where(k < n, n - k, 1), 1 - tail), 1)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def paired_proportion_difference_ci(
    gained: Counts, lost: Counts, counts: Counts, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Return the bounds (n,) of (gained - lost) / counts, each (n,); NaN for 0 images.

    Of `counts` images, only the first of two classifiers is right on `gained`, only the second on
    `lost`. The adjusted Wald interval of Bonett & Price 2012 (Journal of Educational and Behavioral
    Statistics 37, 479) adds one image to either number, so it does not collapse where both
    classifiers agree: nothing gained and nothing lost of 10 reaches from -.23 to .23. Counted
    exactly for 3 to 100 images it covers .93 at worst; Wald's interval covers .06, Newcombe's,
    which is narrower, .80, and Tango's, which is as wide, .90.
    """
    n = np.where(counts > 0, counts, np.nan) + 2
    more, less = (gained + 1) / n, (lost + 1) / n
    half = norm.ppf((1 + level) / 2) * np.sqrt((more + less - (more - less) ** 2) / n)
    return np.clip(more - less - half, -1, 1), np.clip(more - less + half, -1, 1)


def paired_proportion_test(gained: Counts, lost: Counts) -> Floats:
    """Return the exact two-sided p (n,) that `gained` and `lost`, each (n,), differ by chance.

    The sign test of McNemar: an image on which only one of two classifiers is right could as well
    be the other's. A binomial tail, as a beta integral, is also defined for counts that are no
    whole numbers. At the levels of many comparisons the interval of Bonett & Price is too narrow:
    at .05 / 85 it excludes 0 up to 13 times as often as it should for 8 images, and 2 times for 20
    of which half differ.
    """
    most, least = np.maximum(gained, lost), np.minimum(gained, lost)
    tail = betainc(np.maximum(most, 1e-9), least + 1.0, 0.5)
    return np.where(most > 0, np.minimum(2 * tail, 1), 1.0)


_PRIOR = 4.0  # weight, in groups, of the assumption that images of a group are identical


def design_effect(values: Floats, labels: Labels, groups: Labels, classes: int) -> Floats:
    """Return the variance of a mean of grouped images over that of single images, (C,).

    Counts divided by it can go into an interval for independent images (Kish 1965, Survey
    Sampling, section 8.2; Franco et al. 2019, Journal of Survey Statistics and Methodology 7).

    `values` (N,) are averaged within each class, like 1 for an image that is right. A group may
    hold images of several classes.

    The variance between groups, over that of as many single images, is a poor estimate for few
    groups, and undefined where all images agree. So it is shrunk towards its value for identical
    images in each group, with the weight of four groups. Counted for groups of 1-6 images with
    correlation .5, intervals then cover .93 or more from two groups on; by the estimate alone they
    cover .90, and .74 if images are taken for independent. Without two images in a group the
    design effect is 1.
    """
    distinct, code = np.unique(groups, return_inverse=True)
    pairs, group = np.unique(labels * len(distinct) + code, return_inverse=True)
    class_of = pairs // max(len(distinct), 1)
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
