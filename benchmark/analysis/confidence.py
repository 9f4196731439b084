"""What the predictions of a run allow to say: intervals, and every strategy against the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.statistics import Floats
from benchmark.evaluation.statistics.across_seeds import (
    corrected_t_test,
    mean_test_overlap,
    t_interval_corrected,
)
from benchmark.evaluation.statistics.bootstrap import bca, bootstrap, jackknife, variance
from benchmark.evaluation.statistics.paired_tests import (
    holm,
    paired_permutation_test,
    sign_flip_test,
)
from benchmark.evaluation.statistics.weighted_predictions import WeightedPredictions

INTERVALS = ["strategy", "metric", "value", "low", "high", "seeds"]
PAIRED = [
    "strategy",
    "baseline",
    "metric",
    "difference",
    "low",
    "high",
    "seeds",
    "p_images",
    "p_images_holm",
    "p_seeds",
    "p_seeds_holm",
]
TESTED = "macro_f1"


@dataclass(frozen=True)
class SeedPredictions:
    """The test images of one seed and what the strategies that finished it predicted."""

    seed: int
    files: tuple[str, ...]  # N
    labels: NDArray[np.int64]  # (N,)
    predicted: dict[str, NDArray[np.int64]]  # strategy -> (N,)
    classes: tuple[str, ...]  # C
    groups: NDArray[np.int64] | None = None  # (N,), where images are not independent

    @cached_property
    def estimates(self) -> dict[str, Floats]:
        """metrics (M,) of each strategy."""
        scores = self.cells.estimates
        return {name: scores[:, s] for s, name in enumerate(self.predicted)}

    @cached_property
    def cells(self) -> WeightedPredictions:
        """The images, counted; strategies in the order of `predicted`."""
        predicted = np.array(list(self.predicted.values()))
        return WeightedPredictions.count(self.labels, predicted, len(self.classes), self.groups)

    @cached_property
    def drawn(self) -> dict[str, Floats]:
        """metrics (M, D) of each strategy on the same redrawn test sets."""
        scores = bootstrap(self.cells, np.random.default_rng(self.seed))
        return {name: scores[:, s] for s, name in enumerate(self.predicted)}

    @cached_property
    def left_out(self) -> dict[str, Floats]:
        """metrics (M, U) of each strategy with one unit of each kind left out."""
        scores = jackknife(self.cells)
        return {name: scores[:, s] for s, name in enumerate(self.predicted)}


def seeds_of(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    groups: Mapping[int, Mapping[str, int]] | None = None,
) -> list[SeedPredictions]:
    """Return one for each seed, from the rows of predictions.csv.

    `groups` maps seed and file to the group of a test image; without it images are independent.
    """
    place = {name: c for c, name in enumerate(classes)}
    seeds = []
    for seed, rows in predictions[predictions["split"] == "test"].groupby("seed", sort=True):
        by_strategy = dict(iter(rows.groupby("strategy", sort=False)))
        first = next(iter(by_strategy.values()))
        group_of = (groups or {}).get(int(str(seed)))
        seeds.append(
            SeedPredictions(
                int(str(seed)),
                tuple(first["file"]),
                _numbers(first["label"], place),
                {str(name): _numbers(one["predicted"], place) for name, one in by_strategy.items()},
                tuple(classes),
                None if group_of is None else _numbers(first["file"], group_of),
            )
        )
    return seeds


def intervals(seeds: Sequence[SeedPredictions]) -> pd.DataFrame:
    """Return INTERVALS: 95 % of every strategy's metrics, see `interval`."""
    rows = []
    for name in strategies_of(seeds):
        value, low, high, n = interval(seeds, name)
        rows += [(name, metric, value[m], low[m], high[m], n) for m, metric in enumerate(interval_metrics())]
    return pd.DataFrame(rows, columns=INTERVALS)


def interval(
    seeds: Sequence[SeedPredictions], name: str, baseline: str | None = None
) -> tuple[Floats, Floats, Floats, int]:
    """Return metrics (M,) of a strategy, or its differences from the baseline, bounds and seeds.

    One seed: BCa over its test images, redrawn within each class. Several: see `t_interval_corrected`.
    """
    mine = [one for one in seeds if name in one.predicted]

    def of(scores: dict[str, Floats]) -> Floats:
        return scores[name] - scores[baseline] if baseline else scores[name]

    if len(mine) == 1:
        (one,) = mine
        value = of(one.estimates)
        return value, *bca(one.cells, value, of(one.drawn), of(one.left_out)), 1
    values = np.stack([of(one.estimates) for one in mine], axis=-1)  # (M, n)
    # Student's knows no bounds, and from two seeds it would go beyond those of a score
    lowest = -1.0 if baseline else 0.0
    bounds = t_interval_corrected(values, _shared(mine, [of(one.left_out) for one in mine]))
    low, high = (bound.clip(lowest, 1.0) for bound in bounds)
    return values.mean(-1), low, high, len(mine)


