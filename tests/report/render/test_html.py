"""The page as HTML: names break at their joints, drawings take the colours of the page."""

from __future__ import annotations

from dataclasses import replace

from benchmark.report.render.blocks import Cell, Page, Paragraph, Row, Section, Table
from benchmark.report.render.colours import COLOURS
from benchmark.report.render.html import inline_drawing, render, render_notebook
from tests.report.reader import Reader

ROW = Row((Cell("threshold_moving:base=x"), Cell(".5", note="±0", mark="best")), kind="baseline")
TABLE = Table("A caption", ("Strategy", "F1"), (ROW,), csv="summary.csv seeds.csv")
PAGE = Page(
    title="<Title>",
    subtitle="subtitle",
    verdict="The `verdict`.",
    follow_up="",
    warnings=(),
    lead=(TABLE,),
    sections=(Section("one-section", "Section", (Paragraph("a < b"),)),),
)


def test_the_document_needs_nothing_from_outside() -> None:
    page = Reader(render(PAGE))
    assert not {"script", "link", "img"} & {tag for tag, _ in page.tags}
    assert "<Title>" in page.text
    assert "a < b" in page.text
    assert [a["href"] for tag, a in page.tags if tag == "a"] == [
        *("summary.csv", "seeds.csv", "#one-section")
    ]


def test_texts_and_code_stay_text() -> None:
    page = Reader(render(replace(PAGE, follow_up="<u>tag</u> & co, `<i>code</i>`")))
    assert "<u>tag</u> & co, <i>code</i>" in page.text
    assert not {"u", "i"} & {tag for tag, _ in page.tags}


def test_names_break_at_their_joints_and_short_code_does_not() -> None:
    html = render(PAGE)
    assert "threshold_<wbr>moving:<wbr>base=<wbr>x" in html
    assert '<code class="short">verdict</code>' in html


def test_a_number_stays_beside_its_per_cent_sign_and_code_is_as_it_was() -> None:
    """A narrow page would break a line between them; who copies code gets its own spaces."""
    html = render(replace(PAGE, verdict="+.1 (95 %: .0 to .2), `a 95 % b`"))
    assert "(95\u00a0%: .0" in html
    assert "a 95 % b" in html


def test_the_best_of_a_column_can_be_heard() -> None:
    assert '<b>.5</b><span class="unseen"> best</span><small>±0</small>' in render(PAGE)


def test_a_notebook_gets_a_fragment() -> None:
    fragment = render_notebook(PAGE)
    assert "<html" not in fragment
    assert "<h1" not in fragment
    assert "verdict" in Reader(fragment).text


def test_colours_of_a_drawing_become_those_of_the_page() -> None:
    ink = COLOURS["ink"][0]
    drawing = inline_drawing(f'<svg><path style="stroke: {ink}; fill: #123456"/></svg>', 'a "b"')
    assert "stroke: var(--ink); fill: #123456" in drawing
    assert drawing.startswith('<svg role="img" aria-label="a &#34;b&#34;"')
