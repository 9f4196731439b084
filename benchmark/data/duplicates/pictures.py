"""Small pictures of images, for a page that shows copies side by side."""

from collections.abc import Mapping
from io import BytesIO

from PIL import Image

from benchmark.data.decoding.grey_scale import GreyScale
from benchmark.data.imageset import Reader

LONGEST_SIDE = 140  # pixels


def make_picture(reader: Reader, index: int, scales: Mapping[str, GreyScale]) -> bytes:
    """Return image `index` as a small JPEG; `scales` are those of wide grey."""
    image = reader.image(index, LONGEST_SIDE)
    if scale := scales.get(image.mode):
        image = scale.to_rgb(image)
    factor = LONGEST_SIDE / max(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    # enlarged, the pixels of a tiny image can be seen
    way = Image.Resampling.NEAREST if factor > 1 else Image.Resampling.BILINEAR
    stream = BytesIO()
    image.resize(size, way).convert("RGB").save(stream, "JPEG", quality=85)
    return stream.getvalue()
