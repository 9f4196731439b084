"""CSV files that lie beside images."""

import shlex
from pathlib import Path

import pytest

from benchmark.data.folder_tree import walk_folder
from benchmark.data.tables_beside import find_table, table_ways, unread_tables
from tests.data.trees import make_files

TABLE = "image_id,label\n000,a\n001,b\n"


@pytest.fixture
def root(tmp_path):
    return make_files(tmp_path / "my set", {"train": 2})


def tree(root):
    return walk_folder(root)[0]


def test_a_table_in_another_letter_case_is_taken(root):
    assert find_table(root, tree(root), "groups.csv") is None
    (root / "Groups.CSV").write_text("x")
    assert find_table(root, tree(root), "groups.csv") == root / "Groups.CSV"
    (root / "groups.csv").write_text("x")
    assert find_table(root, tree(root), "groups.csv") == root / "groups.csv"


def test_two_spellings_are_refused(root):
    for name in ("Splits.csv", "SPLITS.CSV"):
        (root / name).write_text("x")
    with pytest.raises(ValueError, match=r"which of SPLITS\.CSV, Splits\.csv is splits\.csv"):
        find_table(root, tree(root), "splits.csv")


@pytest.mark.parametrize("where", ["labels.csv", "train/labels.csv", "../labels.csv"])
def test_tables_of_images_are_offered(root, where):
    (root / where).write_text(TABLE)
    (root / "notes.csv").write_text("x,y\n1,2\n")
    (root / "groups.csv").write_text("file,group\n")
    (way,) = table_ways(str(root), tree(root))
    path = root.parent / "labels.csv" if where.startswith("..") else root / where
    assert way == f"--data {shlex.quote(str(path))} (it has the columns image_id,label)"


def test_paths_are_those_of_the_user(root, monkeypatch):
    (root / "labels.csv").write_text(TABLE)
    monkeypatch.chdir(root.parent)
    assert table_ways("my set", tree(Path("my set")))[0].startswith("--data 'my set/labels.csv' (")
    monkeypatch.chdir(root)
    assert table_ways(".", tree(Path()))[0].startswith("--data labels.csv (")


def test_tables_that_are_not_read_are_named(root):
    for name in ("groups.csv", "split.csv", "metadata.csv"):
        (root / name).write_text("x,y\n1,2\n")
    (root / "train/labels.csv").write_text(TABLE)
    folder = tree(root)
    unread, other = unread_tables(str(root), folder, folder.folders)
    assert unread.startswith("metadata.csv, split.csv, train/labels.csv were not read")
    assert other == (
        "train/labels.csv lists images and labels: "
        f"--data '{root}/train/labels.csv' reads it in place of the folders."
    )
