import numpy as np
import pytest

from benchmark.data.columns import group_ids, match_files, read_table, split_names

FILES = ("cat/1.png", "cat/2.png", "dog/1.png")


@pytest.fixture
def table(tmp_path):
    """Write a CSV file and return its path."""

    def write(text):
        path = tmp_path / "table.csv"
        path.write_text(text, encoding="utf-8-sig")
        return path

    return write


def test_cells_are_stripped_and_missing_columns_empty(table):
    rows = read_table(table("Path , LABEL,other\n a.png, x ,y\n"), ("path", "label"), ("group",))
    assert rows == [{"path": "a.png", "label": "x", "group": ""}]


def test_a_row_names_a_file_by_a_unique_end(table):
    values, messages = match_files(table("file,group\n2.png,a\ndog/1.png,b\n"), "group", FILES)
    assert values == ["", "a", "b"]
    assert messages == (
        "table.csv: 1 images have no row (e.g. 'cat/1.png'): each is a group of its own.",
    )


def test_an_ambiguous_name_is_an_error(table):
    with pytest.raises(ValueError, match=r"'1.png' could be 'cat/1.png' or 'dog/1.png'.*folder"):
        match_files(table("file,group\n1.png,a\n"), "group", FILES)


def test_images_without_a_group_are_groups_of_their_own():
    assert group_ids(["b", "", "a", "b", ""]).tolist() == [1, 2, 0, 1, 3]


def test_owners_names_of_splits_are_translated(tmp_path):
    names = split_names(tmp_path, ["Training", "dev", "TEST", ""])
    np.testing.assert_array_equal(names, ["train", "val", "test", ""])
