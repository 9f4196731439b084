"""How far a score would lie apart on other test images, also where a class has a single one.

The split fixes how many test images each class has, so that test sets are stratified samples: the
variance of a score is the sum over classes of the variance that the units of a class bring in. A
unit is an image or, where images come in groups (of a lesion, a patient, a contributor), all images
of one class in one group: these say nearly the same thing (Davison & Hinkley 1997, Bootstrap
Methods and their Application, section 3.8).

A unit's influence is what the score gains if it is added to the test set once more, times the units
of its class with it: the positive jackknife (Hinkley 1977; Davison & Hinkley, section 2.7). Unlike
leaving one out, it is defined where a class has one unit.

One image of a class, or three that are all right, show no spread, though other images would. So two
units are added to each class: one that is right and one that is wrong, or for a difference one that
only the first strategy recognises and one that only the second does. The score itself stays that of
the images. Of one seed, each counts as two images (Agresti & Coull 1998), or as one for a
difference (Bonett & Price 2012). Counted exactly for two classes, of which the rare one has 8 to
100 images and a recall of .02 to .95, intervals then hold .93 or more at each; with half an image
(Jeffreys) .78 of scores and .87 of differences at the worst.
Over seeds half an image does: that a class is all right or all wrong under every seed is rare, and
the spread over seeds is added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import norm

from benchmark.evaluation.metrics.class_counts import ClassCounts, count_classes, ratio
from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.statistics import LEVEL, Floats, Labels

PSEUDO_WEIGHT = 0.5  # in images, of each of the two units that are added to a class
SCORE_WEIGHT, DIFFERENCE_WEIGHT = 2.0, 1.0  # the same of one seed
_ROWS_AT_ONCE = 500  # test sets that are scored at once, which bounds memory


@dataclass(frozen=True)
class SampledUnits:
    """The U units of one test set of N images, of C classes."""

    labels: Labels  # (N,) of the images
    unit: Labels  # (N,) of each image, 0 to U - 1
    classes: int

    @classmethod
    def count(cls, labels: Labels, classes: int, groups: Labels | None = None) -> SampledUnits:
        """Return the units of images with labels (N,) and groups (N,); None: each is alone."""
        if groups is None:
            return cls(labels, np.arange(len(labels)), classes)
        pairs = np.vstack([labels, groups])
        return cls(labels, np.unique(pairs, axis=1, return_inverse=True)[1].ravel(), classes)

    @cached_property
    def class_of_unit(self) -> Labels:
        """The class (U,) of each unit."""
        class_of_unit = np.zeros(self.unit.max(initial=-1) + 1, np.int64)
        class_of_unit[self.unit] = self.labels
        return class_of_unit

    @cached_property
    def counts(self) -> Labels:
        """Units of each class, (C,)."""
        return np.bincount(self.class_of_unit, minlength=self.classes)

    @cached_property
    def present(self) -> Labels:
        """The P classes that have units."""
        return np.flatnonzero(self.counts)


@dataclass(frozen=True)
class Influences:
    """Influences on the M `interval_metrics` of one strategy."""

    estimates: Floats  # (M,) the metrics of the images as they are
    units: Floats  # (M, U)
    right: Floats  # (M, P) of a unit that is right, in each class that has units
    wrong: Floats  # (M, P) of a unit that is wrong

    def minus(self, other: Influences) -> Influences:
        """Return those on the difference from another strategy on the same images."""
        return weighted_sum([self, other], [1.0, -1.0])


def weighted_sum(parts: Sequence[Influences], weights: Sequence[float]) -> Influences:
    """Return the influences on a weighted sum of scores on the same images, like a difference.

    Of its pseudo-units, one is right where a weight is above 0 and wrong where it is below, the
    other the reverse: of a difference, those that only one of the two strategies recognises.
    """
    estimates, units, right, wrong = (0.0 * part for part in vars(parts[0]).values())
    for part, weight in zip(parts, weights, strict=True):
        estimates, units = estimates + weight * part.estimates, units + weight * part.units
        for_right, for_wrong = (part.right, part.wrong) if weight > 0 else (part.wrong, part.right)
        right, wrong = right + weight * for_right, wrong + weight * for_wrong
    return Influences(estimates, units, right, wrong)


def influences(predicted: Labels, units: SampledUnits) -> Influences:
    """Return the influences of all units on one strategy, which predicts `predicted` (N,)."""
    labels, classes, present = units.labels, units.classes, units.present
    counts = count_classes(labels, predicted, classes)
    if len(units.class_of_unit) == len(labels):  # images of one outcome have one influence
        _, images, kind = np.unique(
            labels * classes + predicted, return_index=True, return_inverse=True
        )
        rows, kind_of_unit = np.arange(len(images)), kind.ravel()[np.argsort(units.unit)]
    else:
        images, rows = np.arange(len(labels)), units.unit
        kind_of_unit = np.arange(len(units.class_of_unit))
    n, size = len(present), ratio(counts.support, units.counts.astype(float))[present]
    pseudo = rows.max(initial=-1) + 1 + np.arange(2 * n)
    added = _added_scores(
        counts,
        np.concatenate([rows, pseudo]),
        np.concatenate([labels[images], present, present]),
        np.concatenate([predicted[images], present, _mistaken_for(labels, predicted, units)]),
        np.concatenate([np.ones(len(rows)), size, size]),
    )
    estimates = interval_scores(counts)
    gains = added - estimates[:, None]
    real, right, wrong = np.split(gains, [-2 * n, -n], axis=1)
    scale = units.counts + 1.0
    return Influences(
        estimates,
        real[:, kind_of_unit] * scale[units.class_of_unit],
        right * scale[present],
        wrong * scale[present],
    )


def variance(
    influences: Influences, units: SampledUnits, pseudo_weight: float = PSEUDO_WEIGHT
) -> Floats:
    """Return the variance (M,) of metrics, or of their differences, by the test images.

    Above 0 for every metric that an image can move. The textbook factor n / (n - 1), of the units
    with those that were added, makes up for a mean that is estimated from the same units.
    """
    counts, weight = units.counts.astype(float), 2 * pseudo_weight
    classes = np.concatenate([units.class_of_unit, units.present, units.present])
    weights = np.full(len(classes), pseudo_weight)
    weights[: len(units.class_of_unit)] = 1.0
    weights /= counts[classes] + weight

    def mean(values: Floats) -> Floats:
        sums = np.bincount(classes, weights=weights * values, minlength=units.classes)
        return sums.astype(float)

    present, variances = units.present, []
    factor = (counts + weight) / np.maximum(counts + weight - 1, weight)
    for values in np.hstack([influences.units, influences.right, influences.wrong]):
        spread = mean((values - mean(values)[classes]) ** 2) * factor
        variances.append((spread[present] / counts[present]).sum())
    return np.array(variances)


def normal_interval(estimates: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Return the bounds (M,) of estimates at LEVEL, from the variances of `variance`."""
    half = norm.ppf((1 + LEVEL) / 2) * np.sqrt(variances)
    return estimates - half, estimates + half


