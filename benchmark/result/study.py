"""What a study gives to notebooks and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark.analysis.study import StudyTables, study_tables
from benchmark.analysis.sweep import SweepComparison, load_sweep
from benchmark.execution.study_folder import StudyFolder
from benchmark.plan.studies import Study
from benchmark.report import write_study_report
from benchmark.report.render import html
from benchmark.report.render.blocks import Page
from benchmark.report.study import page
from benchmark.report.study.notices import notices
from benchmark.result.sweep import SweepResult
from benchmark.system.progress import Progress
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
        cls, folder: Path, baseline: str | None = None, progress: Progress | None = None
    ) -> StudyResult:
        """Read the folder of a study; write its page, and then all other reports."""
        files = StudyFolder(folder)
        study, comparison = files.read(), load_sweep(files.grid, baseline)
        tables, reports = _write_page(folder, study, comparison)
        return cls(study, SweepResult.of_runs(comparison, progress=progress), tables, reports)

    @classmethod
    def of_grid(cls, folder: Path, study: Study, grid: SweepResult) -> StudyResult:
        """Answer the question of a study from its grid, and write the page."""
        return cls(study, grid, *_write_page(folder, study, grid.comparison))

    @property
    def answer(self) -> str:
        """The answer in a few sentences."""
        headline = self._headline()
        lines = (headline.verdict, headline.follow_up, *headline.highlights, *headline.warnings)
        return "\n".join(filter(None, lines))

    def __repr__(self) -> str:
        return printable_lines(f"{self.answer}\n\n{self.reports['html']}")

    def _repr_html_(self) -> str:
        return html.render_notebook(self._headline())

    def _headline(self) -> Page:
        grid = self.grid.comparison
        data = grid.runs[0].manifest.data.name
        return page.headline(self.study, data, self.tables, tuple(notices(grid)))


def _write_page(
    folder: Path, study: Study, comparison: SweepComparison
) -> tuple[StudyTables, dict[str, Path]]:
    tables = study_tables(study, comparison)
    data = comparison.runs[0].manifest.data.name
    return tables, write_study_report(study, data, tables, folder, tuple(notices(comparison)))
