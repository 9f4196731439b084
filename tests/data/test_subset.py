"""A quick look keeps every class."""

import numpy as np
from PIL import Image

from benchmark.data.imageset import ImageSet
from benchmark.data.subset import thin_out


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
        read=Painted(),
        groups=np.arange(n) // 2,
        split=np.array(["train"] * n),
    )


def test_a_small_set_is_left_alone():
    images = made([20, 10])
    assert thin_out(images, 30) is images


def test_every_class_stays_and_the_order_of_sizes_too():
    thin = thin_out(made([150, 60, 12]), 80)
    assert thin.counts.tolist() == [54, 22, 10]
    assert "80" not in thin.messages[0]
    assert f"{len(thin)} of 222 images" in thin.messages[0]


def test_images_keep_their_names_labels_groups_and_pixels():
    images = made([150, 60, 12])
    thin = thin_out(images, 80)
    for position, file in enumerate(thin.files):
        index = int(file)
        assert thin.labels[position] == images.labels[index]
        assert thin.groups[position] == images.groups[index]
        assert thin.stamps[position] == f"s{index}"
        assert thin.read.content(position) == bytes([index])
        assert thin.read.image(position).getpixel((0, 0)) == (index, 0, 0)
