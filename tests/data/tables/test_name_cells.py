"""Names as cells of a table, and back."""

import csv
import io

import pandas as pd
import pytest

from benchmark.data.tables.name_cells import escaped_names, name_cell, one_line
from benchmark.report.render.csv_writer import to_csv
from tests.report.hostile_names import NAMES


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_the_cell_is_what_a_reader_of_the_table_gets(name):
    text = to_csv(pd.DataFrame({"path": [one_line(name)], "label": ["x"]}))
    text = text.encode(errors="backslashreplace").decode()
    assert text.count("\n") == 2
    (_, (path, label)) = csv.reader(io.StringIO(text))
    assert (path.strip(), label) == (name_cell(name), "x")


def test_only_names_that_are_written_otherwise_are_escaped_and_no_two_share_a_cell():
    names = ("a.png", "=1", "'=1", "b\n", "b\\n", " c", "c ")
    assert escaped_names(names) == {"'=1": "=1", "''=1": "'=1", "b\\n": "b\n"}
