"""Names of splits, as owners of data write them."""

import pytest

from benchmark.data.split_names import split_of, splits_of


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("train", "train Train TRAIN training training_set training-set seg_train train_images"),
        ("train", "images_train trainset Trainset train2017 TrainImages trn"),
        ("val", "val valid validation validation_set dev val2017 seg_val ValSet"),
        ("test", "test testing test_set testset seg_test test_images holdout"),
        ("evaluation", "evaluation evaluation_set eval"),
    ],
)
def test_spellings_of_a_split(split, names):
    assert {name: split_of(name) for name in names.split()} == dict.fromkeys(names.split(), split)


@pytest.mark.parametrize("name", ["cat", "trained", "rest", "contest", "train station", "", "set"])
def test_names_of_classes(name):
    assert split_of(name) is None


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("train", "trainA x_train stage1_train train_resized train_jpg"),
        ("test", "test1 testB test_images_small"),
    ],
)
def test_words_beside_that_of_a_split(split, names):
    assert {name: split_of(name) for name in names.split()} == dict.fromkeys(names.split(), split)


def test_full_width_letters_are_those_of_a_split():
    assert split_of("\uff54\uff52\uff41\uff49\uff4e") == "train"


def test_names_that_share_their_other_words_are_those_of_splits_side_by_side():
    assert splits_of(["asl_alphabet_train", "asl_alphabet_test"]) == {
        "asl_alphabet_train": "train",
        "asl_alphabet_test": "test",
    }
    assert splits_of(["asl_alphabet_train", "asl_other_test"]) == {}
    assert splits_of(["bullet train", "steam train"]) == {}
    assert splits_of(["train", "flowers_test"]) == {"train": "train"}
