"""What a comparison of several runs gives to notebooks and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.analysis.comparison_folder import choose_folder
from benchmark.analysis.multi_dataset import MultiDatasetComparison, load_multi_dataset
from benchmark.report import (
    notebook_html,
    write_multi_dataset_report,
)
from benchmark.report.multi import notices as multi_notices
from benchmark.report.multi import page as multi_page
from benchmark.report.multi import verdict as multi_verdict
from benchmark.report.render.formats import MISSING
from benchmark.system.text import printable_lines


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
        table = scores.round(3).to_string(na_rep=MISSING)
        return f"{' '.join(sentences).strip()}\n{warnings}\n\n{table}"

    def __repr__(self) -> str:
        return printable_lines(f"{self.table()}\n\n{self.reports['html']}")

    def _repr_html_(self) -> str:
        return notebook_html(self.comparison)
