"""Reports of finished runs: markdown, HTML and CSV, from one page."""

from collections.abc import Sequence
from pathlib import Path

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.multi_dataset import MultiDatasetComparison
from benchmark.analysis.study import StudyTables
from benchmark.analysis.sweep import SweepComparison
from benchmark.plan.studies import Study
from benchmark.report.multi import csv_files as multi_csv_files
from benchmark.report.multi import figures
from benchmark.report.multi import page as multi_page
from benchmark.report.render import html
from benchmark.report.render.csv_writer import write_frames
from benchmark.report.render.writer import write_page
from benchmark.report.single import csv_files as single_csv_files
from benchmark.report.single import page as single_page
from benchmark.report.single import verdict_file
from benchmark.report.study import figures as study_figures
from benchmark.report.study import page as study_page
from benchmark.report.sweep import csv_files as sweep_csv_files
from benchmark.report.sweep import page as sweep_page
from benchmark.storage.typed_json import write

__all__ = [
    "notebook_html",
    "write_multi_dataset_report",
    "write_report",
    "write_study_report",
    "write_sweep_report",
]


def write_report(comparison: Comparison, folder: Path | None = None) -> dict[str, Path]:
    """Write report.md, report.html, figures/*.svg, the CSV files and verdict.json, each whole.

    The same comparison gives the same bytes. A figure of an earlier report that this one lacks is
    removed. `folder` None takes that of the run. Returns the paths of "markdown", "html",
    "verdict" and, by their names, of the other files.
    """
    folder = comparison.folder if folder is None else folder
    written = write_frames(single_csv_files.frames_of(comparison), folder)
    written |= write_page(single_page.build_page(comparison), folder, single_page.FIGURES)
    names = [file.relative_to(folder).as_posix() for file in written.values()]
    write(folder / verdict_file.NAME, verdict_file.build_verdict(comparison, names))
    return written | {"verdict": folder / verdict_file.NAME}


def write_multi_dataset_report(comparison: MultiDatasetComparison, folder: Path) -> dict[str, Path]:
    """Write the report of several runs to a folder, as `write_report` does for one."""
    written = write_frames(multi_csv_files.frames_of(comparison), folder)
    return written | write_page(multi_page.build_page(comparison), folder, figures.FIGURES)


def write_sweep_report(comparison: SweepComparison) -> dict[str, Path]:
    """Write the report of a sweep to its folder, as `write_report` does for one run."""
    written = write_frames(sweep_csv_files.frames_of(comparison), comparison.folder)
    page = sweep_page.build_page(comparison)
    return written | write_page(page, comparison.folder, sweep_page.figure_names(comparison))


def write_study_report(
    study: Study, data: str, tables: StudyTables, folder: Path, notices: Sequence[str] = ()
) -> dict[str, Path]:
    """Write the page of a study, and its tables, to a folder; see `study.page.build_page`."""
    written = write_frames(tables.frames(), folder)
    page = study_page.build_page(study, data, tables, notices)
    return written | write_page(page, folder, study_figures.FIGURES)


def notebook_html(comparison: Comparison | MultiDatasetComparison | SweepComparison) -> str:
    """Return the verdict and the main table as an HTML fragment, for a notebook's display."""
    if isinstance(comparison, SweepComparison):
        return html.render_notebook(sweep_page.headline(comparison))
    if isinstance(comparison, MultiDatasetComparison):
        return html.render_notebook(multi_page.headline(comparison))
    return html.render_notebook(single_page.headline(comparison))