def paired(seeds: Sequence[SeedPredictions], baseline: str | None) -> pd.DataFrame:
    """Return PAIRED: every strategy minus the baseline, over the seeds that both finished.

    The p-values are of macro-F1, each alone and corrected by Holm for all strategies: of test
    images that change hands (see `paired_permutation_test`), and over seeds (see `p_over_seeds`).
    """
    rows: list[tuple[object, ...]] = []
    for name in strategies_of(seeds):
        both = [one for one in seeds if name in one.predicted and baseline in one.predicted]
        if name == baseline or not both or baseline is None:
            continue
        value, low, high, n = interval(both, name, baseline)
        p_images = paired_permutation_test(
            [one.labels for one in both],
            [one.predicted[name] for one in both],
            [one.predicted[baseline] for one in both],
            len(both[0].classes),
            np.random.default_rng(0),
            groups=_groups(both),
        )
        place = list(interval_metrics()).index(TESTED)
        tests = [p_images, np.nan, p_over_seeds(both, name, baseline), np.nan]
        untested = [np.nan] * len(tests)
        for m, metric in enumerate(interval_metrics()):
            numbers = (value[m], low[m], high[m], n)
            rows.append((name, baseline, metric, *numbers, *(tests if m == place else untested)))
    table = pd.DataFrame(rows, columns=PAIRED)
    for p in ("p_images", "p_seeds"):
        table[f"{p}_holm"] = holm(table[p].to_numpy(float))
    return table


def p_over_seeds(seeds: Sequence[SeedPredictions], name: str, baseline: str) -> float:
    """Return the two-sided p of a strategy's difference in macro-F1 over seeds; NaN for one seed.

    The larger of two: `sign_flip_test` supposes no law of the differences, but takes the seeds for
    independent; `corrected_t_test` knows of the test images that they share.
    """
    if len(seeds) < 2:
        return float("nan")
    place = list(interval_metrics()).index(TESTED)
    differences = np.array([(o.estimates[name] - o.estimates[baseline])[place] for o in seeds])
    left_out = [one.left_out[name] - one.left_out[baseline] for one in seeds]
    of_images = float(_shared(seeds, left_out)[place])
    return max(sign_flip_test(differences), corrected_t_test(differences, of_images))


def _groups(seeds: Sequence[SeedPredictions]) -> list[NDArray[np.int64]] | None:
    """Return for each seed (N,) what is exchanged at once; None where it is single images.

    An image that several seeds were tested on is exchanged in all of them: where all seeds share
    their test images and it was not, .19 of null comparisons came out below .05, else .05.
    """
    units, ends = units_of(seeds), np.cumsum([len(one.labels) for one in seeds])
    if len(np.unique(units)) == len(units):
        return None
    return np.split(units, ends[:-1])


def units_of(seeds: Sequence[SeedPredictions]) -> NDArray[np.int64]:
    """Number what images of all seeds hang together, (sum of N): a group, or one file."""
    names: list[int | str] = []
    for one in seeds:
        names += one.files if one.groups is None else one.groups.tolist()
    return pd.factorize(pd.Series(names, dtype=object))[0].astype(np.int64)


def _shared(seeds: Sequence[SeedPredictions], left_out: Sequence[Floats]) -> Floats:
    """Return the variance (M,) of a mean over seeds by the test images that they share."""
    of_one = [variance(one.cells, out) for one, out in zip(seeds, left_out, strict=True)]
    return mean_test_overlap([one.files for one in seeds]) * np.mean(of_one, axis=0)


def strategies_of(seeds: Sequence[SeedPredictions]) -> list[str]:
    """Return the names of all strategies, in the order of the seeds."""
    return list(dict.fromkeys(name for one in seeds for name in one.predicted))


def _numbers(names: pd.Series, place: Mapping[str, int]) -> NDArray[np.int64]:
    return np.array([place[name] for name in names], np.int64)
