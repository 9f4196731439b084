"""Whatever stands in a name: it is text on every page, and ends no cell, line or attribute."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from benchmark.report.render import markdown
from benchmark.report.render.blocks import (
    Block,
    Cell,
    Code,
    Definitions,
    Details,
    Facts,
    Figure,
    Heading,
    Page,
    Paragraph,
    Row,
    Section,
    Table,
    as_code,
    without_ticks,
)
from benchmark.report.render.canvas import Canvas, page_style, set_row_labels, to_svg
from benchmark.report.render.html import render, render_notebook
from benchmark.report.render.safe_text import shorten
from benchmark.system.text import printable_lines
from tests.report.hostile_names import NAMES
from tests.report.reader import Reader

# what a browser or a terminal acts on; the two isolates of markdown are taken out before
ACTING = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
OURS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "nav", "div"),
    *("h1", "h2", "h3", "p", "ol", "ul", "li", "dl", "dt", "dd", "a", "b", "bdi", "wbr", "span"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "small", "code", "pre"),
    *("details", "summary", "figure", "figcaption", "svg"),
}
MARKDOWN = {
    *("h1", "h2", "h3", "p", "ul", "ol", "li", "blockquote", "strong", "em", "sub", "code", "pre"),
    *("table", "thead", "tbody", "tr", "th", "td", "a", "img", "details", "summary"),
}


def page_of(name: str) -> Page:
    """Return a page on which a name stands wherever one can."""
    sentence = f"{as_code(name)} and “{without_ticks(name)}”, 3"
    cells = (Cell(name, name, "best"), Cell(name, name), Cell("1", name), Cell(name, span=2))
    figure = Figure("name", "<svg></svg>", sentence, without_ticks(name))
    folded = Details(sentence, (Code(name), Heading(name), Facts(((name, name),))))
    table = Table(
        sentence, ("A", name, "B", name, "C"), (Row(cells), Row(cells)), frozenset({0, 1})
    )
    blocks: tuple[Block, ...] = (Paragraph(sentence), Definitions(((name, sentence),)), folded)
    section = Section("a", "Section", (*blocks, figure))
    return Page(name, name, sentence, sentence, (sentence,), (table,), (section,), (sentence,))


def written(name: str) -> Iterator[tuple[str, str, set[str]]]:
    """Yield text and HTML of each page with a name, and the tags that may be in it."""
    page = page_of(name)
    for html in (render(page), render_notebook(page)):
        yield html, html, OURS
    text = markdown.render(page)
    yield text, MarkdownIt("commonmark").enable("table").render(text), MARKDOWN


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_text_on_every_page(name: str) -> None:
    for text, html, allowed in written(name):
        assert not ACTING.findall(
            re.sub("[\u2068\u2069]", "", text) if allowed is MARKDOWN else text
        )
        page = Reader(html)
        assert {tag for tag, _ in page.tags} <= allowed
        for tag, attributes in page.tags:
            assert not [key for key in attributes if key.startswith("on") or key == "srcdoc"]
            assert attributes.get("href", "#a") in ("#a", "#section")
            assert attributes.get("src", "") in ("", "figures/name.svg")
            assert tag != "td" or attributes.get("colspan") in (None, "2")
        printed = re.sub(r"[\s\u2068\u2069]+", "", page.text)
        assert re.sub(r"\s+", "", printable_lines(without_ticks(name))) in printed
        assert len(page.cells) == 5 + 2 * (5 if allowed is MARKDOWN else 4)
        names = {re.sub(r"[\s\u2068\u2069]+", "", cell) for cell in page.cells[1:4:2]}
        assert names == {re.sub(r"\s+", "", shorten(name))}


def test_names_in_a_drawing_are_text() -> None:
    names = [name for name in NAMES if shorten(name, 30).strip()]
    with page_style():
        canvas = Canvas(400, 12 * len(names))
        axes = canvas.axes(200, 0, 200, 12 * len(names))
        axes.set_ylim(0, len(names))
        set_row_labels(axes, names, longest=30)
        axes.set_title("$x^2$ \x1b</text><script>")
        svg = to_svg(canvas.figure, "names")
    assert not ACTING.findall(svg)
    drawing = ElementTree.fromstring(svg)
    tags = {element.tag.rpartition("}")[2] for element in drawing.iter()}
    assert not tags & {"script", "a", "image", "foreignObject", "style", "animate", "set"}
    texts = {"".join(e.itertext()) for e in drawing.iter() if e.tag.endswith("}text")}
    assert {shorten(name, 30) for name in names} | {"$x^2$ \\x1b</text><script>"} <= texts
