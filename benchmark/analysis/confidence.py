"""Intervals of every strategy's scores, and every strategy against the baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.statistics import Floats, Labels, across_seeds, paired_tests
from benchmark.evaluation.statistics.bootstrap import bca, bootstrap, jackknife, variance
from benchmark.evaluation.statistics.paired_tests import paired_permutation_test
from benchmark.evaluation.statistics.weighted_predictions import WeightedPredictions

INTERVALS = ["strategy", "metric", "value", "low", "high", "seeds"]
PAIRED = [
    *("strategy", "baseline", "metric", "difference", "low", "high", "seeds"),
    *("p_test_set", "p_test_set_adj", "p_seeds", "p_seeds_adj"),
]
TESTED_METRIC = "macro_f1"


@dataclass(frozen=True)
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

    @cached_property
    def weighted_predictions(self) -> WeightedPredictions:
        """The images, counted; strategies in the order of `predicted`."""
        predicted = np.array(list(self.predicted.values()))
        return WeightedPredictions.count(self.labels, predicted, len(self.classes), self.groups)

    @cached_property
    def estimates(self) -> dict[str, Floats]:
        """Strategy -> its metrics (M,)."""
        return self._by_strategy(self.weighted_predictions.estimates)

    @cached_property
    def bootstrapped(self) -> dict[str, Floats]:
        """Strategy -> its metrics (M, D) on D redrawn test sets, the same for all strategies."""
        rng = np.random.default_rng(self.seed)
        return self._by_strategy(bootstrap(self.weighted_predictions, rng))

    @cached_property
    def jackknifed(self) -> dict[str, Floats]:
        """Strategy -> its metrics (M, U) with one unit of each of U kinds left out."""
        return self._by_strategy(jackknife(self.weighted_predictions))

    def _by_strategy(self, scores: Floats) -> dict[str, Floats]:
        return {name: scores[:, s] for s, name in enumerate(self.predicted)}


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

    One seed: BCa over its test images, redrawn within each class. Several: see
    `t_interval_corrected`. Returns value, low and high, each (M,), and the number of seeds.
    """
    finished = [seed for seed in seeds if name in seed.predicted]
    values = [_difference(seed.estimates, name, baseline) for seed in finished]
    jackknifed = [_difference(seed.jackknifed, name, baseline) for seed in finished]
    if len(finished) == 1:
        bootstrapped = _difference(finished[0].bootstrapped, name, baseline)
        bounds = bca(finished[0].weighted_predictions, values[0], bootstrapped, jackknifed[0])
        return values[0], *bounds, 1
    by_seed = np.stack(values, axis=-1)  # (M, n)
    # Student's t knows no bounds, and from two seeds it would go beyond those of a score
    lowest = -1.0 if baseline else 0.0
    bounds = across_seeds.t_interval_corrected(by_seed, _shared_variance(finished, jackknifed))
    low, high = (bound.clip(lowest, 1.0) for bound in bounds)
    return by_seed.mean(-1), low, high, len(finished)


def paired(seeds: Sequence[SeedPredictions], baseline: str | None) -> pd.DataFrame:
    """Return PAIRED: every strategy minus the baseline, over the seeds that both finished.

    The p-values are of macro-F1. `p_test_set` exchanges predictions of the test images (see
    `paired_permutation_test`), `p_seeds` is over seeds (see `p_over_seeds`); `_adj` is corrected by
    Holm for all strategies.
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
        tests = [p_test_set, np.nan, p_over_seeds(both, name, baseline), np.nan]
        for m, metric in enumerate(interval_metrics()):
            p = tests if metric == TESTED_METRIC else [np.nan] * len(tests)
            rows.append((name, baseline, metric, value[m], low[m], high[m], n, *p))
    table = pd.DataFrame(rows, columns=PAIRED)
    for column in ("p_test_set", "p_seeds"):
        table[f"{column}_adj"] = paired_tests.holm(table[column].to_numpy(float))
    return table


def p_over_seeds(seeds: Sequence[SeedPredictions], name: str, baseline: str) -> float:
    """Return the two-sided p of a strategy's difference in macro-F1 over seeds; NaN for one seed.

    The larger p of two tests: `sign_flip_test` assumes no distribution of the differences, but
    independent seeds; `corrected_t_test` accounts for the test images that the seeds share.
    """
    if len(seeds) < 2:
        return float("nan")
    m = list(interval_metrics()).index(TESTED_METRIC)
    differences = np.array([_difference(seed.estimates, name, baseline)[m] for seed in seeds])
    jackknifed = [_difference(seed.jackknifed, name, baseline) for seed in seeds]
    shared = float(_shared_variance(seeds, jackknifed)[m])
    t_test = across_seeds.corrected_t_test(differences, shared)
    return max(paired_tests.sign_flip_test(differences), t_test)


def image_units(seeds: Sequence[SeedPredictions]) -> Labels:
    """Number the test images of all seeds, (sum of N): one number a group, or else a file."""
    names: list[int | str] = []
    for seed in seeds:
        names += seed.files if seed.groups is None else seed.groups.tolist()
    return pd.factorize(pd.Series(names, dtype=object))[0].astype(np.int64)


def strategies_of(seeds: Sequence[SeedPredictions]) -> list[str]:
    """Return the names of all strategies, in the order of the seeds."""
    return list(dict.fromkeys(name for seed in seeds for name in seed.predicted))


def _difference(scores: Mapping[str, Floats], name: str, baseline: str | None) -> Floats:
    """Scores of a strategy, minus the baseline's if there is one."""
    return scores[name] - scores[baseline] if baseline else scores[name]


def _exchanged_groups(seeds: Sequence[SeedPredictions]) -> list[Labels] | None:
    """Return for each seed (N,) the images that are exchanged together; None if each is alone.

    An image that several seeds were tested on is exchanged in all of them. If it was not, and all
    seeds shared their test images, .19 of null comparisons came out below .05; with it, .05.
    """
    units, ends = image_units(seeds), np.cumsum([len(seed.labels) for seed in seeds])
    if len(np.unique(units)) == len(units):
        return None
    return np.split(units, ends[:-1])


def _shared_variance(seeds: Sequence[SeedPredictions], jackknifed: Sequence[Floats]) -> Floats:
    """Return the variance (M,) of a mean over seeds due to the test images that they share."""
    pairs = zip(seeds, jackknifed, strict=True)
    variances = [variance(seed.weighted_predictions, scores) for seed, scores in pairs]
    shared = across_seeds.mean_test_overlap([seed.files for seed in seeds])
    return shared * np.mean(variances, axis=0)
