from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from benchmark.data.decoding.grey_scale import GreyScale
from benchmark.data.duplicates.pictures import LONGEST_SIDE, make_picture
from benchmark.data.imageset import NoReader


class OneImage(NoReader):
    """Gives the same image for every index."""

    def __init__(self, image: Image.Image) -> None:
        self.picture = image

    def image(self, index: int, at_least: int = 0) -> Image.Image:
        return self.picture


@pytest.mark.parametrize("size", [(500, 300), (3, 900), (8, 8)])
def test_a_picture_has_one_size_whatever_the_image_has(size: tuple[int, int]) -> None:
    jpeg = make_picture(OneImage(Image.new("RGB", size, "red")), 0, {})
    picture = Image.open(BytesIO(jpeg))
    assert picture.format == "JPEG"
    assert max(picture.size) == LONGEST_SIDE


def test_wide_grey_is_shown_on_its_scale() -> None:
    wide = Image.fromarray(np.full((9, 9), 2000, np.int32))
    jpeg = make_picture(OneImage(wide), 0, {"I": GreyScale(0, 4000)})
    assert np.asarray(Image.open(BytesIO(jpeg))).mean() == pytest.approx(128, abs=2)
