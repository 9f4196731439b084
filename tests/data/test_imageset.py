"""An image set fits together, and a quick look at it keeps every class."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from benchmark.data.imageset import ImageSet, subsample


def test_an_image_set_must_fit_together() -> None:
    def build(**changes: object) -> ImageSet:
        parts: dict = {
            "name": "x",
            "spec": "x",
            "description": "",
            "files": ("a", "b"),
            "labels": np.array([0, 1]),
            "classes": ("p", "q"),
            "stamps": ("", ""),
            "reader": None,
        }
        return ImageSet(**(parts | changes))

    assert len(build()) == 2
    for changes, message in [
        ({"files": ("a", "a")}, "two images are called 'a'"),
        ({"files": ()}, "no images"),
        ({"labels": np.array([0, 1, 1])}, "3 labels for 2 images"),
        ({"labels": np.array([0, 0])}, "at least two classes"),
        ({"split": np.array(["train", "dev"])}, "a split must be one of"),
    ]:
        with pytest.raises(ValueError, match=message):
            build(**changes)


class Painted:
    def image(self, index, at_least=0):
        return Image.new("RGB", (4, 4), (index, 0, 0))

    def content(self, index):
        return bytes([index])


def made(counts):
    labels = np.repeat(np.arange(len(counts)), counts)
    n = len(labels)
    return ImageSet(
        name="made",
        spec="made",
        description="",
        files=tuple(f"{i}" for i in range(n)),
        labels=labels,
        classes=tuple("abc"[: len(counts)]),
        stamps=tuple(f"s{i}" for i in range(n)),
        reader=Painted(),
        groups=np.arange(n) // 2,
        split=np.array(["train"] * n),
    )


def test_a_small_set_is_left_alone():
    images = made([20, 10])
    assert subsample(images, 30) is images


def test_every_class_stays_and_the_order_of_sizes_too():
    subset = subsample(made([150, 60, 12]), 80)
    assert subset.counts.tolist() == [54, 22, 10]
    assert "80" not in subset.messages[0]
    assert f"{len(subset)} of 222 images" in subset.messages[0]


def test_images_keep_their_names_labels_groups_and_pixels():
    images = made([150, 60, 12])
    subset = subsample(images, 80)
    for position, file in enumerate(subset.files):
        index = int(file)
        assert subset.labels[position] == images.labels[index]
        assert subset.groups[position] == images.groups[index]
        assert subset.stamps[position] == f"s{index}"
        assert subset.reader.content(position) == bytes([index])
        assert subset.reader.image(position).getpixel((0, 0)) == (index, 0, 0)


def test_where_each_seed_has_its_own_images_each_keeps_some_of_every_class():
    images = replace(made([150, 60, 12]), seeds=np.arange(222) % 2)
    subset = subsample(images, 40)
    assert images.describe_content([""] * 222)["seeds"][:2] == [0, 1]
    for seed in (0, 1):
        assert np.bincount(subset.labels[subset.seeds == seed]).tolist() == [27, 11, 6]
    assert subsample(images, 111) is images
