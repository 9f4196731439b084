"""The recall of one class under every strategy, and its difference from the baseline's.

Over several seeds an interval is made of two. Student's t over seeds, widened for the images
that splits share, knows how trainings differ, but collapses where all seeds agree by chance. The
interval of a proportion, over the images of all seeds, can't collapse, but knows nothing of
trainings. Distances of their bounds from the mean are added in quadrature, as deviations that do
not depend on each other. Repeated test results of one image count as one group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.analysis.confidence import (
    SeedPredictions,
    image_units,
    shared_images,
    strategies_of,
)
from benchmark.evaluation.metrics.class_counts import ratio
from benchmark.evaluation.per_class import recall_interval
from benchmark.evaluation.statistics import LEVEL, Floats, Labels
from benchmark.evaluation.statistics.across_seeds import (
    NOTHING_SHARED,
    SharedImages,
    t_interval_corrected,
)
from benchmark.evaluation.statistics.proportions import (
    design_effect,
    paired_proportion_difference_ci,
    paired_proportion_test,
)

RECALLS = ["strategy", "class", "recall", "low", "high", "hits", "images", "seeds"]
CHANGES = [
    *("strategy", "baseline", "class", "difference", "low", "high"),
    *("images", "seeds", "significant_bonferroni"),
]


@dataclass(frozen=True)
class _PooledImages:
    """The test images of n seeds one after another, N in all, of C classes."""

    classes: tuple[str, ...]
    labels: Labels  # (N,)
    seed: Labels  # (N,) index among the n
    units: Labels  # (N,) images that are not independent, see `image_units`
    seeds: int
    shared: SharedImages  # by the seeds

    @classmethod
    def from_seeds(cls, seeds: Sequence[SeedPredictions]) -> _PooledImages:
        labels = np.concatenate([seed.labels for seed in seeds])
        index = np.repeat(np.arange(len(seeds)), [len(seed.labels) for seed in seeds])
        shared = shared_images(tuple(seeds)) if len(seeds) > 1 else NOTHING_SHARED
        return cls(seeds[0].classes, labels, index, image_units(seeds), len(seeds), shared)

    def sums(self, values: Floats) -> Floats:
        """Sum values (N,) by seed and class -> (n, C)."""
        cell = self.seed * len(self.classes) + self.labels
        length = self.seeds * len(self.classes)
        totals = np.bincount(cell, weights=values, minlength=length).astype(float)
        return totals.reshape(self.seeds, len(self.classes))  # (n * C,) -> (n, C)

    @cached_property
    def images(self) -> Floats:
        """Test images by seed and class, (n, C)."""
        return self.sums(np.ones(len(self.labels)))

    def means(self, values: Floats) -> Floats:
        """Average values (N,) -> (n, C), NaN where a seed has no image of a class."""
        return np.where(self.images > 0, ratio(self.sums(values), self.images), np.nan)

    def mean(self, values: Floats) -> Floats:
        """Average values (N,) -> (C,): the mean over the seeds that have images of a class."""
        seeds = (self.images > 0).sum(0)
        total = np.nansum(self.means(values), 0)
        return np.where(seeds > 0, ratio(total, seeds.astype(float)), np.nan)

    def effective_counts(self, values: Floats, *counted: Floats) -> list[Floats]:
        """Sum each of `counted` (N,) -> (C,), divided by the design effect of values (N,).

        So many independent images say as much about the mean of the values.
        """
        effect = design_effect(values, self.labels, self.units, len(self.classes))
        return [self.sums(count).sum(0) / effect for count in counted]

    def widen(
        self, low: Floats, high: Floats, values: Floats, level: float = LEVEL
    ) -> tuple[Floats, Floats]:
        """Add Student's t over seeds of values (N,) to the given bounds (C,), in quadrature."""
        means, (low, high) = self.means(values), (low.copy(), high.copy())
        middle = self.mean(values)
        seeds = np.isfinite(means).sum(0)  # (C,) that have the class
        for k in np.unique(seeds[seeds > 1]):
            c = np.flatnonzero(seeds == k)
            class_means = means[:, c].T
            present = class_means[np.isfinite(class_means)].reshape(-1, k)  # (c * k,) -> (c, k)
            bounds = t_interval_corrected(present, shared=self.shared, level=level)
            low[c] = middle[c] - _add_in_quadrature(middle[c] - low[c], middle[c] - bounds[0])
            high[c] = middle[c] + _add_in_quadrature(high[c] - middle[c], bounds[1] - middle[c])
        return low, high


