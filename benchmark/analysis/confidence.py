"""Intervals of every strategy's scores, and every strategy against the baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.statistics import Floats, Labels, across_seeds, paired_tests
from benchmark.evaluation.statistics.across_seeds import SharedImages
from benchmark.evaluation.statistics.paired_tests import paired_permutation_test
from benchmark.evaluation.statistics.proportions import (
    clopper_pearson,
    design_effect,
    paired_proportion_difference_ci,
)
from benchmark.evaluation.statistics.sampling_variance import (
    DIFFERENCE_WEIGHT,
    SCORE_WEIGHT,
    Influences,
    SampledUnits,
    influences,
    normal_interval,
    variance,
)

INTERVALS = ["strategy", "metric", "value", "low", "high", "seeds"]
PAIRED = [
    *("strategy", "baseline", "metric", "difference", "low", "high", "seeds"),
    *("p_test_set", "p_test_set_adj", "p_seeds", "p_seeds_adj"),
]
PRIMARY_METRIC = "macro_f1"
PROPORTION = "accuracy"  # the share of images: it has exact intervals


@dataclass(frozen=True, eq=False)
class SeedPredictions:
    """The N test images of one seed, and what each strategy that finished it predicted.

    M is the number of `interval_metrics`.
    """

    seed: int
    files: tuple[str, ...]  # (N,)
    labels: Labels  # (N,)
    predicted: dict[str, Labels]  # strategy -> (N,)
    classes: tuple[str, ...]  # (C,)
    groups: Labels | None = None  # (N,), where images are not independent
    train_files: tuple[str, ...] = ()  # of the training images; empty if unknown

    @cached_property
    def test_set(self) -> frozenset[str]:
        """The test images."""
        return frozenset(self.files)

    @cached_property
    def training_set(self) -> frozenset[str]:
        """The training images."""
        return frozenset(self.train_files)

    @cached_property
    def units(self) -> SampledUnits:
        """What is sampled: images, or the images of one class in one group."""
        return SampledUnits.count(self.labels, len(self.classes), self.groups)

    @cached_property
    def influences(self) -> dict[str, Influences]:
        """Strategy -> its metrics, and what each unit of test images does to them."""
        return {name: influences(labels, self.units) for name, labels in self.predicted.items()}

    def influences_of(self, name: str, baseline: str | None) -> Influences:
        """Return those of a strategy, minus the baseline's if there is one."""
        own = self.influences[name]
        return own.minus(self.influences[baseline]) if baseline else own


def intervals(seeds: Sequence[SeedPredictions]) -> pd.DataFrame:
    """Return INTERVALS: 95 % intervals of every strategy's `interval_metrics`, see `interval`."""
    rows = []
    for name in strategies_of(seeds):
        value, low, high, n = interval(seeds, name)
        bounds = zip(interval_metrics(), value, low, high, strict=True)
        rows += [(name, *numbers, n) for numbers in bounds]
    return pd.DataFrame(rows, columns=INTERVALS)


def interval(
    seeds: Sequence[SeedPredictions], name: str, baseline: str | None = None
) -> tuple[Floats, Floats, Floats, int]:
    """Return a strategy's metrics, or their differences from the baseline, with bounds.

    Of one seed, bounds are over its test images, for accuracy those of a proportion. Several: see
    `t_interval_corrected`. Returns value, low and high, each (M,), and the number of seeds. What an
    interval is an interval of is said by `benchmark.report.single.interval_meaning`.
    """
    finished = [seed for seed in seeds if name in seed.predicted]
    by_seed = [seed.influences_of(name, baseline) for seed in finished]
    values = np.stack([influence.estimates for influence in by_seed], axis=-1)  # (M, n)
    lowest = -1.0 if baseline else 0.0  # an interval knows no bounds of a score
    if len(finished) == 1:
        value = values[:, 0]
        weight = DIFFERENCE_WEIGHT if baseline else SCORE_WEIGHT
        low, high = normal_interval(value, variance(by_seed[0], finished[0].units, weight))
        m = list(interval_metrics()).index(PROPORTION)
        low[m], high[m] = _proportion_interval(finished[0], name, baseline)
        return value, low.clip(lowest, 1.0), high.clip(lowest, 1.0), 1
    shared = shared_images(tuple(finished))
    bounds = across_seeds.t_interval_corrected(
        values, variance_by_images(finished, by_seed), shared
    )
    low, high = (bound.clip(lowest, 1.0) for bound in bounds)
    return values.mean(-1), low, high, len(finished)


