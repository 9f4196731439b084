"""What strategies leave out of the training images."""

from dataclasses import replace

import pandas as pd
import pytest

from benchmark.analysis.findings import LEFT_OUT
from benchmark.report.single.csv_files import frames_of
from benchmark.report.single.selected_images import selected_images_table
from tests.report.fabricate import fabricate

ROWS = [
    ("focal_loss", 0, 1000, 100, 0.2, 80, 160),
    ("focal_loss", 1, 1000, 140, 0.3, 100, 160),
]


@pytest.fixture(scope="module")
def comparison():
    return fabricate(strategies=("no_change", "focal_loss"), seeds=(0, 1))


def table_of(comparison, rows):
    left_out = pd.DataFrame(rows, columns=LEFT_OUT)
    findings = replace(comparison.findings, left_out=left_out)
    return list(selected_images_table(replace(comparison, findings=findings)))


def cells_of(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_images_are_counted_and_right_suspicions_are_shares(comparison):
    (table,) = table_of(comparison, ROWS)
    assert cells_of(table) == [["focal_loss", "120", ".120", ".300", ".750", ".562"]]
    assert table.columns[-2:] == ("Of these wrong", "Of the wrong labels")
    assert "mean over seeds. Some labels were made wrong" in table.caption


def test_where_no_label_is_known_to_be_wrong_nothing_is_said_of_that(comparison):
    (table,) = table_of(comparison, [(*row[:5], None, None) for row in ROWS])
    assert cells_of(table) == [["focal_loss", "120", ".120", ".300"]]
    assert "wrong" not in table.caption


def test_the_table_has_a_file_with_a_row_for_each_seed(comparison):
    (table,) = table_of(comparison, ROWS)
    left_out = pd.DataFrame(ROWS, columns=LEFT_OUT)
    own = replace(comparison, findings=replace(comparison.findings, left_out=left_out))
    frames = frames_of(own)
    assert frames[table.csv].loc[:1].to_numpy().tolist() == [list(row) for row in ROWS]
    assert "selected_images.csv" not in frames_of(comparison)


def test_nothing_left_out_has_no_share_of_wrong_ones(comparison):
    (table,) = table_of(comparison, [("focal_loss", 0, 1000, 0, 0.0, 0, 160)])
    assert cells_of(table) == [["focal_loss", "0", ".000", ".000", "–", ".000"]]


def test_a_run_whose_strategies_train_on_all_images_has_no_table(comparison):
    assert not list(selected_images_table(comparison))
