"""Images that are given to a model, as a reader that decodes them."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmark.data.files.image_files import FileReader
from benchmark.data.imageset import Reader
from benchmark.data.memory.array_image import require_contrast, require_range, to_numpy
from benchmark.data.memory.sequence_reader import SequenceReader
from benchmark.storage.user_folders import expand_home

ALLOWED = "allowed: a list of paths, PIL images or arrays, or one array of N images (N, H, W, 3)"


def reader_of(images: Any) -> tuple[Reader, int]:
    """Return a reader of images as `ImageClassifier` takes them, and their number.

    ValueError for anything else, one image alone included: a batch is wanted.
    """
    if isinstance(images, str | Path | bytes | Image.Image):
        raise ValueError(f"one image is given, of type {type(images).__name__}; {ALLOWED}")
    is_list = isinstance(images, Sequence) or hasattr(images, "dtype")  # a column of pandas too
    if not isinstance(images, Sized) or not is_list:
        raise ValueError(f"images of the type {type(images).__name__} are not taken; {ALLOWED}")
    if getattr(getattr(images, "dtype", None), "kind", "O") not in "OUT" or hasattr(images, "cpu"):
        return _reader_of_array(to_numpy(images))
    items = list(images) if isinstance(images, Sequence) else list(np.asarray(images))
    if items and all(isinstance(item, str | Path) for item in items):
        return path_reader([expand_home(item) for item in items]), len(items)
    return SequenceReader(items, has_labels=False), len(items)


def path_reader(paths: Sequence[Path]) -> FileReader:
    """Return a reader of image files, which need not be there."""
    return FileReader("", tuple(str(path.absolute()) for path in paths))


def _reader_of_array(array: np.ndarray) -> tuple[Reader, int]:
    if array.ndim not in (3, 4) or (array.ndim == 3 and 3 in (array.shape[0], array.shape[2])):
        raise ValueError(f"an array of shape {array.shape} is not taken; {ALLOWED}")
    if len(array):
        require_range(array)
        require_contrast(array)
    return SequenceReader(array, has_labels=False), len(array)
