"""Work in strips gives what work on the whole image gives."""

import numpy as np
import pytest
from PIL import Image

from benchmark.data.decoding import strips
from benchmark.data.decoding.decode import decode
from benchmark.data.decoding.grey_scale import choose_scale
from benchmark.data.pixels.image_info import read_image
from tests.data.stored import encoded


class Read:
    """Reads one file."""

    def __init__(self, content):
        self._content = content

    def image(self, index, at_least=0):
        return decode(self._content, at_least)

    def content(self, index):
        return self._content


@pytest.mark.parametrize("mode", ["RGBA", "I;16", "F"])
def test_strips_change_nothing(mode, monkeypatch):
    values = np.random.default_rng(0).integers(0, 60_000, (50, 40, 4))
    image = {
        "RGBA": lambda: Image.fromarray((values % 256).astype(np.uint8)),
        "I;16": lambda: Image.fromarray(values[:, :, 0].astype(np.uint16)),
        "F": lambda: Image.fromarray(
            np.where(values[:, :, 1] < 99, np.nan, values[:, :, 0] / 7).astype(np.float32)
        ),
    }[mode]()
    results = []
    for pixels in (10**6, 130):
        monkeypatch.setattr(strips, "PIXELS", pixels)
        decoded, info = read_image(Read(encoded(image, "PNG" if mode == "RGBA" else "TIFF")), 0)
        if decoded.mode != "RGB":
            decoded = choose_scale(decoded.mode, info.low, info.high).to_rgb(decoded)
        results.append((decoded.tobytes(), info))
    assert results[0] == results[1]
