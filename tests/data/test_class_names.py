"""Class names that are the same to a person."""

import numpy as np
import pytest

from benchmark.data.class_names import merge_same_classes, same_names
from benchmark.data.imageset import ImageSet


def images_of(counts: dict[str, int]) -> ImageSet:
    names = [name for name, count in counts.items() for _ in range(count)]
    classes, labels = np.unique(names, return_inverse=True)
    numbers = tuple(map(str, range(len(names))))
    return ImageSet("x", "x", "", numbers, labels, tuple(classes.tolist()), numbers, reader=None)


@pytest.mark.parametrize(
    "names",
    [
        ["Rust", "rust", "RUST"],
        ["caf\u00e9", "cafe\u0301"],
        ["leaf spot", "leaf  spot", "leaf_spot", "leaf-spot", " leaf spot"],
        ["leaf\u00a0spot", "leaf spot"],
        ["a\u200bb", "ab", "\ufeffab", "a\u00adb"],
        ["0", "0.0", "00"],
        ["2", "02", "2.0", "2.", "+2"],
        ["1.5", "1.50"],
        ["stage 2", "Stage_02"],
        ["\uff52ust", "rust"],
        ["Stra\u00dfe", "STRASSE"],
        ["c\u043etton", "cotton"],
        ["-1", "\u22121"],
    ],
)
def test_the_same_to_a_person(names):
    assert same_names([*names, "another"]) == [names]


@pytest.mark.parametrize(
    "names",
    [
        ["A", "A+", "A-"],
        ["C", "C++", "C#"],
        ["1", "-1"],
        ["below 5", "below -5"],
        ["10", "1_0", "1.0", "100"],
        ["cat", "cats"],
        ["12345678901234567890123456789012", "12345678901234567890123456789013"],
        ["1e3", "1000"],
    ],
)
def test_different_to_a_person(names):
    assert same_names(names) == []


def test_pairs_are_named_with_their_numbers_of_images():
    images = images_of({"Rust": 10, "rust": 9, "scab": 3})
    named = merge_same_classes(images, merge=False)
    assert named.classes == images.classes
    (message,) = named.messages
    assert "'Rust' (10) and 'rust' (9)" in message
    assert "--merge-classes" in message
    assert merge_same_classes(images_of({"a": 1, "b": 1}), merge=True).messages == ()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["caf\u00e9", "cafe\u0301"], r"'cafe\u0301' (2) and 'caf\xe9' (2)"),
        (["ab", "a\u200bb"], r"'ab' (2) and 'a\u200bb' (2)"),
        (["a b", "a\u00a0b"], r"'a b' (2) and 'a\xa0b' (2)"),
        (["cotton", "c\u043etton"], r"'cotton' (2) and 'c\u043etton' (2)"),
        (["a b", "a  b"], "'a  b' (2) and 'a b' (2)"),
        (["Caf\u00e9", "caf\u00e9"], "'Caf\u00e9' (2) and 'caf\u00e9' (2)"),
    ],
)
def test_names_that_look_equal_are_shown_by_code_points(names, expected):
    (message,) = merge_same_classes(images_of(dict.fromkeys(names, 2) | {"x": 1}), False).messages
    assert expected in message


def test_merged_classes_have_the_most_frequent_spelling():
    images = images_of({"rust": 3, "Rust": 2, "02": 1, "2": 1, "scab": 4})
    merged = merge_same_classes(images, merge=True)
    assert merged.classes == ("2", "rust", "scab")
    assert merged.counts.tolist() == [2, 5, 4]
    assert merged.labels.dtype == np.int64
    before = np.array(images.classes)[images.labels]
    after = np.array(merged.classes)[merged.labels]
    assert {(a.lower().lstrip("0"), b) for a, b in zip(before, after, strict=True)} == {
        ("rust", "rust"),
        ("2", "2"),
        ("scab", "scab"),
    }
    (message,) = merged.messages
    assert "'Rust' (2) and 'rust' (3) into 'rust'" in message
    assert "'02' (1) and '2' (1) into '2'" in message


def test_two_classes_must_be_left():
    with pytest.raises(
        ValueError, match=r"(?s)at least two classes.*'Rust' \(1\) and 'rust' \(2\)"
    ):
        merge_same_classes(images_of({"rust": 2, "Rust": 1}), merge=True)