def interval_scores(counts: ClassCounts) -> Floats:
    """Return the M `interval_metrics` (M, ...) of counts (..., C)."""
    forms = (metric.of_counts for metric in interval_metrics().values())
    return np.stack([form(counts) for form in forms if form is not None])


def _added_scores(
    counts: ClassCounts, row: Labels, labels: Labels, predicted: Labels, weights: Floats
) -> Floats:
    """Return the metrics (M, R) of R test sets: in each row, images are added to the counts.

    An image has a row, a label, a prediction and a weight, each (n,); rows are 0 to R - 1.
    """
    images, n_rows = (row, labels, predicted, weights), int(row.max(initial=-1)) + 1
    row_of, before, after = _changed_counts(counts, *images)
    scores = []
    for metric in interval_metrics().values():
        if metric.of_classes is None:
            if metric.of_counts is not None:
                scores.append(_whole_scores(metric.of_counts, counts, *images))
            continue
        parts = zip(*map(metric.of_classes, (counts, before, after)), strict=True)
        top, bottom = (
            whole.sum() + np.bincount(row_of, weights=new - old, minlength=n_rows)
            for whole, old, new in parts
        )
        scores.append(ratio(top, bottom, without=np.nan))
    return np.stack(scores)


def _changed_counts(
    counts: ClassCounts, row: Labels, labels: Labels, predicted: Labels, weights: Floats
) -> tuple[Labels, ClassCounts, ClassCounts]:
    """Return the row (n,) of each class that images change, its counts before and after, (n,)."""
    classes, right = counts.support.shape[-1], weights * (labels == predicted)
    cell, index = np.unique(
        np.concatenate([row * classes + labels, row * classes + predicted]), return_inverse=True
    )
    class_of, row_of, n = cell % classes, cell // classes, len(cell)
    of_label, of_prediction = np.split(index.ravel(), 2)

    def sums(cells: Labels, values: Floats) -> Floats:
        return np.bincount(cells, weights=values, minlength=n).astype(float)

    hits, support, called = (
        whole[class_of] for whole in (counts.true_positives, counts.support, counts.predicted)
    )
    before = ClassCounts(hits, support - hits, called - hits)
    hits = hits + sums(of_label, right)
    support, called = support + sums(of_label, weights), called + sums(of_prediction, weights)
    return row_of, before, ClassCounts(hits, support - hits, called - hits)


