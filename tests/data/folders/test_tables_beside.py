"""CSV files that lie beside images."""

import shlex
from pathlib import Path

import pytest

from benchmark.data.files.folder_tree import walk_folder
from benchmark.data.folders.tables_beside import (
    find_table,
    is_list_of_parts,
    table_ways,
    unread_documents,
)
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
    for name in ("groups.csv", "split.csv", "metadata.csv", "sample_submission.csv"):
        (root / name).write_text("x,y\n1,2\n")
    (root / "train/labels.csv").write_text(TABLE)
    folder = tree(root)
    unread, other = unread_documents(str(root), folder, folder.folders)
    assert unread.startswith(
        "metadata.csv, sample_submission.csv, split.csv, train/labels.csv were not read"
    )
    assert other == (
        "train/labels.csv lists images and labels: "
        f"--data '{root}/train/labels.csv' reads it in place of the folders."
    )


def test_a_table_of_placeholders_is_not_offered(root):
    (root / "sampleSubmission.csv").write_text(TABLE)
    assert table_ways(str(root), tree(root)) == []


def test_a_table_in_a_folder_without_images_is_to_be_moved(root):
    (root / "truth").mkdir()
    (root / "truth/labels.csv").write_text(TABLE)
    (way,) = table_ways(str(root), tree(root))
    assert way.startswith(
        f"move {root}/truth/labels.csv to {root}, then --data '{root}/labels.csv'"
    )


@pytest.mark.parametrize(
    "name", ["train.txt", "train_test_split.txt", "Groups.csv.txt", "val_list.json", "groups.xlsx"]
)
@pytest.mark.parametrize("where", ["", "meta/", "train/"])
def test_lists_of_a_split_or_of_groups_are_named(root, where, name):
    make_files(root, {"meta": 0})
    (root / where / name).write_text("x")
    assert is_list_of_parts(name)
    (unread,) = unread_documents(str(root), tree(root))
    assert unread.startswith(f"{where}{name} was not read; of the files beside class folders only")


def test_sheets_are_named_and_other_texts_are_not(root):
    for name in ("labels.xlsx", "readme.txt", "classes.txt", "train_0001.txt"):
        (root / name).write_text("x")
    (unread,) = unread_documents(str(root), tree(root))
    assert unread.startswith("labels.xlsx was not read")
