"""Reports of a finished run: markdown, HTML and CSV, from one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.analysis.comparison import Comparison
    from benchmark.analysis.multi_dataset import MultiDatasetComparison

__all__ = ["notebook_html", "write_multi_dataset_report", "write_report"]


def write_report(comparison: Comparison, folder: Path | None = None) -> dict[str, Path]:
    """Write report.md, report.html, figures/*.svg and the CSV files, each whole or not at all.

    `folder` is by default the one the comparison was loaded from. The same comparison gives the
    same bytes; a figure of an earlier report that this one lacks is removed. Returns "markdown",
    "html" and the names of the other files -> path.
    """
    from benchmark.report.render.writer import write_page
    from benchmark.report.single import csv_files, figures
    from benchmark.report.single.page import build_page

    folder = comparison.folder if folder is None else folder
    written = csv_files.write(comparison, folder)
    return written | write_page(build_page(comparison), folder, figures.NAMES)


def write_multi_dataset_report(across: MultiDatasetComparison, folder: Path) -> dict[str, Path]:
    """Write the report of several runs to `folder`, as `write_report` does that of one."""
    from benchmark.report.multi import page as across_page
    from benchmark.report.render.writer import write_page
    from benchmark.report.single import csv_files

    written = csv_files.write_frames(across_page.frames(across), folder)
    return written | write_page(across_page.build_page(across), folder, across_page.FIGURES)


def notebook_html(comparison: Comparison | MultiDatasetComparison) -> str:
    """Return the verdict and the main table as an HTML fragment, for a notebook's display."""
    from benchmark.analysis.multi_dataset import MultiDatasetComparison
    from benchmark.report.multi import page as across_page
    from benchmark.report.render import html
    from benchmark.report.single import page

    if isinstance(comparison, MultiDatasetComparison):
        return html.render_notebook(across_page.headline(comparison))
    return html.render_notebook(page.headline(comparison))