def _add_in_quadrature(a: Floats, b: Floats) -> Floats:
    """Distances (n,) of two bounds from a mean -> (n,); a bound on the other side counts as 0."""
    return np.hypot(np.maximum(a, 0), np.maximum(b, 0))


def class_recalls(seeds: Sequence[SeedPredictions]) -> pd.DataFrame:
    """Return RECALLS: the recall of every class under every strategy, with its 95 % interval.

    Recall is the mean over the seeds that finished and have images of the class; `hits` and
    `images` are counted over all of them. The interval of one seed is exact, over its images or,
    where they come in groups, over fewer (`design_effect`); for several seeds see this module.
    Counted for 2 to 8 seeds of 1 to 30 images, it covers .94 at the worst, pooled images alone .54.
    """
    tables = []
    for name in strategies_of(seeds):
        finished = [seed for seed in seeds if name in seed.predicted]
        pooled = _PooledImages.from_seeds(finished)
        correct = _correct(finished, name).astype(float)
        low, high = recall_interval(correct, pooled.labels, pooled.units, len(pooled.classes))
        low, high = pooled.widen(low, high, correct)
        hits, images = pooled.sums(correct).sum(0).astype(int), pooled.images
        numbers = (pooled.mean(correct), low.clip(0, 1), high.clip(0, 1))
        counts = (hits, images.sum(0).astype(int), (images > 0).sum(0))
        columns = (name, pooled.classes, *numbers, *counts)
        tables.append(pd.DataFrame(dict(zip(RECALLS, columns, strict=True))))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=RECALLS)


def class_changes(seeds: Sequence[SeedPredictions], baseline: str | None) -> pd.DataFrame:
    """Return CHANGES: the recall of every class under every strategy, minus the baseline's.

    A difference is the mean over the seeds in which the class has test images and that both
    strategies finished; `images` counts those images over these seeds. The interval of one seed is
    that of `paired_proportion_difference_ci`, over its images or, where they come in groups, over
    fewer (`design_effect`); for several seeds see this module. Counted, it covers .96 at the worst,
    either part of it alone .57 or less.

    Every interval is for its row alone: of 85 rows where nothing changed, 2 or 3 exclude 0.
    `significant_bonferroni` is corrected for all rows, and takes that `paired_proportion_test`
    agrees, which is exact.
    """
    names = [] if baseline is None else [name for name in strategies_of(seeds) if name != baseline]
    tables = [
        _changes(name, str(baseline), both, len(names))
        for name in names
        if (both := [seed for seed in seeds if {name, baseline} <= seed.predicted.keys()])
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=CHANGES)


def _changes(
    name: str, baseline: str, seeds: Sequence[SeedPredictions], strategies: int
) -> pd.DataFrame:
    """CHANGES of one of so many strategies, one row per class."""
    pooled = _PooledImages.from_seeds(seeds)
    ours, theirs = _correct(seeds, name), _correct(seeds, baseline)
    gained, lost = (ours & ~theirs).astype(float), (theirs & ~ours).astype(float)
    net, images = gained - lost, pooled.images
    more, less, whole = pooled.effective_counts(net, gained, lost, np.ones(len(net)))

    def bounds(level: float) -> tuple[Floats, Floats]:
        low, high = paired_proportion_difference_ci(more, less, whole, level)
        low, high = pooled.widen(low, high, net, level)
        return low.clip(-1, 1), high.clip(-1, 1)

    low, high = bounds(LEVEL)
    alpha = (1 - LEVEL) / (strategies * len(pooled.classes))
    lowest, highest = bounds(1 - alpha)
    significant = (lowest > 0) | (highest < 0)
    significant &= paired_proportion_test(more, less) <= alpha
    numbers = (pooled.mean(net), low, high, images.sum(0).astype(int), (images > 0).sum(0))
    columns = (name, baseline, pooled.classes, *numbers, significant)
    return pd.DataFrame(dict(zip(CHANGES, columns, strict=True)))


def confusion_matrix(seeds: Sequence[SeedPredictions], name: str) -> NDArray[np.int64]:
    """Return counts (C, C) of the test images of all seeds that a strategy finished, by truth."""
    classes = len(seeds[0].classes)
    total = np.zeros(classes * classes, np.int64)
    for seed in seeds:
        if name in seed.predicted:
            total += np.bincount(seed.labels * classes + seed.predicted[name], minlength=total.size)
    return total.reshape(classes, classes)  # (C * C,) -> (C, C)


def _correct(seeds: Sequence[SeedPredictions], name: str) -> NDArray[np.bool_]:
    """Return which of the images of all seeds, (N,), a strategy predicts correctly."""
    return np.concatenate([seed.predicted[name] == seed.labels for seed in seeds])
