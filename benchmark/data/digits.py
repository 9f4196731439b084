"""scikit-learn's handwritten digits: 1,797 grey images of 8 x 8 pixels, 10 classes."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from benchmark.data.imageset import ImageSet


@dataclass(frozen=True)
class ArrayReader:
    """Reads grey images from an array, (N, H, W) uint8."""

    grey: np.ndarray

    def content(self, index: int) -> bytes:
        """Return the pixels of image `index`."""
        return self.grey[index].tobytes()

    def image(self, index: int, at_least: int = 0) -> Image.Image:  # noqa: ARG002
        """Return image `index` as RGB, always at full size."""
        return Image.fromarray(self.grey[index]).convert("RGB")


def digits() -> ImageSet:
    """Return the digits with their 17 levels of grey scaled to 0..255."""
    from sklearn.datasets import load_digits  # 1 s, which `list` does not need

    data = load_digits()
    labels = data.target.astype(np.int64)
    return ImageSet(
        name="digits",
        spec="digits",
        description="scikit-learn's 1,797 handwritten digits of 8 x 8 pixels, nearly balanced.",
        files=tuple(f"{label}/{index:04d}" for index, label in enumerate(labels)),
        labels=labels,
        classes=tuple(str(digit) for digit in range(10)),
        stamps=tuple(f"digits|{index}" for index in range(len(labels))),
        reader=ArrayReader(np.rint(data.images * (255 / 16)).astype(np.uint8)),
    )
