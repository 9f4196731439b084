"""What a run, a sweep, or a comparison of several, gives to notebooks and scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison, load_comparison, recall_table
from benchmark.analysis.comparison_folder import choose_folder
from benchmark.analysis.multi_dataset import MultiDatasetComparison, load_multi_dataset
from benchmark.analysis.noise_floor import NoiseFloor, noise_floor
from benchmark.analysis.sweep import SweepComparison, load_sweep
from benchmark.evaluation.metrics.registry import main_metrics
from benchmark.report import (
    notebook_html,
    write_multi_dataset_report,
    write_report,
    write_sweep_report,
)
from benchmark.report.multi import notices as multi_notices
from benchmark.report.multi import page as multi_page
from benchmark.report.multi import verdict as multi_verdict
from benchmark.report.single import page as single_page
from benchmark.report.single.verdict import verdict
from benchmark.report.sweep import page as sweep_page
from benchmark.report.sweep import verdict as sweep_verdict
from benchmark.system.text import printable_lines


@dataclass(frozen=True, repr=False)
class Result:
    """A finished run: tables as pandas frames, figures, the report. A notebook displays it."""

    comparison: Comparison
    reports: dict[str, Path]  # files of the report, by kind

    @classmethod
    def load(cls, folder: Path, baseline: str | None) -> Result:
        """Read the folder of a run and write its report; see `benchmark.load`."""
        comparison = load_comparison(folder, baseline)
        return cls(comparison, write_report(comparison))

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return self.comparison.folder

    @property
    def summary(self) -> pd.DataFrame:
        """One row per strategy, means over seeds; the null row is the last."""
        return self.comparison.with_null(lambda run: run.summary)

    @property
    def seeds(self) -> pd.DataFrame:
        """One row per strategy and seed, then the null row's."""
        return self.comparison.with_null(lambda run: run.seed_rows)

    @property
    def per_class(self) -> pd.DataFrame:
        """One row per strategy, seed and class, then the null row's."""
        return self.comparison.with_null(lambda run: run.per_class)

    @property
    def recall(self) -> pd.DataFrame:
        """Recall by class, largest first, and strategy."""
        return recall_table(self.comparison)

    @property
    def predictions(self) -> pd.DataFrame:
        """One row per strategy, seed and image of validation and test, then the null row's."""
        return self.comparison.with_null(lambda run: run.predictions)

    @property
    def curves(self) -> pd.DataFrame:
        """Learning curves, one row per strategy, seed and validation, then the null row's."""
        return self.comparison.with_null(lambda run: run.curves)

    @property
    def confusion(self) -> dict[str, np.ndarray]:
        """For each strategy the test confusion matrix (C, C), rows are the truth."""
        return self.comparison.confusion

    @property
    def noise_floor(self) -> NoiseFloor | None:
        """How far the null row lies from the strategy that it repeats; None without one."""
        return noise_floor(self.comparison)

    @property
    def failures(self) -> pd.DataFrame:
        """Strategies that failed, and why."""
        return self.comparison.failures

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The report's figures, by name, as matplotlib figures."""
        return single_page.all_figures(self.comparison)

    def __repr__(self) -> str:
        columns = [*(metric.name for metric in main_metrics()), "status"]
        table = self.summary.set_index("strategy")[columns].round(3).to_string()
        return printable_lines(f"{verdict(self.comparison)}\n\n{table}\n\n{self.reports['html']}")

    def _repr_html_(self) -> str:
        return notebook_html(self.comparison)


