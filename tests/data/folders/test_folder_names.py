"""Names of folders that are parts or renderings of a data set."""

import pytest

from benchmark.data.folders.folder_names import are_parts, are_renderings, parts_among, same_below


@pytest.mark.parametrize(
    "names",
    [
        [f"fold{number}" for number in range(10)],
        ["fold_1", "fold_2"],
        ["cv1", "cv3"],
        ["Split-1", "split 2"],
        ["part_a", "part_b"],
        ["PartA", "PartB"],
        ["batch1", "batch2"],
        ["data_batch_1", "data_batch_2"],
        ["HAM10000_images_part_1", "HAM10000_images_part_2"],
        ["images_001", "images_012"],
        ["1_fold", "2_fold"],
        ["plate 1", "plate 2"],
        ["session_a", "session_b"],
    ],
)
def test_parts(names):
    assert are_parts(names)
    assert parts_among([*names, "extra"]) == names


@pytest.mark.parametrize(
    "names",
    [
        ["0", "1", "2"],
        ["class_0", "class_1"],
        ["grade1", "grade2"],
        ["stage 1", "stage 2"],
        ["A", "B"],
        ["part", "photo"],
        ["fold1"],
        ["spare_part", "whole_part"],
        [],
    ],
)
def test_classes_are_no_parts(names):
    assert not are_parts(names)
    assert not parts_among(names)


def test_a_few_parts_among_classes_are_classes():
    assert not parts_among(["part_1", "part_2", "cat", "dog", "fox"])


@pytest.mark.parametrize(
    "names",
    [
        ["images", "masks"],
        ["color", "grayscale", "segmented"],
        ["RGB", "Depth"],
        ["original", "augmented"],
        ["images", "labels", "annotations"],
        ["leaf_images", "leaf_masks"],
    ],
)
def test_renderings(names):
    assert are_renderings(names)


@pytest.mark.parametrize(
    "names",
    [["cat", "dog"], ["gray", "red"], ["red_mask", "no_mask"], ["masks"], ["left", "right"]],
)
def test_classes_are_no_renderings(names):
    assert not are_renderings(names)


def test_folders_of_nearly_the_same_names_below():
    species = [f"species {number}" for number in range(38)]
    assert same_below([species, species, species[1:]]) == sorted(species)
    assert same_below([["cat", "dog"], ["cat", "dog"], []]) == ["cat", "dog"]
    assert same_below([["cat", "dog"], ["cat", "dog"], [], []]) == []
    assert same_below([["owl", "jay"], ["ant", "bee"]]) == []
    assert same_below([["images"], ["images"]]) == []
    assert same_below([["healthy", "rust"], ["healthy", "smut", "blight"]]) == []
    assert same_below([species]) == []
