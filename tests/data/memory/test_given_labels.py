"""Labels, names of classes, groups and splits that are given in Python."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import ConcatDataset, Dataset, Subset

from benchmark.data.memory.given_labels import (
    class_names,
    groups_and_splits,
    label_values,
    name_classes,
)


@pytest.mark.parametrize(
    "labels",
    [
        [0, None, 1],
        [0.0, float("nan"), 1.0],
        pd.Series([0, pd.NA, 1], dtype="Int64"),
        pd.Series(["a", pd.NA, "b"], dtype="string"),
        pd.Series(pd.Categorical.from_codes([0, -1, 1], ["a", "b"])),
        pd.to_datetime(pd.Series([None, None, None])),
        np.array(["a", None, "b"], dtype=object),
        ["a", " ", "b"],
    ],
    ids=["None", "NaN", "Int64", "string", "categorical", "NaT", "objects", "blank"],
)
def test_a_missing_label_is_named_whatever_marks_it(labels: object) -> None:
    values = label_values(labels)
    assert values[1] is None
    with pytest.raises(ValueError, match=r"every image needs a label.* has none"):
        name_classes(values, None)


@pytest.mark.parametrize(
    "values",
    [{0: "a", 1: "b"}, {"a", "b"}, "ab", b"ab", 3, None, np.array(1), Path("x")],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_order_or_no_items_is_no_column(values: object) -> None:
    for read in (label_values, lambda values: groups_and_splits(values, None, "abc")):
        if values is None and read is not label_values:
            continue
        with pytest.raises(ValueError, match=r"s of the (type|shape) .* one for each image"):
            read(values)


@pytest.mark.parametrize(
    "values",
    [
        ["a", None, 3, " a"],
        pd.Series(["a", pd.NA, 3, "a"]),
        pd.DataFrame({"group": ["a", float("nan"), 3, "a"]}, index=[7, 7, 9, 1]),
        (value for value in ["a", float("nan"), 3, "a"]),
    ],
    ids=["list", "series", "table of a column", "generator"],
)
def test_an_image_without_a_group_is_one_of_its_own_and_is_told(values: object) -> None:
    groups, _, messages = groups_and_splits(values, None, ["x", "y", "z", "w"])
    assert groups is not None
    assert groups.tolist() == [1, 2, 0, 1]
    assert messages[0] == "1 image has no group (e.g. 'y'): each is a group of its own."


def test_groups_of_several_columns_are_refused() -> None:
    with pytest.raises(ValueError, match=r"groups of the shape \(3, 2\).* one for each image"):
        groups_and_splits(torch.zeros(3, 2), None, "abc")


def test_each_image_has_a_group_and_a_split_or_none_is_given() -> None:
    assert groups_and_splits(None, None, "abc") == (None, None, [])
    assert groups_and_splits([None] * 3, ["", None, " "], "abc") == (None, None, [])
    with pytest.raises(ValueError, match="3 images and 2 values of split"):
        groups_and_splits(None, ["train", "test"], "abc")
    _, split, messages = groups_and_splits(["unknown"] * 3, ["training", "Test", ""], "abc")
    assert split is not None
    assert split.tolist() == ["train", "test", ""]
    assert any("one group, 'unknown', holds 3 of 3 images" in message for message in messages)


@pytest.mark.parametrize(
    "classes",
    [
        ["cat", "dog"],
        ("cat", "dog"),
        {1: "dog", 0: "cat"},
        {"dog": 1, "cat": 0},
        np.array(["cat", "dog"]),
    ],
    ids=["list", "tuple", "names by label", "labels by name", "array"],
)
def test_names_of_classes_go_by_their_label(classes: object) -> None:
    assert name_classes([1, 0, 1], classes) == (("cat", "dog"), [1, 0, 1], [])


class Named(Dataset):
    def __init__(self, *classes: str) -> None:
        self.classes = classes


def test_joined_data_sets_have_the_names_that_all_of_them_have() -> None:
    def join(*parts: Dataset) -> ConcatDataset:
        made = object.__new__(ConcatDataset)
        made.datasets = parts
        return made

    part = Subset(Named("cat", "dog"), [0])
    assert class_names(join(Named("cat", "dog"), part)) == ["cat", "dog"]
    assert class_names(join(Dataset(), Dataset())) is None
    for other in (Named("dog", "cat"), Dataset()):
        with pytest.raises(ValueError, match=r"name their classes \['cat', 'dog'\] and "):
            class_names(join(part, other))


@pytest.mark.parametrize("classes", ["cd", {"cat", "dog"}, 2, {1: "cat", 2: "dog"}, {"a": "b"}])
def test_names_without_an_order_are_refused(classes: object) -> None:
    with pytest.raises(ValueError, match=r"classes of the type .* a list of names is"):
        name_classes([0, 1], classes)
