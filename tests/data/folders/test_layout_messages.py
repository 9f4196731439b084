"""What was merged, left out or decided while a folder was read."""

import pytest

from benchmark.data.files.folder_tree import walk_folder
from benchmark.data.folders.layout import find_layout
from benchmark.data.folders.layout_messages import layout_messages
from tests.data.trees import make_files


@pytest.fixture
def messages(tmp_path):
    def messages_of(counts, class_level=None):
        tree, _ = walk_folder(make_files(tmp_path, counts))
        return layout_messages(tree, find_layout(tree, class_level), class_level or 1)

    return messages_of


@pytest.mark.parametrize(
    "counts",
    [
        {"cat": 2, "dog": 1},
        {"train/cat": 2, "train/dog": 1, "test/cat": 1, "test/dog": 1},
        {"n01/images": 2, "n02/images": 2},
    ],
)
def test_nothing_is_said_where_nothing_is_left_out(messages, counts):
    assert messages(counts) == []


SPLIT = {"train/cat": 2, "train/dog": 1}


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({**SPLIT, "val": 12}, "val is not used: it holds 12 images and no class folders."),
        ({**SPLIT, "unlabelled": 50, "val/cat": 1}, "unlabelled is not used: it holds 50 images "),
        ({**SPLIT, "test/unknown": 1}, "test is not used: it holds 1 image and no class folders "),
        ({**SPLIT, "val": 0}, "val is a split without an image."),
        ({**SPLIT, "evaluation/cat": 1}, "evaluation is taken as the test split."),
        (
            {**SPLIT, "test/fox": 6, "val/fox": 1, "test/cat": 1, "val/cat": 1},
            "Classes without a folder of training images: fox (6 in test, 1 in val).",
        ),
        (
            {"train": 1, "car": 1, "bus": 1},
            "train is taken as a class, not as a split.",
        ),
        (
            {"cat": 1, "dog": 1, "elk": 0, "fox": 0},
            "2 folders hold no image and are left out: elk (empty), fox (empty).",
        ),
        (
            {"cat": 1, "dog": 1, "dog (1)": 1, "cat - Copy": 1, "Copy of cat": 1, "fox (2)": 1},
            "3 classes are named like a copy of another, and read as a class: Copy of cat "
            "(of cat), cat - Copy (of cat), dog (1) (of dog).",
        ),
        (
            {"cat": 1, "dog": 1, "dog copy 2": 1},
            "1 class is named like a copy of another, and read as a class: dog copy 2 (of dog).",
        ),
        (
            {"cat": 1, "dog": 1, ".": 2},
            "2 images lie in no class folder: left out: 000.jpg, 001.jpg.",
        ),
        (
            {"cat": 1, "cat/kittens": 2, "cat/old/very": 3, "dog": 1},
            "Images in folders below a class folder belong to its class: cat with 5 images from "
            "kittens, old.",
        ),
        (
            {"Aves/owl": 1, "Aves/jay": 1, "Insecta/ant": 1},
            "All images lie deeper, in 3 folders that are merged into 2 classes (Aves/jay, "
            "Aves/owl, Insecta/ant): --class-level 2 makes each of these folders a class.",
        ),
    ],
)
def test_sentences(messages, counts, message):
    (sentence,) = messages(counts)
    assert sentence.startswith(message)


def test_a_level_below_the_chosen_one(messages):
    counts = {"a/Aves/owl": 1, "a/Aves/jay": 1, "b/Insecta/ant": 1}
    assert "in 3 folders" in messages(counts, 2)[0]
    assert "--class-level 3" in messages(counts, 2)[0]
    assert messages(counts, 3) == []


def test_kinds_below_a_folder_that_every_class_has(messages):
    counts = {"benign/SOB/adenosis": 1, "benign/SOB/fibroma": 1, "malignant/SOB/ductal": 1}
    (sentence,) = messages(counts)
    assert "3 folders that are merged into 2 classes (benign/SOB/adenosis, " in sentence
    assert "--class-level 3 makes" in sentence


def test_parts_below_classes_are_no_kinds(messages):
    counts = {f"{name}/batch{part}": 1 for name in ("cat", "dog") for part in (1, 2)}
    assert messages(counts) == [
        "Images in folders below a class folder belong to its class: cat with 2 images from "
        "batch1, batch2, dog with 2 images from batch1, batch2."
    ]


def test_a_class_in_two_splits_is_not_merged(messages):
    counts = {f"{split}/{name}/images": 1 for split in ("train", "test") for name in "ab"}
    assert messages(counts) == []


def test_classes_without_a_known_image_are_named_with_what_lies_in_them(messages, tmp_path):
    make_files(tmp_path, {"elk": 8}, ".heic")
    make_files(tmp_path, {"fox": 8, "fox/more": 1}, "")
    make_files(tmp_path, {"gnu": 1}, ".txt")
    empty, unknown = messages({"cat": 1, "dog": 1})
    assert empty == (
        "3 folders hold no image and are left out: elk (8 .heic), fox (9 files without a suffix), "
        "gnu (1 text or table)."
    )
    assert unknown == (
        "17 files are not taken as images: 9 files without a suffix in fox, fox/more; 8 .heic in "
        "elk. If they are images, convert them to PNG or JPEG."
    )


def test_a_folder_that_cannot_be_opened_is_not_called_empty(tmp_path):
    tree, _ = walk_folder(make_files(tmp_path, {"cat": 1, "dog": 1, "secret": 0}))
    tree.folders[-1].is_closed = True
    assert layout_messages(tree, find_layout(tree), 1) == []


def test_many_kinds_of_files_are_counted(messages, tmp_path):
    for k in range(7):
        make_files(tmp_path, {"elk": 1}, f".kind{k}")
    (*_, unknown) = messages({"cat": 1, "dog": 1})
    assert unknown.endswith("; 2 more kinds. If they are images, convert them to PNG or JPEG.")


def test_masks_and_copies_beside_images_are_named(messages, tmp_path):
    counts = {"cat": 2, "dog": 2}
    make_files(tmp_path, counts, "_mask.png")
    assert messages(counts) == [
        "4 images are named like masks or copies of others, but read as images of their class: "
        "cat/000_mask.png, cat/001_mask.png, dog/000_mask.png and 1 more."
    ]
