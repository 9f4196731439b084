"""Which folders are splits."""

import pytest

from benchmark.data.files.folder_tree import walk_folder
from benchmark.data.folders.ambiguity import AmbiguityError
from benchmark.data.folders.split_folders import find_split_folders
from benchmark.data.imageset import SPLITS
from tests.data.trees import make_files


@pytest.fixture
def find(tmp_path):
    def find_in(counts):
        return find_split_folders(walk_folder(make_files(tmp_path, counts))[0])

    return find_in


def classes(*splits):
    """Two class folders in each of these folders."""
    return {f"{split}/{name}": 2 for split in splits for name in ("cat", "dog")}


@pytest.mark.parametrize(
    ("folders", "splits"),
    [
        (("train", "val", "test"), ["train", "val", "test"]),
        (("TRAIN", "Valid", "Testing"), ["train", "val", "test"]),
        (("training_set", "test_set"), ["train", "test"]),
        (("seg_train/seg_train", "seg_test/seg_test"), ["train", "test"]),
        (("train/train", "test/test"), ["train", "test"]),
        (("cars_train", "cars_test"), ["train", "test"]),
        (("asl_train/asl_train", "asl_test/asl_test"), ["train", "test"]),
        (("train",), ["train"]),
    ],
)
def test_names_of_splits(find, folders, splits):
    given = find(classes(*folders))
    assert {split: folder.path for split, folder in given.folders.items()} == dict(
        zip(splits, folders, strict=True)
    )
    assert given.messages == []


def test_evaluation_is_the_split_that_is_missing(find):
    given = find(classes("training", "validation", "evaluation"))
    assert given.folders["test"].path == "evaluation"
    assert given.messages == ["evaluation is taken as the test split."]


def test_evaluation_is_val_beside_test(find):
    assert find(classes("train", "test", "eval")).folders["val"].path == "eval"


def test_evaluation_beside_val_and_test_is_refused(find):
    with pytest.raises(AmbiguityError, match="evaluation lies beside"):
        find(classes("train", "val", "test", "evaluation"))


@pytest.mark.parametrize(
    ("counts", "unclassed"),
    [
        ({"val": 12}, ["val"]),
        ({"test/test": 5}, ["test/test"]),
        ({"test/unknown": 5}, ["test"]),
        ({"val": 1, "test/cat": 3, "unlabelled": 50}, ["val", "unlabelled"]),
        ({"seg_pred/seg_pred": 5}, ["seg_pred/seg_pred"]),
    ],
)
def test_folders_of_images_without_class_folders_are_no_splits(find, counts, unclassed):
    given = find({**classes("train"), **counts})
    assert [folder.path for folder in given.unclassed] == unclassed
    assert set(given.folders) == {"train"} | ({"test"} if "test/cat" in counts else set())


@pytest.mark.parametrize(
    "counts",
    [
        {"train": 3, "test": 2},
        {"training_set": 3, "test_set": 2},
        {"train": 3, "valid": 2, "test": 1},
        {"train": 3, "test1": 2},
        {"trainA": 1, "trainB": 1, "testA": 1, "testB": 1},
        {"cars_train": 3, "cars_test": 2},
        {"train/train": 3, "test/test": 2},
        {"train": 3, "test": 2, "extra": 1, "more": 1},
        {"cat": 3, "dog": 2, "test": 1},
        {"train": 3, "unlabelled": 5},
    ],
)
def test_flat_folders_that_are_named_like_splits_are_refused(find, counts):
    with pytest.raises(AmbiguityError, match=r"named like .* directly") as refusal:
        find(counts)
    assert any("--class-level 1" in way for way in refusal.value.ways)


@pytest.mark.parametrize(
    "counts",
    [
        {"train": 1, "car": 1, "bus": 1},
        {"valid": 1, "invalid": 1},
        {"cat": 1, "dog": 1},
        {"train station": 1, "bus station": 1},
        {"test": 1},  # one class, which is said elsewhere
    ],
)
def test_classes_are_no_splits(find, counts):
    assert not find(counts).folders


def test_two_folders_of_one_split_are_refused(find):
    with pytest.raises(AmbiguityError, match="val and valid have names of one split, val"):
        find(classes("train", "val", "valid"))


def test_a_split_in_another_language_may_be_renamed(find):
    with pytest.raises(AmbiguityError, match="is test a split or a class") as refusal:
        find(classes("entrenamiento", "test"))
    assert "rename entrenamiento to train, val or test, if it is a split" in refusal.value.ways


def test_splits_beside_class_folders_are_refused(find):
    with pytest.raises(AmbiguityError, match="are train and test splits or classes") as refusal:
        find({**classes("train", "test"), "dogs/big": 1})
    assert refusal.value.deeper == ""


def test_a_train_folder_among_several_flat_ones_may_be_a_class_with_kinds(find):
    with pytest.raises(AmbiguityError, match="is train a split or a class") as refusal:
        find({"train/steam": 1, "train/diesel": 1, "car": 1, "bus": 1})
    assert refusal.value.deeper == "train"


@pytest.mark.parametrize(
    ("counts", "deeper"),
    [
        (classes("train", "test", "chest_xray/train", "chest_xray/test"), "chest_xray"),
        (classes("train", "test", "copy/train"), "copy"),
        ({**classes("new/data/train", "new/data/valid"), "test/test": 3}, "new/data"),
        ({**classes("data/train", "data/test"), "samples": 3, "plots": 1}, "data"),
    ],
)
def test_splits_below_a_folder_beside_other_images_are_refused(find, counts, deeper):
    with pytest.raises(
        AmbiguityError, match=rf" in {deeper} (are named like splits|is named like a split), and"
    ) as refusal:
        find(counts)
    assert refusal.value.deeper == deeper


def test_a_split_below_each_class_is_refused_elsewhere(find):
    assert not find({f"{c}/{split}": 1 for c in ("cat", "dog") for split in SPLITS}).folders


def test_splits_without_training_images_are_refused(find):
    with pytest.raises(AmbiguityError, match="no train folder") as refusal:
        find(classes("val", "test"))
    assert refusal.value.deeper == "val"
