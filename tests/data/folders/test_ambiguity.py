"""Class folders that may be something else."""

import pytest

from benchmark.data.files.folder_tree import walk_folder
from benchmark.data.folders.ambiguity import (
    AmbiguityError,
    refuse_ambiguous_classes,
    refuse_loose_images,
)
from tests.data.trees import make_files


@pytest.fixture
def refuse(tmp_path):
    def refuse_in(counts):
        return refuse_ambiguous_classes([walk_folder(make_files(tmp_path, counts))[0]], False)

    return refuse_in


def below(tops, names):
    return {f"{top}/{name}": 1 for top in tops for name in names}


@pytest.mark.parametrize(
    ("counts", "sentence", "way", "deeper"),
    [
        ({"my/my/cat": 1, "my/my/dog": 1}, "below one folder, my/my", "--class-level 3", "my/my"),
        (
            below(["fold0", "fold1", "fold2"], ["cat", "dog"]),
            "fold0, fold1, fold2 are named like parts",
            "--class-level 2",
            "",
        ),
        ({"part_1": 1, "part_2": 1}, "named like parts", "--class-level 1", ""),
        (
            below(["color", "grayscale", "segmented"], ["rust", "scab"]),
            "named like renderings",
            "--class-level 1",
            "color",
        ),
        ({"images": 1, "masks": 1}, "named like renderings", "--class-level 1", ""),
        (
            below(["near", "far"], ["cat", "dog"]),
            r"far, near hold folders of the same names \(cat, dog\): either level",
            "--class-level 2",
            "far",
        ),
        (
            below(["amazon/images", "webcam/images"], ["bike", "mug"]),
            r"amazon, webcam hold folders of the same names \(bike, mug\)",
            "--class-level 3",
            "amazon/images",
        ),
        (
            below(["CUB/images", "segmentations"], ["001.ani", "002.auk"]),
            "CUB, segmentations hold folders of the same names",
            "rename them to train, val and test",
            "CUB/images",
        ),
        (
            below(["fold0/train", "fold0/test", "fold1/train", "fold1/test"], ["cat", "dog"]),
            "fold0, fold1 are named like parts",
            "--class-level 1",
            "fold0",
        ),
        (
            below(["annotations", "images"], ["cat", "dog"]),
            "named like renderings",
            "--class-level 1",
            "images",
        ),
        (
            below(["cat", "dog"], ["2019", "2020"]),
            "either level may be the classes",
            "--class-level 1",
            "cat",
        ),
        (below(["cat", "dog"], ["train", "test"]), "like splits", "train/CLASS/", ""),
        (
            below(["a/train", "a/test", "b/train", "b/test"], ["cat", "dog"]),
            "like splits",
            "train/CLASS/",
            "a",
        ),
        (below(["cat", "dog"], ["images", "masks"]), "like renderings", "--class-level 1", ""),
        (
            {"daisy": 1, "rose": 1, **below(["flowers"], ["daisy", "rose"])},
            "flowers holds folders that are named like those beside it",
            "move flowers away",
            "flowers",
        ),
    ],
)
def test_what_may_be_no_classes_is_refused(refuse, counts, sentence, way, deeper):
    with pytest.raises(AmbiguityError, match=sentence) as refusal:
        refuse(counts)
    assert any(way in item for item in refusal.value.ways)
    assert refusal.value.deeper == deeper


@pytest.mark.parametrize(
    "counts",
    [
        {"cat": 1, "dog": 1},
        {"only": 1},
        {"0": 1, "1": 1, "10": 1},
        {"class_0": 1, "class_1": 1},
        below(["n01", "n02", "n03"], ["images"]),
        {"Aves/owl": 1, "Aves/jay": 1, "Insecta/ant": 1, "Insecta/bee": 1},
        {"cat/kittens": 1, "cat": 1, "dog": 1},
        {"only": 1, "only/more": 1},  # one class at any level, which is said elsewhere
        below(["cat", "dog"], ["batch1", "batch2"]),
        below(["drug", "placebo"], ["plate 1/A01", "plate 2/A02"]),
        below(["benign", "malignant"], ["patient 1", "patient 2"]),
        below(["ok", "nok"], ["2021-03-01", "2021-03-02"]),
        below(["benign/SOB", "malignant/SOB"], ["images"]),
        {"Apple/healthy": 1, "Apple/rust": 1, "Corn/healthy": 1, "Corn/smut": 1, "Corn/x": 1},
        {},
    ],
)
def test_what_are_classes_is_not_refused(refuse, counts):
    refuse(counts)


def test_no_class_level_makes_classes_of_splits(refuse):
    with pytest.raises(AmbiguityError, match="all images lie below one folder, a") as refusal:
        refuse(below(["a/train", "a/test"], ["cat", "dog"]))
    assert (refusal.value.ways, refusal.value.deeper) == ((), "a")


@pytest.mark.parametrize("names", [["cat", "dog", "a/cat", "a/dog"], ["color/cat", "gray/cat"]])
def test_no_class_level_is_offered_for_what_would_be_refused_there(refuse, names):
    with pytest.raises(AmbiguityError, match="all images lie below one folder, a") as refusal:
        refuse(below(["a"], names))
    assert (refusal.value.ways, refusal.value.deeper) == ((), "a")


def test_no_class_level_that_gives_one_class_is_offered(refuse):
    with pytest.raises(AmbiguityError, match="named like parts") as refusal:
        refuse(below(["fold0", "fold1"], ["images"]))
    assert refusal.value.ways == ("--class-level 1 if the folders really are the classes",)


def test_one_folder_in_each_split_is_named_in_each(tmp_path):
    tree = walk_folder(make_files(tmp_path, below(["test/images", "train/images"], "ab")))[0]
    with pytest.raises(
        AmbiguityError, match=r"images of each split lie below one folder: test/i.*, train/images"
    ) as refusal:
        refuse_ambiguous_classes(tree.folders, True)
    assert refusal.value.ways == ("--class-level 2 makes the folders below images the classes",)


def test_a_split_folder_with_loose_images_is_refused(tmp_path):
    root = make_files(tmp_path, {"train/cat": 1, "train/dog": 1, "test/cat": 1, "test": 2})
    train, test = reversed(walk_folder(root)[0].folders)
    refuse_loose_images([train])
    with pytest.raises(
        AmbiguityError, match="test holds class folders and also 2 images without a class: test/000"
    ):
        refuse_loose_images([train, test])


def test_classes_are_compared_across_splits(tmp_path):
    tree = walk_folder(make_files(tmp_path, below(["train", "test"], ["fold1", "fold2"])))[0]
    with pytest.raises(AmbiguityError, match="fold1, fold2 are named like parts"):
        refuse_ambiguous_classes(tree.folders, True)
