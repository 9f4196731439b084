"""What the predictions of a run allow to say: intervals, and every strategy against the control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.statistics.bootstrap import bca, bootstrap, jackknife
from benchmark.statistics.cells import METRICS, Cells, Floats
from benchmark.statistics.over_seeds import over_seeds
from benchmark.statistics.paired import holm, randomisation_test, sign_flip_test

INTERVALS = ["strategy", "metric", "value", "low", "high", "seeds"]
PAIRED = [
    "strategy",
    "control",
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
class Tested:
    """The test images of one seed and what the strategies that finished it predicted."""

    seed: int
    files: tuple[str, ...]  # N
    labels: NDArray[np.int64]  # (N,)
    predicted: dict[str, NDArray[np.int64]]  # strategy -> (N,)
    classes: int

    @cached_property
    def estimates(self) -> dict[str, Floats]:
        """METRICS (M,) of each strategy."""
        scores = self.cells.estimates
        return {name: scores[:, s] for s, name in enumerate(self.predicted)}

    @cached_property
    def cells(self) -> Cells:
        """The images, counted; strategies in the order of `predicted`."""
        return Cells.of(self.labels, np.array(list(self.predicted.values())), self.classes)

    @cached_property
    def drawn(self) -> dict[str, Floats]:
        """METRICS (M, D) of each strategy on the same redrawn test sets."""
        scores = bootstrap(self.cells, np.random.default_rng(self.seed))
        return {name: scores[:, s] for s, name in enumerate(self.predicted)}

    @cached_property
    def left_out(self) -> dict[str, Floats]:
        """METRICS (M, K) of each strategy with one image of each cell left out."""
        scores = jackknife(self.cells)
        return {name: scores[:, s] for s, name in enumerate(self.predicted)}


def seeds_of(predictions: pd.DataFrame, classes: Sequence[str]) -> list[Tested]:
    """Return one for each seed, from the rows of predictions.csv."""
    place = {name: c for c, name in enumerate(classes)}
    seeds = []
    for seed, rows in predictions[predictions["split"] == "test"].groupby("seed", sort=True):
        by_strategy = dict(iter(rows.groupby("strategy", sort=False)))
        first = next(iter(by_strategy.values()))
        seeds.append(
            Tested(
                int(str(seed)),
                tuple(first["file"]),
                _numbers(first["label"], place),
                {str(name): _numbers(one["predicted"], place) for name, one in by_strategy.items()},
                len(classes),
            )
        )
    return seeds


def intervals(seeds: Sequence[Tested]) -> pd.DataFrame:
    """Return INTERVALS: 95 % of every strategy's METRICS.

    One seed: BCa over its test images, redrawn within each class. Several: see `over_seeds`.
    """
    rows = []
    for name in _strategies(seeds):
        value, low, high, n = _interval(seeds, name, None)
        rows += [(name, metric, value[m], low[m], high[m], n) for m, metric in enumerate(METRICS)]
    return pd.DataFrame(rows, columns=INTERVALS)


def paired(seeds: Sequence[Tested], control: str | None) -> pd.DataFrame:
    """Return PAIRED: every strategy minus the control, over the seeds that both finished.

    The p-values are of macro-F1: of test images that change hands (see `randomisation_test`), and
    of the signs of the seeds' differences (see `sign_flip_test`), each alone and corrected by Holm
    for all strategies.
    """
    rows: list[tuple[object, ...]] = []
    for name in _strategies(seeds):
        both = [one for one in seeds if name in one.predicted and control in one.predicted]
        if name == control or not both or control is None:
            continue
        value, low, high, n = _interval(both, name, control)
        p_images = randomisation_test(
            [one.labels for one in both],
            [one.predicted[name] for one in both],
            [one.predicted[control] for one in both],
            both[0].classes,
            np.random.default_rng(0),
        )
        place = METRICS.index(TESTED)
        differences = np.array([(o.estimates[name] - o.estimates[control])[place] for o in both])
        untested = [np.nan] * 4
        tests = [p_images, np.nan, sign_flip_test(differences) if n > 1 else np.nan, np.nan]
        for m, metric in enumerate(METRICS):
            numbers = (value[m], low[m], high[m], n)
            rows.append((name, control, metric, *numbers, *(tests if m == place else untested)))
    table = pd.DataFrame(rows, columns=PAIRED)
    for p in ("p_images", "p_seeds"):
        table[f"{p}_holm"] = holm(table[p].to_numpy(float))
    return table


def _interval(
    seeds: Sequence[Tested], name: str, control: str | None
) -> tuple[Floats, Floats, Floats, int]:
    """Value and bounds (M,) of a strategy, or of its difference from the control, and the seeds."""
    mine = [one for one in seeds if name in one.predicted]

    def of(scores: dict[str, Floats]) -> Floats:
        return scores[name] - scores[control] if control else scores[name]

    if len(mine) == 1:
        (one,) = mine
        value = of(one.estimates)
        return value, *bca(one.cells, value, of(one.drawn), of(one.left_out)), 1
    values = np.stack([of(one.estimates) for one in mine], axis=-1)  # (M, n)
    of_images: Floats | float = 0.0
    if len({one.files for one in mine}) == 1:
        # the same images in every seed: what they do to one seed's number they do to all
        of_images = np.mean([of(one.drawn).std(-1) for one in mine], axis=0) ** 2
    # Student's knows no bounds, and from two seeds it would go beyond those of a score
    lowest = -1.0 if control else 0.0
    low, high = (bound.clip(lowest, 1.0) for bound in over_seeds(values, of_images))
    return values.mean(-1), low, high, len(mine)


def _strategies(seeds: Sequence[Tested]) -> list[str]:
    return list(dict.fromkeys(name for one in seeds for name in one.predicted))


def _numbers(names: pd.Series, place: dict[str, int]) -> NDArray[np.int64]:
    return np.array([place[name] for name in names], np.int64)
