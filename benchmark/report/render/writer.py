"""Writes a page: markdown, HTML and figures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmark.report.render import html, markdown
from benchmark.report.render.blocks import Page
from benchmark.report.render.canvas import to_standalone_svg
from benchmark.storage.atomic import write_text


def write_page(page: Page, folder: Path, figure_names: Iterable[str]) -> dict[str, Path]:
    """Write report.md, report.html and figures/*.svg.

    Parameters
    ----------
    figure_names
        All figures that such a page may have. Those of an earlier report that this page lacks are
        removed.

    Returns
    -------
    dict
        "markdown", "html" and the names of the figures' files -> path.
    """
    written = {}
    for figure in page.figures():
        name = f"figures/{figure.name}.svg"
        write_text(folder / name, to_standalone_svg(figure.svg))
        written[name] = folder / name
    for name in figure_names:
        if f"figures/{name}.svg" not in written:
            (folder / f"figures/{name}.svg").unlink(missing_ok=True)
    for kind, name, render in (
        ("markdown", "report.md", markdown.render),
        ("html", "report.html", html.render),
    ):
        write_text(folder / name, render(page))
        written[kind] = folder / name
    return written
