"""A page as files: both renderings and its figures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmark.report.render import html, markdown
from benchmark.report.render.blocks import Page
from benchmark.report.render.canvas import to_standalone_svg
from benchmark.storage.atomic import write_text


def write_page(page: Page, folder: Path, names: Iterable[str]) -> dict[str, Path]:
    """Write report.md, report.html and figures/*.svg; return what was written.

    `names` are all figures that such a page may have: one of an earlier report that this one has no
    numbers for is removed.
    """
    written = {}
    for figure in page.figures():
        name = f"figures/{figure.name}.svg"
        write_text(folder / name, to_standalone_svg(figure.svg))
        written[name] = folder / name
    for name in names:
        if f"figures/{name}.svg" not in written:
            (folder / f"figures/{name}.svg").unlink(missing_ok=True)
    for kind, name, render in (
        ("markdown", "report.md", markdown.render),
        ("html", "report.html", html.render),
    ):
        write_text(folder / name, render(page))
        written[kind] = folder / name
    return written
