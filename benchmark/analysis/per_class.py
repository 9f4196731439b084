"""What the predictions of a run allow to say of one class: its recall, and how that changes.

Over several seeds an interval is the union of two. Student's knows how trainings differ, but
collapses where all seeds agree by chance; that of a share, over the images of all seeds, can't
collapse but knows of no training. An image that several seeds were tested on is a group of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.analysis.confidence import SeedPredictions, strategies_of, units_of
from benchmark.evaluation.metrics.class_counts import ratio
from benchmark.evaluation.statistics import LEVEL, Floats
from benchmark.evaluation.statistics.across_seeds import t_interval_corrected
from benchmark.evaluation.statistics.design_effect import design_effect
from benchmark.evaluation.statistics.proportions import paired_proportion_difference_ci, wilson

RECALLS = ["strategy", "class", "recall", "low", "high", "hits", "images", "seeds"]
CHANGES = [
    "strategy",
    "baseline",
    "class",
    "difference",
    "low",
    "high",
    "images",
    "seeds",
    "beyond_chance",
]


@dataclass(frozen=True)
class _Pooled:
    """The test images of n seeds one after another, N in all, of C classes."""

    classes: tuple[str, ...]
    labels: NDArray[np.int64]  # (N,)
    seed: NDArray[np.int64]  # (N,) its place among the n
    units: NDArray[np.int64]  # (N,) what hangs together, see `units_of`
    seeds: int

    @classmethod
    def of(cls, seeds: Sequence[SeedPredictions]) -> _Pooled:
        labels = np.concatenate([one.labels for one in seeds])
        seed = np.repeat(np.arange(len(seeds)), [len(one.labels) for one in seeds])
        return cls(seeds[0].classes, labels, seed, units_of(seeds), len(seeds))

    def by_seed(self, values: Floats) -> Floats:
        """Add up values (N,) -> (n, C)."""
        place = self.seed * len(self.classes) + self.labels
        cells = self.seeds * len(self.classes)
        counted = np.bincount(place, weights=values, minlength=cells).astype(float)
        return counted.reshape(self.seeds, len(self.classes))  # (n * C,) -> (n, C)

    @property
    def images(self) -> Floats:
        """(n, C)."""
        return self.by_seed(np.ones(len(self.labels)))

    def means(self, values: Floats) -> Floats:
        """Average values (N,) -> (n, C), NaN where a seed has no image of a class."""
        return np.where(self.images > 0, ratio(self.by_seed(values), self.images), np.nan)

    def mean(self, values: Floats) -> Floats:
        """Average values (N,) -> (C,): the mean over the seeds that have images of a class."""
        held = (self.images > 0).sum(0)
        total = np.nansum(self.means(values), 0)
        return np.where(held > 0, ratio(total, held.astype(float)), np.nan)

    def independent(self, values: Floats, *counted: Floats) -> list[Floats]:
        """Count (N,) -> (C,) as if of independent images that say as much about mean values."""
        effect = design_effect(values, self.labels, self.units, len(self.classes))
        return [self.by_seed(one).sum(0) / effect for one in counted]

    def widened(
        self, low: Floats, high: Floats, values: Floats, level: float = LEVEL
    ) -> tuple[Floats, Floats]:
        """Return bounds (C,) that hold those given and Student's over seeds of values (N,)."""
        each, (low, high) = self.means(values), (low.copy(), high.copy())
        held = np.isfinite(each).sum(0)
        for k in np.unique(held[held > 1]):  # seeds that have the class
            c = np.flatnonzero(held == k)
            of = each[:, c].T
            bounds = t_interval_corrected(
                of[np.isfinite(of)].reshape(-1, k), level=level
            )  # (c * k,) -> (c, k)
            low[c], high[c] = np.minimum(low[c], bounds[0]), np.maximum(high[c], bounds[1])
        return low, high