def _whole_scores(
    form: Callable[[ClassCounts], Floats],
    counts: ClassCounts,
    row: Labels,
    labels: Labels,
    predicted: Labels,
    weights: Floats,
) -> Floats:
    """Return the scores (R,) by a metric that needs the counts of all classes."""
    scores, n_rows = [], int(row.max(initial=-1)) + 1
    order = np.argsort(row, kind="stable")
    row, labels, predicted = row[order], labels[order], predicted[order]
    weights = weights[order]
    right = weights * (labels == predicted)
    for first in range(0, n_rows, _ROWS_AT_ONCE):
        rows = min(_ROWS_AT_ONCE, n_rows - first)
        at = slice(*np.searchsorted(row, [first, first + rows]))
        shape = (rows, counts.support.shape[-1])
        hits = counts.true_positives + _sums(row[at] - first, labels[at], right[at], shape)
        support = counts.support + _sums(row[at] - first, labels[at], weights[at], shape)
        called = counts.predicted + _sums(row[at] - first, predicted[at], weights[at], shape)
        scores.append(form(ClassCounts(hits, support - hits, called - hits)))
    return np.concatenate(scores)


def _sums(rows: Labels, columns: Labels, values: Floats, shape: tuple[int, int]) -> Floats:
    """Sum values (n,) by row and column, each (n,) -> `shape`."""
    cell = rows * shape[1] + columns
    total = np.bincount(cell, weights=values, minlength=shape[0] * shape[1])
    return total.astype(float).reshape(shape)


def _mistaken_for(labels: Labels, predicted: Labels, units: SampledUnits) -> Labels:
    """Return the class (P,) that images of each present class are most often mistaken for.

    If none is mistaken, it is the class that is predicted most; ties go to the first.
    """
    classes = units.classes
    pairs, times = np.unique(labels * classes + predicted, return_counts=True)
    truth, called = pairs // classes, pairs % classes
    wrong = truth != called
    order = np.argsort(times[wrong], kind="stable")
    by_size = np.argsort(-np.bincount(predicted, minlength=classes), kind="stable")
    second = by_size[min(1, classes - 1)]
    confuser = np.where(np.arange(classes) == by_size[0], second, by_size[0])
    confuser[truth[wrong][order]] = called[wrong][order]  # the most frequent is written last
    return confuser[units.present]
