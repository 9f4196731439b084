"""Blocks of a page: code in texts, figures in reading order, columns with notes."""

from benchmark.report.render import html, markdown
from benchmark.report.render.blocks import (
    Cell,
    ContactSheet,
    Details,
    Figure,
    Page,
    Picture,
    Row,
    Section,
    Table,
    as_code,
    split_code,
)


def test_code_stands_between_backticks() -> None:
    assert split_code("set `a=1`, `b`") == [
        ("set ", False),
        ("a=1", True),
        (", ", False),
        ("b", True),
    ]
    assert split_code("``a`b``") == [("a`b", True)]
    assert split_code("a ` b") == [("a ` b", False)]
    assert split_code(as_code("it`s")) == [("it's", True)]
    assert split_code(as_code("")) == [(" ", True)]


def test_figures_stand_in_reading_order() -> None:
    first, second, third = (Figure(name, "", "", "") for name in "abc")
    section = Section("s", "S", (Details("more", (second,)), third))
    page = Page("t", "", "", "", (), (first,), (section,))
    assert page.figures() == [first, second, third]


def test_columns_of_numbers_with_a_note_leave_space_for_it() -> None:
    row = Row((Cell("name", note="baseline"), Cell(".5", note="+.1"), Cell("2")))
    assert Table("", ("A", "B", "C"), (row,)).columns_with_notes == {1}


def test_a_contact_sheet_shows_pictures_on_a_page_that_then_allows_them() -> None:
    sheet = ContactSheet((Picture("QQ==", "a/1_2.jpg", "a → b"), Picture("", "gone.jpg", "c")))
    page = Page("T", "", "V", "", (), (), (Section("s", "S", (sheet,)),))
    text = html.render(page)
    assert text.count('<img src="data:image/jpeg;base64,QQ=="\nalt="">') == 1
    assert "img-src data:" in text
    assert "<b>a → b</b>" in text
    assert "- a → b: a/1\\_2.jpg\n- c: gone.jpg" in markdown.render(page)
