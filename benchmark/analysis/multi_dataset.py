"""Several finished runs, each on its own data set, side by side.

A strategy is ranked and tested if every run has it. Where it failed, wholly or for some seeds, its
mean is missing or over other seeds than the other means, so it is not compared on that data set.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison, load_comparison
from benchmark.evaluation.metrics.metric import Metric
from benchmark.evaluation.metrics.registry import main_metrics
from benchmark.evaluation.statistics import Floats
from benchmark.evaluation.statistics.ranks import Pair, mean_ranks, min_datasets, pairwise, ranks

RANKED_BY = "macro_f1"  # decides wins, losses and tests; its columns have no prefix
PAIRS = ["strategy_a", "strategy_b", "datasets", "wins", "losses", "median", "p", "p_adj"]
NOT_RUN = "not run"


def column_of(metric: str, name: str) -> str:
    """Return the column of a metric's "difference", "rank" or "mean_rank".

    >>> column_of("macro_f1", "rank"), column_of("accuracy", "rank")
    ('rank', 'accuracy_rank')
    """
    return name if metric == RANKED_BY else f"{metric}_{name}"


@dataclass(frozen=True)
class MultiDatasetComparison:
    """D runs on D data sets. S strategies, of any run; numbers are means over a run's seeds."""

    runs: tuple[Comparison, ...]  # (D,) as given
    datasets: tuple[str, ...]  # (D,) all different
    strategies: tuple[str, ...]  # (S,) in the order of the runs, those of the first run first

    @cached_property
    def baseline(self) -> str | None:
        """The baseline of all runs; None where they have none or different ones."""
        baselines = {run.baseline for run in self.runs}
        return baselines.pop() if len(baselines) == 1 else None

    @cached_property
    def common_strategies(self) -> tuple[str, ...]:
        """(E,) strategies that are ranked and tested: in every run, and finished in one or more."""
        finished = set(self._means.loc[self._means["status"] == "ok", "strategy"])
        return tuple(
            name
            for name in self.strategies
            if name in finished and all(name in run.strategies for run in self.runs)
        )

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row per data set and strategy; ranks are among `common_strategies`.

        The columns are dataset, strategy, baseline, status ("ok", "partly failed", "failed" or
        "not run") and, of each metric, its mean, difference from the baseline and rank.
        """
        table, columns = self._means.copy(), ["dataset", "strategy", "baseline", "status"]
        keys = pd.MultiIndex.from_frame(table[["strategy", "dataset"]])
        index = pd.MultiIndex.from_product([self.common_strategies, self.datasets])
        for metric in main_metrics():
            difference, rank = (column_of(metric.name, name) for name in ("difference", "rank"))
            ranked = pd.Series(self._ranks(metric).ravel(), index, dtype=float).reindex(keys)
            table[rank] = ranked.to_numpy()
            columns += [metric.name, difference, rank]
        return table[columns]

    @cached_property
    def leaderboard(self) -> pd.DataFrame:
        """One row per strategy, with counts of data sets and mean ranks.

        `finished` counts all data sets, `compared` those with a difference from the baseline, of
        which `wins` and `losses` have a higher or lower macro-F1. `ranked` counts the data sets
        that the mean ranks are over.
        """
        difference = self.scores["difference"]
        table = self.scores.assign(
            finished=self.scores["status"] == "ok",
            compared=difference.notna() & (self.scores["strategy"] != self.scores["baseline"]),
            wins=difference > 0,
            losses=difference < 0,
        )
        columns = ["finished", "compared", "wins", "losses"]
        rows = table.groupby("strategy", sort=False)[columns].sum().reset_index()
        for metric in main_metrics():
            means, number = mean_ranks(self._ranks(metric))
            by_name = dict(zip(self.common_strategies, means, strict=True))
            if metric.name == RANKED_BY:
                rows["ranked"] = [number if name in by_name else 0 for name in self.strategies]
            column = [by_name.get(name, np.nan) for name in self.strategies]
            rows[column_of(metric.name, "mean_rank")] = column
        return rows

    @cached_property
    def pair_tests(self) -> list[Pair]:
        """Every two of `common_strategies`, by index, compared by macro-F1 over data sets."""
        return pairwise(self.values(RANKED_BY))

    @property
    def pairs(self) -> pd.DataFrame:
        """One row per pair of strategies: PAIRS; `median` is of a minus b."""
        names, rows = self.common_strategies, []
        for pair in self.pair_tests:
            numbers = (getattr(pair, name) for name in PAIRS[2:])
            rows.append((names[pair.a], names[pair.b], *numbers))
        return pd.DataFrame(rows, columns=PAIRS)

    @property
    def significant_pairs(self) -> list[tuple[str, str]]:
        """Pairs that differ significantly: the better strategy, then the worse one."""
        pairs = [pair for pair in self.pair_tests if pair.is_significant]
        indices = [(p.a, p.b) if p.signed_rank_sum > 0 else (p.b, p.a) for p in pairs]
        return [(self.common_strategies[a], self.common_strategies[b]) for a, b in indices]

    @property
    def tested_pairs(self) -> int:
        """Pairs of strategies that finished on a common data set."""
        return sum(pair.datasets > 0 for pair in self.pair_tests)

    @property
    def min_datasets(self) -> int:
        """Data sets below which no pair can differ significantly."""
        return min_datasets(self.tested_pairs)

    def values(self, metric: str) -> Floats:
        """Return a metric of `common_strategies`, (E, D); NaN where a strategy did not finish."""
        finished = self._means[self._means["status"] == "ok"]
        wide = finished.pivot(index="strategy", columns="dataset", values=metric)
        return wide.reindex(index=self.common_strategies, columns=self.datasets).to_numpy(float)

    def _ranks(self, metric: Metric) -> Floats:
        """Ranks of `common_strategies` on each data set, (E, D)."""
        return ranks(self.values(metric.name), metric.better != "lower")

    @cached_property
    def _means(self) -> pd.DataFrame:
        """`scores` without ranks."""
        rows = []
        for dataset, run in zip(self.datasets, self.runs, strict=True):
            by_strategy = run.summary.set_index("strategy").to_dict("index")
            baseline = by_strategy.get(run.baseline, {"status": NOT_RUN})
            for name in self.strategies:
                own = by_strategy.get(name, {"status": NOT_RUN})
                row: dict[str, Any] = {"dataset": dataset, "strategy": name}
                row |= {"baseline": run.baseline, "status": own["status"]}
                both = own["status"] == baseline["status"] == "ok"
                for metric in main_metrics():
                    value = row[metric.name] = float(own.get(metric.name, np.nan))
                    difference = round(value - float(baseline[metric.name]), 12) if both else np.nan
                    row[column_of(metric.name, "difference")] = difference
                rows.append(row)
        return pd.DataFrame(rows)


def load_multi_dataset(
    folders: Sequence[str | Path], baseline: str | None = None
) -> MultiDatasetComparison:
    """Read several runs; `baseline` None takes each run's own.

    Raises
    ------
    FileNotFoundError
        If a folder holds no run, naming it.
    ValueError
        For fewer than two folders, a folder that is given twice, or a run that has no strategy
        `baseline`.
    """
    if len(folders) < 2:
        raise ValueError(
            f"a comparison needs the folders of two runs or more, got {len(folders)}; give another"
        )
    paths = [Path(folder).resolve() for folder in folders]
    if again := [f for k, f in enumerate(folders) if paths[k] in paths[:k]]:
        raise ValueError(f"{again[0]} is given twice; give each run once")
    return merge([load_comparison(Path(folder), baseline) for folder in folders])


def merge(runs: Sequence[Comparison]) -> MultiDatasetComparison:
    """Compare runs. Data sets of the same name get the folders of their runs as a suffix."""
    strategies = tuple(dict.fromkeys(name for run in runs for name in run.strategies))
    return MultiDatasetComparison(tuple(runs), _dataset_names(runs), strategies)


def _dataset_names(runs: Sequence[Comparison]) -> tuple[str, ...]:
    """Return different names (D,): the plain name, or with the folder's name, or with its path."""
    names = [run.manifest.data.name for run in runs]
    for suffix in (lambda run: run.folder.resolve().name, lambda run: run.folder):
        times = Counter(names)
        names = [
            f"{run.manifest.data.name} ({suffix(run)})" if times[name] > 1 else name
            for name, run in zip(names, runs, strict=True)
        ]
    return tuple(names)
