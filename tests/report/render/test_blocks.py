"""Blocks of a page: code in texts, figures in reading order, columns with notes."""

from benchmark.report.render import html, markdown
from benchmark.report.render.blocks import (
    Cell,
    ContactSheet,
    Details,
    Figure,
    Link,
    Page,
    Picture,
    Pictures,
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


def test_a_link_and_the_heading_of_a_row_lead_to_other_files() -> None:
    table = Table("c", ("A", "B"), (Row((Cell("a_b", link="x.html#y"), Cell("1"))),))
    blocks = (Link("Pictures_1", "x.html"), table)
    page = Page("T", "", "V", "", (), (), (Section("s", "S", blocks),))
    text = html.render(page)
    assert '<a href="x.html">Pictures_1</a>' in text
    assert (
        '<th scope="row"><a href="x.html#y"><span class="name whole">a_<wbr>b</span></a></th>'
        in text
    )
    assert "[Pictures\\_1](x.html)" in markdown.render(page)
    assert "| [a\\_b](x.html#y) | 1 |" in markdown.render(page)


def test_pictures_say_what_they_show_and_three_stand_side_by_side() -> None:
    item = Picture("QQ==", "a.jpg", "✗ cat", 'Image of "cat"', "wrong")
    three, two = Pictures((item,) * 3), Pictures((item,) * 2, "Two")
    text = html.render(Page("T", "", "V", "", (), (), (Section("s", "Long", (three, two), "L"),)))
    assert text.count('<figure class="pictures three">') == 1
    assert text.count('alt="Image of &#34;cat&#34;"><b class="wrong">✗ cat</b>') == 5
    assert text.count("<figcaption>") == 1
    assert '<li><a href="#s">L</a></li>' in text
    assert "<h2>Long</h2>" in text
