"""The figures of a report on several data sets, from the numbers of their runs."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.multi_dataset import NOT_RUN, RANKED_BY, MultiDatasetComparison
from benchmark.evaluation.statistics.ranks import groups
from benchmark.report.multi.drawings import difference_dots, rank_axis
from benchmark.report.single.verdict import paired_differences

FIGURES = ("differences", "ranks")
DATASETS_FOR_RANKS = 5  # with fewer, mean ranks mean little, and a picture would hide that


def all_figures(comparison: MultiDatasetComparison) -> dict[str, Figure]:
    """Draw what there are numbers for: differences and, from five data sets on, mean ranks."""
    figures = {}
    others = [name for name in comparison.strategies if name != comparison.baseline]
    if comparison.scores["difference"].notna().any() and others:
        runs = comparison.runs
        differences = [[_differences(run, name) for run in runs] for name in others]
        missing = [[_reason_missing(run, name) for run in runs] for name in others]
        figures["differences"] = difference_dots(others, comparison.datasets, differences, missing)
    leaderboard = comparison.leaderboard[comparison.leaderboard["mean_rank"].notna()]
    if len(leaderboard) > 1 and leaderboard["ranked"].max() >= DATASETS_FOR_RANKS:
        strategies = comparison.common_strategies
        alike = groups(len(strategies), comparison.pair_tests)
        figures["ranks"] = rank_axis(strategies, leaderboard["mean_rank"].tolist(), alike)
    return figures


def _differences(run: Comparison, strategy: str) -> np.ndarray:
    """Return a strategy's differences (n,), one a seed; empty where it is not compared."""
    finished = set(run.summary.loc[run.summary["status"] == "ok", "strategy"])
    if strategy == run.baseline or not {strategy, run.baseline} <= finished:
        return np.empty(0)
    return paired_differences(run, str(run.baseline), strategy, RANKED_BY)


def _reason_missing(run: Comparison, strategy: str) -> str:
    """Return why a strategy has no differences, in a word or two."""
    if strategy == run.baseline:
        return "baseline"
    statuses = dict(zip(run.summary["strategy"], run.summary["status"], strict=True))
    status = statuses.get(strategy, NOT_RUN)
    return "no baseline" if status == "ok" else status
