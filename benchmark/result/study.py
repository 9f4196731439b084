"""What a study gives to notebooks and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.analysis.study import StudyTables, study_tables
from benchmark.execution.study_folder import StudyFolder
from benchmark.plan.studies import Study
from benchmark.report import write_study_report
from benchmark.report.render import html
from benchmark.report.study import page
from benchmark.result.run import Result
from benchmark.result.sweep import SweepResult
from benchmark.system.text import printable_lines


@dataclass(frozen=True, repr=False)
class StudyResult:
    """A finished study: its answers as tables and sentences, and its grid of runs."""

    study: Study
    grid: SweepResult
    tables: StudyTables
    reports: dict[str, Path]  # files of the page, by kind

    @classmethod
    def load(
        cls,
        folder: Path,
        baseline: str | None = None,
        finished: Mapping[str, Result] | None = None,
    ) -> StudyResult:
        """Read the folder of a study and write all reports; see `SweepResult.load`."""
        files = StudyFolder(folder)
        study, grid = files.read(), SweepResult.load(files.grid, baseline, finished)
        return cls.of_grid(folder, study, grid)

    @classmethod
    def of_grid(cls, folder: Path, study: Study, grid: SweepResult) -> StudyResult:
        """Answer the question of a study from its grid, and write the page."""
        tables = study_tables(study, grid.comparison)
        data = grid.comparison.runs[0].manifest.data.name
        return cls(study, grid, tables, write_study_report(study, data, tables, folder))

    @property
    def answer(self) -> str:
        """The answer in a few sentences."""
        headline = page.headline(self.study, "", self.tables)
        lines = (headline.verdict, headline.follow_up, *headline.highlights, *headline.warnings)
        return "\n".join(filter(None, lines))

    def __repr__(self) -> str:
        return printable_lines(f"{self.answer}\n\n{self.reports['html']}")

    def _repr_html_(self) -> str:
        data = self.grid.comparison.runs[0].manifest.data.name
        return html.render_notebook(page.headline(self.study, data, self.tables))
