import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.data.tables.csv_file import SEPARATORS, read_csv


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "list.csv"
        path.write_bytes(text.encode())
        return path

    return write


def cells(table):
    return [row.cells for row in table.rows]


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(write, separator, end):
    lines = ["path,label", "1.png,oak", "2.png,elm"]
    table = read_csv(write(end.join(lines).replace(",", separator)))
    assert table.header == ("path", "label")
    assert cells(table) == [("1.png", "oak"), ("2.png", "elm")]


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;", "sep=;;"])
def test_a_line_that_names_the_separator_is_obeyed(write, first):
    table = read_csv(write(f"{first}\npath;label, once\n1.png;oak, red\n"))
    assert table.header == ("path", "label, once")
    assert [(row.line, row.cells) for row in table.rows] == [(3, ("1.png", "oak, red"))]


def test_the_columns_that_are_needed_decide_between_separators(write):
    path = write("path;label;sure, not sure\n1.png;oak;a, b\n")
    with pytest.raises(ValueError, match=r"by semicolon or comma.*Write 'sep=;'"):
        read_csv(path)
    assert read_csv(path, lambda header: "label" in header).header[1] == "label"


def test_rows_that_do_not_fit_decide_between_separators(write):
    table = read_csv(write("path;label;sure,unsure\n1.png;oak;yes\n"))
    assert cells(table) == [("1.png", "oak", "yes")]


def test_cells_are_stripped_and_rows_without_content_skipped(write):
    table = read_csv(write("\n path , label\n\n,\n 1.png , oak \n , \n  \n2.png,elm\n,\n,\n"))
    assert [(row.line, row.cells) for row in table.rows] == [
        (5, ("1.png", "oak")),
        (8, ("2.png", "elm")),
    ]


def test_separators_at_the_end_of_lines_are_no_cells(write):
    table = read_csv(write("path,label,,\n1.png,oak,,\n2.png,elm\n3.png,elm,,,,\n"))
    assert table.header == ("path", "label")
    assert cells(table) == [("1.png", "oak"), ("2.png", "elm"), ("3.png", "elm")]


def test_inches_and_columns_without_a_name_are_read(write):
    table = read_csv(write(',path,,label\n0,1.png,,17" rim\n1,2.png,,"18"" rim"\n'))
    assert table.header == ("", "path", "", "label")
    assert table.column(3) == ['17" rim', '18" rim']


def test_line_breaks_of_unicode_are_no_ends_of_rows(write):
    assert cells(read_csv(write("a,b\nx\u2028y,z\x85\x0bw\n"))) == [("x\u2028y", "z\x85\x0bw")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,label\n\n1.png,oak, red\n", "line 3 has 3 cells, the header has 2.*quotes"),
        ("path,label\n1.png,oak\n2.png\n", "line 3 has 1 cell, the header has 2"),
        (
            "Labels of May,\n,\npath,label\n1.png,oak\n",
            "line 3 has 2 cells.* remove what stands above",
        ),
        ("# by me\npath,label\n1.png,oak\n", "line 2 has 2 cells.* remove what stands above"),
        ("path,label,\n1.png,oak, red\n", "line 2 has 3 cells, the header has 2"),
        ('a,b\n1,"x\n2,y\n', "line 2: a quote is opened and not closed: '1,\"x'"),
        ('a,b\n1,"x\n2,y\n3,z"\n4,x\n', "line 2: a quote is opened"),  # closed three rows later
        ('a,b,c\n1,x,"\n2,y,"\n', "line 2: a quote is opened"),  # in a column that nobody uses
        ('a,b\n1,"x" y\n', "line 2: text follows a closing quote"),
        ('a,b\n1,x"\n', "line 2: a quote is closed and not opened"),
        ("a,b,A\n1,2,3\n", "line 1 names the column 'a' twice"),
        ("cat/1.png,cat\ncat/2.png,dog\n", "line 1 names the image 'cat/1.png'.*path,label"),
        ("path,label\n,\n", "has a header and no row"),
        ("path,label", "has a header and no row"),
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("sep=;\n", "is empty"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(write, text, message):
    with pytest.raises(ValueError, match=rf"list\.csv: {message}"):
        read_csv(write(text))


def test_the_line_and_the_header_are_shown(write):
    with pytest.raises(ValueError, match="cells") as error:
        read_csv(write("path,label\n1.png,oak\n2.png,oak, red\n"))
    assert str(error.value).splitlines()[1:] == [
        "- header: 'path,label'",
        "- line 3: '2.png,oak, red'",
    ]


_CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).map(str.strip)
_TABLE = st.lists(st.tuples(_CELL, _CELL, _CELL).filter(any), min_size=1, max_size=5)


@given(_TABLE, st.sampled_from(list(SEPARATORS)), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=60, deadline=None)
def test_what_the_csv_module_writes_is_read_back(tmp_path_factory, rows, separator, end):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=end)
    writer.writerows([("path", "label", "group"), *rows])
    path = tmp_path_factory.mktemp("t") / "list.csv"
    path.write_text(text.getvalue(), "utf-8", newline="")
    assert cells(read_csv(path)) == [tuple(c.strip("\ufeff").strip() for c in r) for r in rows]


@given(_TABLE)
@settings(max_examples=30, deadline=None)
def test_what_pandas_writes_is_read_back(tmp_path_factory, rows):
    path = Path(tmp_path_factory.mktemp("t"), "list.csv")
    frame = pd.DataFrame(rows, columns=["path", "label", "group"])
    frame.to_csv(path)
    table = read_csv(path)
    assert table.header == ("", "path", "label", "group")
    assert table.column(0) == [str(number) for number in range(len(rows))]
    assert [row[1:] for row in cells(table)] == [
        tuple(c.strip("\ufeff").strip() for c in r) for r in rows
    ]
