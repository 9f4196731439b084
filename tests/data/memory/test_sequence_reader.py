"""The reader of what has an image, or an image and its label, at each index."""

import numpy as np
import pytest

from benchmark.data.memory.sequence_reader import SequenceReader


class Counted(list):
    """A list that counts how often an item is taken."""

    taken = 0

    def __getitem__(self, index):
        self.taken += 1
        return super().__getitem__(index)


def grey(level, shape=(2, 3)):
    return np.full(shape, level, np.uint8)


def test_an_item_is_taken_once_for_its_image_its_label_and_its_content():
    items = Counted([(grey(7), "cat"), (grey(8), "dog")])
    reader = SequenceReader(items, has_labels=True)
    image, label = reader.read(1)
    assert (image.getpixel((0, 0)), label) == ((8, 8, 8), "dog")
    assert reader.image(1) is image
    reader.content(1)
    assert items.taken == 1


def test_the_content_tells_images_of_the_same_bytes_and_other_sizes_apart():
    reader = SequenceReader([grey(7), grey(7, (3, 2)), grey(7)], has_labels=False)
    first, other, same = map(reader.content, range(3))
    assert first == same != other


def test_an_item_that_is_no_pair_is_refused():
    with pytest.raises(ValueError, match="ndarray is no pair of an image and its class"):
        SequenceReader([grey(7)], has_labels=True).image(0)
