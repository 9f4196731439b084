"""Which folders are the classes, and their names."""

import pytest

from benchmark.data.files.folder_tree import walk_folder
from benchmark.data.folders.ambiguity import AmbiguityError
from benchmark.data.folders.layout import find_layout
from tests.data.trees import make_files


@pytest.fixture
def layout(tmp_path):
    def layout_of(counts, class_level=None):
        return find_layout(walk_folder(make_files(tmp_path, counts))[0], class_level)

    return layout_of


def names(layout):
    return [(c.folder.path, c.name, c.split) for c in layout.classes]


def test_classes_of_the_root_and_of_splits(layout):
    assert names(layout({"cat": 1, "dog": 0})) == [("cat", "cat", ""), ("dog", "dog", "")]


def test_classes_of_split_folders(layout):
    read = layout({"train/cat": 1, "train/dog": 1, "Test/cat": 1})
    assert names(read) == [
        ("Test/cat", "cat", "test"),
        ("train/cat", "cat", "train"),
        ("train/dog", "dog", "train"),
    ]
    assert {split: f.path for split, f in read.splits.items()} == {
        "train": "train",
        "test": "Test",
    }


@pytest.mark.parametrize(
    ("counts", "classes"),
    [
        ({"train": 2, "test": 1}, ["test", "train"]),
        ({"fold1/cat": 1, "fold2/cat": 1}, ["fold1", "fold2"]),
        ({"train/steam": 1, "train/diesel": 1, "car": 1, "bus": 1}, ["bus", "car", "train"]),
        ({"train/cat": 1, "train/dog": 1, "dogs/big": 1}, ["dogs", "train"]),
    ],
)
def test_class_level_1_says_that_the_folders_are_classes(layout, counts, classes):
    with pytest.raises(AmbiguityError):
        layout(counts)
    chosen = layout(counts, class_level=1)
    assert [c.name for c in chosen.classes] == classes
    assert chosen.splits == {}


def test_class_level_1_leaves_loose_images_of_a_split_out(layout):
    chosen = layout({"train/cat": 1, "train/dog": 1, "train": 1}, class_level=1)
    assert [c.name for c in chosen.classes] == ["cat", "dog"]
    assert chosen.loose == ["train/000.jpg"]
    assert list(chosen.splits) == ["train"]


def test_class_level_2_takes_the_folders_below(layout):
    counts = {"Aves/owl": 1, "Aves/jay": 1, "Insecta/ant": 1, "Insecta": 2}
    chosen = layout(counts, class_level=2)
    assert [c.name for c in chosen.classes] == ["jay", "owl", "ant"]
    assert chosen.loose == ["Insecta/000.jpg", "Insecta/001.jpg"]


def test_class_level_2_counts_from_the_split_folders(layout):
    chosen = layout({"train/Aves/owl": 1, "train/Aves/jay": 1, "test/Aves/owl": 1}, class_level=2)
    assert names(chosen) == [
        ("test/Aves/owl", "owl", "test"),
        ("train/Aves/jay", "jay", "train"),
        ("train/Aves/owl", "owl", "train"),
    ]


def test_folders_of_one_name_are_one_class_where_the_folders_above_are_parts(layout):
    counts = {f"fold{number}/{name}": 1 for number in range(3) for name in ("cat", "dog")}
    chosen = layout(counts, class_level=2)
    assert [c.name for c in chosen.classes] == ["cat", "dog"] * 3
    assert "cat of fold0, fold1, fold2" in chosen.messages[0]


def test_folders_of_one_name_are_different_classes_elsewhere(layout):
    counts = {"Apple/healthy": 1, "Apple/rust": 1, "Corn/healthy": 1, "Corn/smut": 1, "Pea/ok": 1}
    chosen = layout(counts, class_level=2)
    assert [c.name for c in chosen.classes] == [
        *("Apple/healthy", "rust", "Corn/healthy", "smut", "ok")
    ]
    assert "healthy of Apple, Corn" in chosen.messages[0]


def test_a_folder_without_images_changes_no_name(layout):
    chosen = layout({"images/ant": 1, "images/bee": 1, "annotations/ant": 0}, class_level=2)
    assert [c.name for c in chosen.classes if c.folder.total] == ["ant", "bee"]
    assert chosen.messages == []
