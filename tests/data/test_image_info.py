import hashlib

from PIL import Image

from benchmark.data.image_info import ImageInfo, read_image_info


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
