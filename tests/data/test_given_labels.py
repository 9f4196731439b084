"""Labels, names of classes, groups and splits that are given in Python."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import ConcatDataset, Dataset, Subset

from benchmark.data.given_labels import class_names, label_values, name_classes, texts


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
    ],
    ids=["None", "NaN", "Int64", "string", "categorical", "NaT", "objects"],
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
    for read in (label_values, lambda values: texts(values, "labels")):
        with pytest.raises(ValueError, match=r"labels of the (type|shape) .* one for each image"):
            read(values)


@pytest.mark.parametrize(
    "values",
    [
        ["a", None, 3],
        pd.Series(["a", pd.NA, 3]),
        pd.DataFrame({"group": ["a", float("nan"), 3]}, index=[7, 7, 9]),
        (value for value in ["a", float("nan"), 3]),
    ],
    ids=["list", "series", "table of a column", "generator"],
)
def test_missing_groups_are_empty_texts(values: object) -> None:
    assert texts(values, "groups") == ["a", "", "3"]


def test_groups_of_several_columns_are_refused() -> None:
    with pytest.raises(ValueError, match=r"groups of the shape \(3, 2\).* one for each image"):
        texts(torch.zeros(3, 2), "groups")


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
    assert name_classes([1, 0, 1], classes) == (("cat", "dog"), [1, 0, 1], ())


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