def paired(seeds: Sequence[SeedPredictions], baseline: str | None) -> pd.DataFrame:
    """Return PAIRED: every strategy minus the baseline, over the seeds that both finished.

    `p_test_set` exchanges predictions of the test images (see `paired_permutation_test`), `p_seeds`
    is over seeds (see `p_over_seeds`); `_adj` is corrected by Holm for all strategies, each metric
    by itself.
    """
    rows: list[tuple[object, ...]] = []
    for name in strategies_of(seeds):
        both = [seed for seed in seeds if {name, baseline} <= seed.predicted.keys()]
        if name == baseline or not both or baseline is None:
            continue
        value, low, high, n = interval(both, name, baseline)
        labels = [seed.labels for seed in both]
        ours, theirs = ([seed.predicted[s] for seed in both] for s in (name, baseline))
        rng, groups = np.random.default_rng(0), _exchanged_groups(both)
        classes = len(both[0].classes)
        p_test_set = paired_permutation_test(labels, ours, theirs, classes, rng, groups=groups)
        p_seeds = p_over_seeds(both, name, baseline)
        for m, metric in enumerate(interval_metrics()):
            numbers = (value[m], low[m], high[m], n, p_test_set[m], np.nan, p_seeds[m], np.nan)
            rows.append((name, baseline, metric, *numbers))
    table = pd.DataFrame(rows, columns=PAIRED)
    for column in ("p_test_set", "p_seeds"):
        for _, p in table.groupby("metric")[column]:
            table.loc[p.index, f"{column}_adj"] = paired_tests.holm(p.to_numpy(float))
    return table


def p_over_seeds(seeds: Sequence[SeedPredictions], name: str, baseline: str) -> Floats:
    """Return the two-sided p (M,) of a strategy's differences over seeds; NaN for one seed.

    The larger p of two tests: `sign_flip_test` assumes no distribution of the differences, but
    independent seeds; `corrected_t_test` accounts for the images that the seeds share.
    """
    if len(seeds) < 2:
        return np.full(len(interval_metrics()), np.nan)
    by_seed = [seed.influences_of(name, baseline) for seed in seeds]
    shared = shared_images(tuple(seeds))
    differences = np.stack([influence.estimates for influence in by_seed], axis=-1)  # (M, n)
    pairs = zip(differences, variance_by_images(seeds, by_seed), strict=True)
    t_tests = [across_seeds.corrected_t_test(*pair, shared) for pair in pairs]
    return np.maximum(paired_tests.sign_flip_test(differences), t_tests)


@lru_cache(maxsize=8)  # the same seeds for most strategies
def shared_images(seeds: tuple[SeedPredictions, ...]) -> SharedImages:
    """Return how far the images of seeds overlap."""
    return SharedImages.between(
        [seed.test_set for seed in seeds], [seed.training_set for seed in seeds]
    )


def image_units(seeds: Sequence[SeedPredictions]) -> Labels:
    """Number the test images of all seeds, (sum of N): one number a group, or else a file."""
    return _image_units(tuple(seeds))


@lru_cache(maxsize=8)  # the same seeds for most strategies
def _image_units(seeds: tuple[SeedPredictions, ...]) -> Labels:
    names: list[int | str] = []
    for seed in seeds:
        names += seed.files if seed.groups is None else seed.groups.tolist()
    return pd.factorize(pd.Series(names, dtype=object))[0].astype(np.int64)


def strategies_of(seeds: Sequence[SeedPredictions]) -> list[str]:
    """Return the names of all strategies, in the order of the seeds."""
    return list(dict.fromkeys(name for seed in seeds for name in seed.predicted))


def _proportion_interval(
    seed: SeedPredictions, name: str, baseline: str | None
) -> tuple[float, float]:
    """Return the bounds of the share of images that are right, or of a difference of two shares.

    Of grouped images it is that of fewer independent ones, see `design_effect`.
    """
    images = len(seed.labels)
    groups = np.arange(images) if seed.groups is None else seed.groups
    whole, all_alike = np.array([float(images)]), np.zeros(images, np.int64)
    right = (seed.predicted[name] == seed.labels).astype(float)
    if baseline is None:
        effect = design_effect(right, all_alike, groups, 1)
        low, high = clopper_pearson(right.sum() / effect, whole / effect)
        return float(low[0]), float(high[0])
    net = right - (seed.predicted[baseline] == seed.labels)
    effect = design_effect(net, all_alike, groups, 1)
    gained, lost = (np.array([float((sign * net > 0).sum())]) / effect for sign in (1, -1))
    low, high = paired_proportion_difference_ci(gained, lost, whole / effect)
    return float(low[0]), float(high[0])


def _exchanged_groups(seeds: Sequence[SeedPredictions]) -> list[Labels] | None:
    """Return for each seed (N,) the images that are exchanged together; None if each is alone.

    An image that several seeds were tested on is exchanged in all of them. If it was not, and all
    seeds shared their test images, .19 of null comparisons came out below .05; with it, .05.
    """
    units, ends = image_units(seeds), np.cumsum([len(seed.labels) for seed in seeds])
    if len(np.unique(units)) == len(units):
        return None
    return np.split(units, ends[:-1])


def variance_by_images(seeds: Sequence[SeedPredictions], by_seed: Sequence[Influences]) -> Floats:
    """Return the variance (M,) of one seed's metrics by its test images, mean over the seeds."""
    pairs = zip(by_seed, seeds, strict=True)
    return np.asarray(np.mean([variance(part, seed.units) for part, seed in pairs], axis=0))
