"""scikit-learn's handwritten digits: 1,797 grey images of 8 x 8 pixels, 10 classes."""

import numpy as np

from benchmark.data.imageset import ImageSet
from benchmark.data.memory.sequence_reader import SequenceReader


def digits() -> ImageSet:
    """Return the digits with their 17 levels of grey scaled to 0..255."""
    from sklearn.datasets import load_digits  # 1 s, which `list` does not need

    data = load_digits()
    labels = data.target.astype(np.int64)
    pixels = np.rint(data.images * (255 / 16)).astype(np.uint8)  # (N, 8, 8)
    return ImageSet(
        name="digits",
        spec="digits",
        description="scikit-learn's 1,797 handwritten digits of 8 x 8 pixels, nearly balanced.",
        files=tuple(f"{label}/{index:04d}" for index, label in enumerate(labels)),
        labels=labels,
        classes=tuple(str(digit) for digit in range(10)),
        stamps=tuple(f"digits|{index}" for index in range(len(labels))),
        reader=SequenceReader(pixels, has_labels=False),
    )
