"""What a run gives to notebooks and scripts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison, load_comparison
from benchmark.analysis.noise_floor import NoiseFloor, noise_floor
from benchmark.analysis.scores import recall_table
from benchmark.evaluation.metrics.registry import main_metrics
from benchmark.execution.run_folder import RunFolder
from benchmark.report import (
    notebook_html,
    write_report,
)
from benchmark.report.gallery.write import write_gallery
from benchmark.report.single import page as single_page
from benchmark.report.single.verdict import verdict
from benchmark.storage.stored_file import is_there
from benchmark.system.display import choose_progress
from benchmark.system.progress import Progress
from benchmark.system.text import printable_lines
from benchmark.tracking.log import log_run

if TYPE_CHECKING:  # which can look through networks, for which torch is needed
    from benchmark.execution.run_images import RunImages


@dataclass(frozen=True, repr=False)
class Result:
    """A finished run: tables as pandas frames, figures, the report. A notebook displays it."""

    comparison: Comparison
    reports: dict[str, Path]  # files of the report, by kind

    @classmethod
    def load(cls, folder: Path, baseline: str | None, images: RunImages | None = None) -> Result:
        """Read the folder of a run and write its report; see `benchmark.load`.

        With the images of the run, its gallery is written too; else it stays as it is.
        """
        comparison = load_comparison(folder, baseline)
        if images:
            write_gallery(comparison, images)  # before the report, which leads to it
        return cls(comparison, write_report(comparison))

    def track(self, trackers: Iterable[str], progress: Progress | None = None) -> None:
        """Log the run to trackers, as `--track` does, unless these results were logged before."""
        sentence, progress = verdict(self.comparison), choose_progress(progress)
        log_run(self.comparison, self.reports, sentence, trackers, progress)

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return self.comparison.folder

    @property
    def gallery(self) -> Path | None:
        """The page with images of the data; None of a run without one."""
        file = RunFolder(self.folder).gallery_file
        return file if is_there(file) else None

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
