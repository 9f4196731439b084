"""Reports of a finished run: markdown, HTML and CSV, from one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.compare import Comparison

__all__ = ["notebook_html", "write_report"]


def write_report(comparison: Comparison, folder: Path | None = None) -> dict[str, Path]:
    """Write report.md, report.html, figures/*.svg and the CSV files, each whole or not at all.

    `folder` is by default the one the comparison was loaded from. The same comparison gives the
    same bytes; a figure of an earlier report that this one lacks is removed. Returns "markdown",
    "html" and the names of the other files -> path.
    """
    from benchmark.report import csv_files, figures, html, markdown
    from benchmark.report.drawings import standalone
    from benchmark.report.page import build_page
    from benchmark.store import write_text

    folder = comparison.folder if folder is None else folder
    written = csv_files.write(comparison, folder)
    page = build_page(comparison)
    for figure in page.figures():
        name = f"figures/{figure.name}.svg"
        write_text(folder / name, standalone(figure.svg))
        written[name] = folder / name
    for name in figures.NAMES:  # one of an earlier report that this one has no numbers for
        if f"figures/{name}.svg" not in written:
            (folder / f"figures/{name}.svg").unlink(missing_ok=True)
    for kind, name, render in (
        ("markdown", "report.md", markdown.render),
        ("html", "report.html", html.render),
    ):
        write_text(folder / name, render(page))
        written[kind] = folder / name
    return written


def notebook_html(comparison: Comparison) -> str:
    """Return the verdict and the main table as an HTML fragment, for a notebook's display."""
    from benchmark.report import html
    from benchmark.report.page import headline

    return html.render_notebook(headline(comparison))
