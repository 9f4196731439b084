"""Images as they are given in Python, in place of the text that names them."""

from typing import Any

from benchmark.data.imageset import ImageSet
from benchmark.data.memory.in_memory import image_set


def read_images(value: Any) -> ImageSet:
    """Return an image set, a pair, a data set of torch, a list of pairs or a table as an image set.

    Raises
    ------
    TypeError
        If the value is nothing that holds images.
    ValueError, FileNotFoundError
        If it does, and they make no image set, saying what would.
    """
    if isinstance(value, ImageSet):
        return value
    try:
        return _read_images(value)
    except ValueError as error:
        raise ValueError(f"data is not allowed: {error}") from error


def _read_images(value: Any) -> ImageSet:
    if isinstance(value, tuple) and len(value) == 2:
        images, labels = value
        if isinstance(images, tuple) and isinstance(labels, tuple):
            raise ValueError(
                "two pairs. Join them, and say which image is for what: "
                "benchmark.image_set(images, labels, split=…)"
            )
        return image_set(images, labels)
    if hasattr(value, "columns") and hasattr(value, "iterrows"):
        return _read_frame(value)
    if hasattr(value, "dataset") and hasattr(value, "batch_size"):
        raise ValueError("a DataLoader. Give its data set: data=loader.dataset")
    if hasattr(value, "ndim") and hasattr(value, "shape"):
        raise ValueError("an array without labels. Give a pair: data=(images, labels)")
    has_items, has_length = hasattr(value, "__getitem__"), hasattr(value, "__len__")
    if has_items and hasattr(value, "__add__") and not has_length:  # as torch's Dataset
        if hasattr(value, "__iter__"):
            raise ValueError("an iterable data set. Give a list of its pairs: data=list(dataset)")
        raise ValueError("a data set without a length. Give its class a method __len__")
    is_other = isinstance(value, dict | tuple | bytes | bytearray | range)
    if is_other or not (has_items and has_length):
        raise TypeError(f"{type(value).__name__} holds no images")
    if isinstance(value, list) and not all(
        isinstance(item, tuple | list) and len(item) == 2 for item in value
    ):
        raise TypeError("items are no pairs")
    return image_set(value, name=type(value).__name__.lower())


def _read_frame(frame: Any) -> ImageSet:
    columns = set(frame.columns)
    if not {"path", "label"} <= columns <= {"path", "label", "group", "split"}:
        raise ValueError(
            f"a table with the columns {', '.join(map(str, frame.columns))}. Its columns must be "
            "path and label, and may be group and split"
        )
    extra = {
        key: frame[name]
        for key, name in {"groups": "group", "split": "split"}.items()
        if name in columns
    }
    return image_set(frame["path"], frame["label"], name="table", **extra)
