"""Markdown shows what the page says: nothing in a text becomes markup."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

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
)
from benchmark.report.render.markdown import render


def page(*blocks: Block) -> Page:
    section = Section("section", "A section, named", blocks)
    return Page("Title", "subtitle", "The verdict.", "More.", ("a warning",), (), (section,))


def test_headline_contents_and_sections_stand_in_order() -> None:
    lines = render(page(Paragraph("text"))).split("\n\n")
    assert lines[:4] == ["# Title", "subtitle", "**The verdict.** More.", "> - a warning"]
    assert lines[4:] == ["- [A section, named](#a-section-named)", "## A section, named", "text\n"]


@pytest.mark.parametrize(
    "text", ["*star* _line_", "[link](x)", "<b>tag</b> & co", "a|b", "~~no~~", "1. list", "- dash"]
)
def test_texts_stay_text(text: str) -> None:
    html = MarkdownIt("commonmark").enable("table").render(render(page(Paragraph(text))))
    last = html.rstrip().rsplit("<p>", 1)[1].removesuffix("</p>")
    assert last == text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_code_keeps_its_ticks() -> None:
    markdown = render(page(Code("a ``` b"), Paragraph("set `power=0.5` here")))
    assert "````text\na ``` b\n````" in markdown
    assert markdown.endswith("set `power=0.5` here\n")


def test_a_table_has_a_rule_a_caption_and_its_file() -> None:
    row = Row((Cell("no_change"), Cell(".5", note="±0", mark="best")))
    table = Table("A caption", ("Strategy", "F1"), (row,), csv="summary.csv")
    assert render(page(table)).split("\n\n")[-2:] == [
        "| Strategy | F1 |\n| :-- | --: |\n| no\\_change | **.5** <sub>±0</sub> |",
        "*A caption* [summary.csv](summary.csv)\n",
    ]


def test_a_bar_in_a_cell_is_no_border() -> None:
    row = Row((Cell("a|b", note="c|d"), Cell("e")))
    markdown = render(page(Table("c|d", ("A|B", "C"), (row,))))
    html = MarkdownIt("commonmark").enable("table").render(markdown)
    assert re.findall("<t[hd].*?>(.*?)</t[hd]>", html) == ["A|B", "C", "a|b <sub>c|d</sub>", "e"]


def test_a_wide_cell_leaves_empty_ones_beside_it() -> None:
    row = Row((Cell("a"), Cell("failed", span=2)))
    markdown = render(page(Table("c", ("A", "B", "C"), (row,))))
    assert "| a | failed |  |" in markdown


def test_lists_figures_and_details() -> None:
    markdown = render(
        page(
            Heading("Inside"),
            Definitions((("Term", "meaning of `x`"),)),
            Facts((("Name", "value*"),)),
            Figure("recall", "<svg/>", "The caption", "The alt text"),
            Details("More of `it`", (Paragraph("hidden"),)),
        )
    )
    assert "### Inside\n\n- **Term**: meaning of `x`\n\n- Name: value\\*" in markdown
    assert "![The alt text](figures/recall.svg)\n\n*The caption*" in markdown
    assert "<details><summary>More of <code>it</code></summary>\n\nhidden" in markdown
