"""Names of splits, as owners of data write them."""

import doctest

import pytest

from benchmark.data import split_names
from benchmark.data.split_names import split_of


def test_examples_in_docstrings():
    results = doctest.testmod(split_names)
    assert results.attempted
    assert not results.failed


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