def class_recalls(seeds: Sequence[SeedPredictions]) -> pd.DataFrame:
    """Return RECALLS: the recall of every class under every strategy, with its interval at 95 %.

    Recall is the mean over the seeds that finished and have images of the class; `hits` and
    `images` are counted over all of them. The interval of one seed is `wilson`'s, over its images
    or, where they come in groups, over fewer (`design_effect`); of several see this file. Counted
    for 2 to 8 seeds of 1 to 30 images, that union covers .90 at the worst, pooled images alone .54.
    """
    tables = []
    for name in strategies_of(seeds):
        mine = [one for one in seeds if name in one.predicted]
        pooled = _Pooled.of(mine)
        right = np.concatenate([one.predicted[name] == one.labels for one in mine]).astype(float)
        low, high = wilson(*pooled.independent(right, right, np.ones(len(right))))
        low, high = pooled.widened(low, high, right)
        hits, images = pooled.by_seed(right).sum(0).astype(int), pooled.images
        numbers = (pooled.mean(right), low.clip(0, 1), high.clip(0, 1))
        counts = (hits, images.sum(0).astype(int), (images > 0).sum(0))
        columns = (name, pooled.classes, *numbers, *counts)
        tables.append(pd.DataFrame(dict(zip(RECALLS, columns, strict=True))))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=RECALLS)


def class_changes(seeds: Sequence[SeedPredictions], baseline: str | None) -> pd.DataFrame:
    """Return CHANGES: the recall of every class under every strategy, minus the baseline's.

    A difference is the mean over the seeds in which the class has test images and that both
    finished; `images` counts those images over these seeds. The interval of one seed is that of
    `paired_proportion_difference_ci`, over its images or, where they come in groups, over fewer (`design_effect`);
    of several see this file. Counted, that union covers .91 at the worst, either part of it alone
    .57 or less.

    Every interval speaks for its row alone: of 85 rows where nothing changed, 2 or 3 exclude 0.
    `beyond_chance` is for all rows at once (Bonferroni).
    """
    names = [] if baseline is None else [name for name in strategies_of(seeds) if name != baseline]
    tables = [
        _changes(name, str(baseline), both, len(names))
        for name in names
        if (both := [one for one in seeds if name in one.predicted and baseline in one.predicted])
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=CHANGES)


def _changes(
    name: str, baseline: str, seeds: Sequence[SeedPredictions], strategies: int
) -> pd.DataFrame:
    """CHANGES of one of so many strategies, a row a class."""
    pooled = _Pooled.of(seeds)
    ours, theirs = (
        np.concatenate([one.predicted[which] == one.labels for one in seeds])
        for which in (name, baseline)
    )
    gained, lost = (ours & ~theirs).astype(float), (theirs & ~ours).astype(float)
    net, images = gained - lost, pooled.images
    more, less, of = pooled.independent(net, gained, lost, np.ones(len(net)))

    def bounds(level: float) -> tuple[Floats, Floats]:
        low, high = pooled.widened(
            *paired_proportion_difference_ci(more, less, of, level), net, level
        )
        return low.clip(-1, 1), high.clip(-1, 1)

    low, high = bounds(LEVEL)
    low_of_all, high_of_all = bounds(1 - (1 - LEVEL) / (strategies * len(pooled.classes)))
    beyond = (low_of_all > 0) | (high_of_all < 0)
    numbers = (pooled.mean(net), low, high, images.sum(0).astype(int), (images > 0).sum(0), beyond)
    columns = (name, baseline, pooled.classes, *numbers)
    return pd.DataFrame(dict(zip(CHANGES, columns, strict=True)))


def biggest(changes: pd.DataFrame) -> tuple[pd.Series | None, pd.Series | None]:
    """Return the rows of the biggest gain and of the biggest loss; None where nothing changes so.

    The biggest gain is the one whose lower bound is highest, of those beyond chance if there are
    any: a class of one test image that flips is none. Where no interval of a gain excludes 0, it is
    the largest difference.
    """
    return _biggest(changes, 1), _biggest(changes, -1)


def _biggest(changes: pd.DataFrame, sign: int) -> pd.Series | None:
    rows = changes[sign * changes["difference"].astype(float) > 0]
    if rows.empty:
        return None
    beyond_chance = rows[rows["beyond_chance"].astype(bool)]
    rows = rows if beyond_chance.empty else beyond_chance
    nearest_to_0 = sign * rows["low" if sign > 0 else "high"]
    by = nearest_to_0 if (nearest_to_0 > 0).any() else sign * rows["difference"]
    # of equals the one with most images
    order = np.lexsort((-rows["images"].to_numpy(float), -by.to_numpy(float)))
    return rows.iloc[order[0]]
