"""Small pictures from stored pixels."""

import base64
from io import BytesIO

import pytest
from PIL import Image

from benchmark.data.pixels.picture import LONGEST_SIDE, encoded_picture
from tests.analysis.label_audits import make_pixels


@pytest.mark.parametrize(
    ("sides", "size"),
    [((400, 200), (140, 70)), ((30, 60), (70, 140)), ((5000, 1), (140, 1)), ((8, 8), (140, 140))],
)
def test_a_picture_has_the_aspect_of_its_image(sides, size):
    encoded = encoded_picture(make_pixels(2, sides), 1)
    with Image.open(BytesIO(base64.b64decode(encoded))) as picture:
        assert picture.format == "JPEG"
        assert picture.size == size
        assert max(picture.size) == LONGEST_SIDE
