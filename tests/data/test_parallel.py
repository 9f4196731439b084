import hashlib

from PIL import Image

from benchmark.data.parallel import BLOCK, ImageInfo, map_blocks, read_image_info


class Read:
    """Image 0 is grey and of 3 x 2 pixels; the others are damaged."""

    def image(self, index, at_least=0):
        if index:
            raise OSError("damaged")
        return Image.new("L", (3, 2))

    def content(self, index):
        return b"bytes"


def test_facts_of_readable_images_and_reasons_for_the_others():
    infos, errors = read_image_info(Read(), range(2))
    assert infos == {0: ImageInfo(3, 2, "L", hashlib.sha256(b"bytes").hexdigest())}
    assert errors == {1: "OSError: damaged"}


def indices(reader, block):
    return reader, list(block)


def test_every_index_is_in_one_block():
    results = list(map_blocks(indices, "reader", BLOCK + 3))
    assert {reader for reader, _ in results} == {"reader"}
    assert sorted(len(block) for _, block in results) == [3, BLOCK]
    assert sorted(i for _, block in results for i in block) == list(range(BLOCK + 3))
