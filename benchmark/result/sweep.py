"""What a sweep gives to notebooks and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.analysis.sweep import SweepComparison, load_sweep
from benchmark.report import notebook_html, write_sweep_report
from benchmark.report.sweep import page as sweep_page
from benchmark.report.sweep import verdict as sweep_verdict
from benchmark.result.run import Result
from benchmark.result.run_reports import write_reports
from benchmark.system.progress import Progress
from benchmark.system.text import printable_lines


@dataclass(frozen=True, repr=False)
class SweepResult:
    """Runs under several values of a setting, like two recipes. A notebook displays it."""

    comparison: SweepComparison
    runs: dict[str, Result]  # value -> its run
    reports: dict[str, Path]  # files of the report on all, by kind

    @classmethod
    def load(
        cls,
        folder: Path,
        baseline: str | None,
        finished: Mapping[str, Result] | None = None,
        progress: Progress | None = None,
    ) -> SweepResult:
        """Read the runs of a sweep and write all reports; see `benchmark.load`.

        The reports of `finished` runs are there already, and they are not read again.
        """
        read = {name: result.comparison for name, result in (finished or {}).items()}
        return cls.of_runs(load_sweep(folder, baseline, read), finished, progress)

    @classmethod
    def of_runs(
        cls,
        comparison: SweepComparison,
        finished: Mapping[str, Result] | None = None,
        progress: Progress | None = None,
    ) -> SweepResult:
        """Write the report on all runs, and then those of runs that are not `finished`."""
        reports = write_sweep_report(comparison)
        runs = dict(zip(comparison.names, comparison.runs, strict=True))
        known = dict(finished or {})
        others = {name: run for name, run in runs.items() if name not in known}
        written = write_reports(others, progress)
        known |= {name: Result(run, written[name]) for name, run in others.items()}
        return cls(comparison, {name: known[name] for name in runs}, reports)

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
        runs = self.comparison
        if len(runs.settings) == 1:
            values = ["macro_f1", "rank"]
            scores = self.scores.pivot(index="strategy", columns=runs.axis, values=values)
            scores = scores.reindex(index=list(runs.strategies))
        else:  # a row for each run, as there may be many
            scores = self.scores.pivot(index=runs.axis, columns="strategy", values="macro_f1")
            scores = scores.reindex(index=list(runs.names), columns=list(runs.strategies))
        table = scores.round(3).to_string()
        sentences = sweep_verdict.verdict(self.comparison), sweep_verdict.follow_up(self.comparison)
        return printable_lines(
            f"{' '.join(sentences).strip()}\n\n{table}\n\n{self.reports['html']}"
        )

    def _repr_html_(self) -> str:
        return notebook_html(self.comparison)