@dataclass(frozen=True, repr=False)
class SweepResult:
    """Runs under several values of a setting, like two recipes. A notebook displays it."""

    comparison: SweepComparison
    runs: dict[str, Result]  # value -> its run
    reports: dict[str, Path]  # files of the report on all, by kind

    @classmethod
    def load(
        cls, folder: Path, baseline: str | None, finished: Mapping[str, Result] | None = None
    ) -> SweepResult:
        """Read the runs of a sweep and write all reports; see `benchmark.load`.

        The reports of `finished` runs are there already, and they are not read again.
        """
        known = finished or {}
        read = {name: result.comparison for name, result in known.items()}
        comparison = load_sweep(folder, baseline, read)
        named = zip(comparison.names, comparison.runs, strict=True)
        runs = {name: known.get(name) or Result(run, write_report(run)) for name, run in named}
        return cls(comparison, runs, write_sweep_report(comparison))

    @property
    def folder(self) -> Path:
        """The folder of the sweep, which holds those of the runs."""
        return self.comparison.folder

    @property
    def scores(self) -> pd.DataFrame:
        """One row per value and strategy: means over seeds, differences and ranks."""
        return self.comparison.scores

    @property
    def summary(self) -> pd.DataFrame:
        """The rows of every run's `summary`, with its value in the first column."""
        return self._stack({value: run.summary for value, run in self.runs.items()})

    @property
    def agreement(self) -> pd.DataFrame:
        """One row per setting and two values: pairs of strategies in another order, tau."""
        agreements = [axis.agreement.assign(setting=axis.setting) for axis in self.comparison.axes]
        return pd.concat(agreements, ignore_index=True) if agreements else pd.DataFrame()

    @property
    def cells(self) -> pd.DataFrame:
        """One row per run and strategy: `scores`, the values of the settings, and the fit."""
        return self.comparison.cells

    @property
    def main_effects(self) -> pd.DataFrame:
        """One row per setting, value after the first and metric: what it changes, with interval."""
        return self.comparison.main_effects

    @property
    def gains(self) -> pd.DataFrame:
        """One row per setting, value and strategy: macro-F1 minus the baseline's."""
        return self.comparison.gains

    @property
    def failures(self) -> pd.DataFrame:
        """Strategies that failed, and why, with the value in the first column."""
        return self._stack({value: run.failures for value, run in self.runs.items()})

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The report's figures, by name, as matplotlib figures."""
        return sweep_page.all_figures(self.comparison)

    def _stack(self, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
        """Put the tables of the runs below each other, the value in the first column."""
        axis = self.comparison.axis
        return pd.concat(tables, names=[axis]).reset_index(level=axis).reset_index(drop=True)

    def __repr__(self) -> str:
        scores = self.scores.pivot(
            index="strategy", columns=self.comparison.axis, values=["macro_f1", "rank"]
        )
        table = scores.reindex(index=list(self.comparison.strategies)).round(3).to_string()
        sentences = sweep_verdict.verdict(self.comparison), sweep_verdict.follow_up(self.comparison)
        return printable_lines(
            f"{' '.join(sentences).strip()}\n\n{table}\n\n{self.reports['html']}"
        )

    def _repr_html_(self) -> str:
        return notebook_html(self.comparison)


@dataclass(frozen=True, repr=False)
class MultiDatasetResult:
    """A report on several runs: tables as pandas frames, figures. A notebook displays it."""

    comparison: MultiDatasetComparison
    reports: dict[str, Path]  # files of the report, by kind

    @classmethod
    def load(
        cls, folders: Sequence[str | Path], baseline: str | None, out: Path | None
    ) -> MultiDatasetResult:
        """Read the folders of runs and write their report; see `benchmark.compare_runs`."""
        folder = choose_folder(folders, out)
        comparison = load_multi_dataset(folders, baseline)
        return cls(comparison, write_multi_dataset_report(comparison, folder))

    @property
    def scores(self) -> pd.DataFrame:
        """One row per data set and strategy: means over seeds, differences and ranks."""
        return self.comparison.scores

    @property
    def leaderboard(self) -> pd.DataFrame:
        """One row per strategy: wins and losses against the baseline over data sets, mean ranks."""
        return self.comparison.leaderboard

    @property
    def pairs(self) -> pd.DataFrame:
        """One row per pair of strategies, tested over data sets."""
        return self.comparison.pairs

    @property
    def warnings(self) -> list[str]:
        """What a reader must know before comparing one data set with another."""
        return list(multi_notices.warnings(self.comparison))

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The report's figures, by name, as matplotlib figures."""
        return multi_page.all_figures(self.comparison)

    def table(self) -> str:
        """Return the verdict, and macro-F1 of every strategy on every data set, as text."""
        scores = self.scores.pivot(index="strategy", columns="dataset", values="macro_f1")
        scores = scores.reindex(index=self.comparison.strategies, columns=self.comparison.datasets)
        scores = scores.assign(mean_rank=self.leaderboard["mean_rank"].to_numpy())
        sentences = multi_verdict.verdict(self.comparison), multi_verdict.follow_up(self.comparison)
        warnings = "".join(f"\nwarning: {text}" for text in self.warnings)
        return f"{' '.join(sentences).strip()}\n{warnings}\n\n{scores.round(3).to_string()}"

    def __repr__(self) -> str:
        return printable_lines(f"{self.table()}\n\n{self.reports['html']}")

    def _repr_html_(self) -> str:
        return notebook_html(self.comparison)
