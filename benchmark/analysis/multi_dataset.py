"""Several finished runs, on as many data sets, side by side.

A strategy is ranked and tested if every run asked for it. Where it failed, wholly or for a seed,
its mean is missing or over other seeds than the rest, so there it is not compared.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison, load_comparison
from benchmark.evaluation.statistics.ranks import Pair, mean_ranks, min_datasets, pairwise, ranks
from benchmark.evaluation.statistics.weighted_predictions import Floats

SCORES = [
    "dataset",
    "strategy",
    "baseline",
    "status",  # ok, partly failed, failed, not run
    "macro_f1",
    "change",  # minus the baseline's
    "rank",
    "never_predicted",
    "never_predicted_change",
    "never_predicted_rank",
    "accuracy",
    "accuracy_change",
    "accuracy_rank",
]
STRATEGIES = [
    "strategy",
    "finished",  # data sets
    "compared",  # with the baseline, on so many data sets
    "higher",
    "lower",
    "ranked",  # data sets that the mean ranks are over
    "mean_rank",
    "never_predicted_mean_rank",
    "accuracy_mean_rank",
]
PAIRS = ["one", "two", "datasets", "higher", "lower", "median_difference", "p", "p_holm"]
METRICS = {"macro_f1": True, "never_predicted": False, "accuracy": True}  # is more better
NOT_RUN = "not run"


@dataclass(frozen=True)
class MultiDatasetComparison:
    """D runs on D data sets. S strategies, of any run; numbers are means over a run's seeds."""

    runs: tuple[Comparison, ...]  # (D,) as given
    datasets: tuple[str, ...]  # (D,) all different
    strategies: tuple[str, ...]  # (S,) as asked, those of the first run first

    @cached_property
    def baseline(self) -> str | None:
        """The baseline of all runs; None where they have none or different ones."""
        baselines = {run.baseline for run in self.runs}
        return baselines.pop() if len(baselines) == 1 else None

    @cached_property
    def common_strategies(self) -> tuple[str, ...]:
        """Strategies that are ranked and tested: asked for in every run, finished in one."""
        finished = set(self._means.loc[self._means["status"] == "ok", "strategy"])
        return tuple(
            name
            for name in self.strategies
            if name in finished and all(name in run.strategies for run in self.runs)
        )

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row a data set and strategy: SCORES; ranks are among `common_strategies`."""
        table = self._means
        for metric, more_is_better in METRICS.items():
            ranked = ranks(self.of(metric), more_is_better)
            column = pd.Series(
                ranked.ravel(),
                pd.MultiIndex.from_product([self.common_strategies, self.datasets]),
                dtype=float,
            ).reindex(pd.MultiIndex.from_frame(table[["strategy", "dataset"]]))
            table = table.assign(**{f"{_prefix(metric)}rank": column.to_numpy()})
        return table[SCORES]

    @cached_property
    def leaderboard(self) -> pd.DataFrame:
        """One row a strategy: STRATEGIES."""
        table = self.scores.assign(
            finished=self.scores["status"] == "ok",
            compared=self.scores["change"].notna()
            & (self.scores["strategy"] != self.scores["baseline"]),
            higher=self.scores["change"] > 0,
            lower=self.scores["change"] < 0,
        )
        columns = ["finished", "compared", "higher", "lower"]
        counts = table.groupby("strategy", sort=False)[columns].sum().reset_index()
        for metric, more_is_better in METRICS.items():
            means, number = mean_ranks(ranks(self.of(metric), more_is_better))
            by_name = dict(zip(self.common_strategies, means, strict=True))
            counts["ranked"] = [number if name in by_name else 0 for name in self.strategies]
            column = [by_name.get(name, np.nan) for name in self.strategies]
            counts[f"{_prefix(metric)}mean_rank"] = column
        return counts[STRATEGIES]

    @cached_property
    def pair_tests(self) -> list[Pair]:
        """Every two of `common_strategies`, by macro-F1 over data sets; places are those in it."""
        return pairwise(self.of("macro_f1"))

    @property
    def pairs(self) -> pd.DataFrame:
        """One row a pair of strategies: PAIRS."""
        rows = [
            (
                self.common_strategies[pair.one],
                self.common_strategies[pair.two],
                *(pair.datasets, pair.higher, pair.lower, pair.median, pair.p, pair.p_holm),
            )
            for pair in self.pair_tests
        ]
        return pd.DataFrame(rows, columns=PAIRS)

    @property
    def needed(self) -> int:
        """Data sets below which no pair can differ significantly."""
        return min_datasets(sum(pair.datasets > 0 for pair in self.pair_tests))

    def of(self, metric: str) -> Floats:
        """Return a metric of `common_strategies`, (E, D); NaN where a strategy did not finish."""
        whole = self._means[self._means["status"] == "ok"]
        wide = whole.pivot(index="strategy", columns="dataset", values=metric)
        return wide.reindex(index=self.common_strategies, columns=self.datasets).to_numpy(float)

    @cached_property
    def _means(self) -> pd.DataFrame:
        """SCORES without ranks."""
        rows = []
        for dataset, run in zip(self.datasets, self.runs, strict=True):
            by_strategy = run.summary.set_index("strategy").to_dict("index")
            of_baseline = by_strategy.get(run.baseline, _ABSENT)
            for name in self.strategies:
                own = by_strategy.get(name, _ABSENT)
                row: dict[str, Any] = {
                    "dataset": dataset,
                    "strategy": name,
                    "baseline": run.baseline,
                }
                row["status"] = own["status"]
                both = own["status"] == of_baseline["status"] == "ok"
                for metric in METRICS:
                    value = float(own[metric])
                    difference = round(value - float(of_baseline[metric]), 12) if both else np.nan
                    row |= {metric: value, f"{_prefix(metric)}change": difference}
                rows.append(row)
        return pd.DataFrame(rows)


_ABSENT: dict[str, Any] = {"status": NOT_RUN, **dict.fromkeys(METRICS, np.nan)}


def load_multi_dataset(
    folders: Sequence[str | Path], baseline: str | None = None
) -> MultiDatasetComparison:
    """Read several runs; `baseline` names the one for all, None takes each run's own.

    Raises
    ------
    FileNotFoundError
        If a folder holds no run, naming it.
    ValueError
        For fewer than two folders, one given twice, or a run that `baseline` is no strategy of.
    """
    if len(folders) < 2:
        raise ValueError(f"two or more folders of runs are compared, got {len(folders)}")
    seen: dict[Path, str | Path] = {}
    for folder in folders:
        place = Path(folder).resolve()
        if place in seen:
            raise ValueError(f"{folder} is given twice; each run may stand only once")
        seen[place] = folder
    return merge([load_comparison(Path(folder), baseline) for folder in folders])


def merge(runs: Sequence[Comparison]) -> MultiDatasetComparison:
    """Lay runs side by side. Data sets of one name are told apart by the folders of their runs."""
    return MultiDatasetComparison(
        tuple(runs), _names(runs), tuple(dict.fromkeys(s for run in runs for s in run.strategies))
    )


def default_folder(folders: Sequence[str | Path]) -> Path:
    """Return results/compare-<names of the folders>; a long list is cut short, with a digest."""
    parts = [
        re.sub(r"[^A-Za-z0-9._]+", "-", Path(folder).resolve().name).strip("-.") or "run"
        for folder in folders
    ]
    name = "-".join(parts)
    if len(name) > 60:
        digest = hashlib.sha256("/".join(parts).encode()).hexdigest()[:8]
        name = f"{parts[0][:40]}-and-{len(parts) - 1}-more-{digest}"
    return Path("results") / f"compare-{name}"


def _prefix(metric: str) -> str:
    return "" if metric == "macro_f1" else f"{metric}_"


def _names(runs: Sequence[Comparison]) -> tuple[str, ...]:
    names = [str(run.manifest["data"]["name"]) for run in runs]
    for separability_auc in (
        lambda name, folder: f"{name} ({folder.resolve().name})",
        lambda name, folder: f"{name} ({folder})",
    ):
        times = Counter(names)
        plain = [str(run.manifest["data"]["name"]) for run in runs]
        names = [
            separability_auc(own, run.folder) if times[name] > 1 else name
            for name, own, run in zip(names, plain, runs, strict=True)
        ]
    return tuple(names)
