"""Writes a page: markdown, HTML and figures."""

from collections.abc import Iterable
from pathlib import Path

from benchmark.report.render import html, markdown
from benchmark.report.render.blocks import Page
from benchmark.report.render.canvas import to_standalone_svg
from benchmark.storage.atomic import write_text


def write_page(page: Page, folder: Path, figure_names: Iterable[str]) -> dict[str, Path]:
    """Write report.md, report.html and figures/*.svg.

    Of `figure_names`, all that such a page may have, those that this page lacks are removed.
    Returns the paths of "markdown", "html" and, by their names, of the figures' files. ValueError
    if figures/ is a link: what lies behind it is no report's.
    """
    if (folder / "figures").is_symlink():
        raise ValueError(f"{folder / 'figures'} is a link, which no report follows; remove it")
    drawings = {f"figures/{figure.name}.svg": figure.svg for figure in page.figures()}
    for name, svg in drawings.items():
        write_text(folder / name, to_standalone_svg(svg))
    for name in {f"figures/{name}.svg" for name in figure_names} - drawings.keys():
        (folder / name).unlink(missing_ok=True)
    pages = {"markdown": folder / "report.md", "html": folder / "report.html"}
    write_text(pages["markdown"], markdown.render(page))
    write_text(pages["html"], html.render(page))
    return {name: folder / name for name in drawings} | pages
