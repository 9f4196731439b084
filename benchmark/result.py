"""What a run, or a comparison of several, gives to notebooks and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison, recall_table
from benchmark.analysis.multi_dataset import MultiDatasetComparison
from benchmark.report import notebook_html
from benchmark.report.single.verdict import verdict


@dataclass(frozen=True, repr=False)
class Result:
    """A finished run: tables as pandas frames, figures, the report; shows itself in a notebook."""

    comparison: Comparison
    reports: dict[str, Path]  # what was written, by kind

    @property
    def folder(self) -> Path:
        """Where everything is stored."""
        return self.comparison.folder

    @property
    def summary(self) -> pd.DataFrame:
        """One row a strategy, means over seeds."""
        return self.comparison.summary

    @property
    def seeds(self) -> pd.DataFrame:
        """One row a strategy and seed."""
        return self.comparison.seed_rows

    @property
    def per_class(self) -> pd.DataFrame:
        """One row a strategy, seed and class."""
        return self.comparison.per_class

    @property
    def recall(self) -> pd.DataFrame:
        """Recall by class, largest first, and strategy."""
        return recall_table(self.comparison)

    @property
    def predictions(self) -> pd.DataFrame:
        """One row a strategy, seed and image of the validation and test splits."""
        return self.comparison.predictions

    @property
    def curves(self) -> pd.DataFrame:
        """Learning curves, one row a strategy, seed and validation."""
        return self.comparison.curves

    @property
    def confusion(self) -> dict[str, np.ndarray]:
        """For each strategy the test confusion matrix (C, C), rows are the truth."""
        return self.comparison.confusion

    @property
    def failures(self) -> pd.DataFrame:
        """Strategies that failed, and why."""
        return self.comparison.failures

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The report's figures, by name, as matplotlib figures."""
        from benchmark.report.single.figures import all_figures

        return all_figures(self.comparison)

    def __repr__(self) -> str:
        columns = ["macro_f1", "never_predicted", "balanced_accuracy", "accuracy", "status"]
        table = self.summary.set_index("strategy")[columns].round(3).to_string()
        return f"{verdict(self.comparison)}\n\n{table}\n\n{self.reports['html']}"

    def _repr_html_(self) -> str:
        return notebook_html(self.comparison)


@dataclass(frozen=True, repr=False)
class MultiDatasetResult:
    """Several runs' report: tables as pandas frames, figures; shows itself in a notebook."""

    across: MultiDatasetComparison
    reports: dict[str, Path]  # what was written, by kind

    @property
    def scores(self) -> pd.DataFrame:
        """One row a data set and strategy: means over seeds, changes and ranks."""
        return self.across.scores

    @property
    def leaderboard(self) -> pd.DataFrame:
        """One row a strategy: on how many data sets it is higher than the baseline, mean ranks."""
        return self.across.leaderboard

    @property
    def pairs(self) -> pd.DataFrame:
        """One row a pair of strategies, tested over data sets."""
        return self.across.pairs

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The report's figures, by name, as matplotlib figures."""
        from benchmark.report.multi.page import all_figures

        return all_figures(self.across)

    def __repr__(self) -> str:
        from benchmark.report.multi.verdict import follow_up, verdict

        wide = self.scores.pivot(index="strategy", columns="dataset", values="macro_f1")
        wide = wide.reindex(index=self.across.strategies, columns=self.across.datasets)
        table = wide.assign(mean_rank=self.leaderboard["mean_rank"].to_numpy()).round(3).to_string()
        said = f"{verdict(self.across)} {follow_up(self.across)}".strip()
        return f"{said}\n\n{table}\n\n{self.reports['html']}"

    def _repr_html_(self) -> str:
        return notebook_html(self.across)
