"""Several finished runs side by side: a grid of runs and strategies, with differences and ranks.

A strategy is ranked if every run has it. Where it failed, wholly or for some seeds, its mean is
missing or over other seeds than the other means, so it is not compared in that run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.metrics.metric import Metric
from benchmark.evaluation.metrics.registry import main_metrics
from benchmark.evaluation.statistics import Floats
from benchmark.evaluation.statistics.ranks import mean_ranks, ranks
from benchmark.storage.user_folders import real_path

RANKED_BY = "macro_f1"  # decides wins, losses and tests; its columns have no prefix
NOT_RUN = "not run"


def column_of(metric: str, name: str) -> str:
    """Return the column of a metric's "difference", "rank" or "mean_rank".

    >>> column_of("macro_f1", "rank"), column_of("accuracy", "rank")
    ('rank', 'accuracy_rank')
    """
    return name if metric == RANKED_BY else f"{metric}_{name}"


@dataclass(frozen=True)
class RunGrid:
    """D runs. S strategies, of any run; numbers are means over a run's seeds."""

    runs: tuple[Comparison, ...]  # (D,) as given
    names: tuple[str, ...]  # (D,) of the runs, all different
    strategies: tuple[str, ...]  # (S,) in the order of the runs, those of the first run first

    @property
    def axis(self) -> str:
        """What the runs differ in: the column of their names in CSV files."""
        return "run"

    @property
    def axis_title(self) -> str:
        """The same as the heading of a table."""
        return self.axis.replace("_", " ").capitalize()

    @cached_property
    def baseline(self) -> str | None:
        """The baseline of all runs; None where they have none or different ones."""
        baselines = {run.baseline for run in self.runs}
        return baselines.pop() if len(baselines) == 1 else None

    @cached_property
    def common_strategies(self) -> tuple[str, ...]:
        """(E,) strategies that are ranked: in every run, and finished in one or more."""
        finished = set(self._means.loc[self._means["status"] == "ok", "strategy"])
        return tuple(
            name
            for name in self.strategies
            if name in finished and all(name in run.strategies for run in self.runs)
        )

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row per run and strategy; ranks are among `common_strategies`.

        The columns are `axis`, strategy, baseline, status ("ok", "partly failed", "failed" or
        "not run") and, of each metric, its mean, difference from the baseline and rank.
        """
        table, columns = self._means.copy(), [self.axis, "strategy", "baseline", "status"]
        keys = pd.MultiIndex.from_frame(table[["strategy", self.axis]])
        index = pd.MultiIndex.from_product([self.common_strategies, self.names])
        for metric in main_metrics():
            difference, rank = (column_of(metric.name, name) for name in ("difference", "rank"))
            ranked = pd.Series(self.ranks_by(metric).ravel(), index, dtype=float).reindex(keys)
            table[rank] = ranked.to_numpy()
            columns += [metric.name, difference, rank]
        return table[columns]

    @cached_property
    def leaderboard(self) -> pd.DataFrame:
        """One row per strategy, with counts of runs and mean ranks.

        `finished` counts all runs, `compared` those with a difference from the baseline, of which
        `wins` and `losses` have a higher or lower macro-F1. `ranked` counts the runs that the mean
        ranks are over.
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
            means, number = mean_ranks(self.ranks_by(metric))
            by_name = dict(zip(self.common_strategies, means, strict=True))
            if metric.name == RANKED_BY:
                rows["ranked"] = [number if name in by_name else 0 for name in self.strategies]
            column = [by_name.get(name, np.nan) for name in self.strategies]
            rows[column_of(metric.name, "mean_rank")] = column
        return rows

    def metric_values(self, metric: str) -> Floats:
        """Return a metric of `common_strategies`, (E, D); NaN where a strategy did not finish."""
        finished = self._means[self._means["status"] == "ok"]
        wide = finished.pivot(index="strategy", columns=self.axis, values=metric)
        return wide.reindex(index=self.common_strategies, columns=self.names).to_numpy(float)

    def ranks_by(self, metric: Metric) -> Floats:
        """Return the ranks of `common_strategies` in each run, (E, D)."""
        return ranks(self.metric_values(metric.name), metric.better != "lower")

    def run_named(self, name: str) -> Comparison:
        """Return the run of a name."""
        return self.runs[self.names.index(name)]

    @cached_property
    def _means(self) -> pd.DataFrame:
        """`scores` without ranks."""
        rows = []
        for run_name, run in zip(self.names, self.runs, strict=True):
            by_strategy = run.summary.set_index("strategy").to_dict("index")
            baseline = by_strategy.get(run.baseline, {"status": NOT_RUN})
            for name in self.strategies:
                own = by_strategy.get(name, {"status": NOT_RUN})
                row: dict[str, Any] = {self.axis: run_name, "strategy": name}
                row |= {"baseline": run.baseline, "status": own["status"]}
                both = own["status"] == baseline["status"] == "ok"
                for metric in main_metrics():
                    value = row[metric.name] = float(own.get(metric.name, np.nan))
                    difference = round(value - float(baseline[metric.name]), 12) if both else np.nan
                    row[column_of(metric.name, "difference")] = difference
                rows.append(row)
        return pd.DataFrame(rows)


def strategies_of_runs(runs: Sequence[Comparison]) -> tuple[str, ...]:
    """Return the names of all strategies of runs, those of the first run first."""
    return tuple(dict.fromkeys(name for run in runs for name in run.strategies))


def require_distinct(folders: Sequence[str | Path]) -> None:
    """Raise ValueError, naming it, if a folder is given twice."""
    paths = [real_path(folder) for folder in folders]
    if again := [f for k, f in enumerate(folders) if paths[k] in paths[:k]]:
        raise ValueError(f"{again[0]} is given twice; give each run once")
