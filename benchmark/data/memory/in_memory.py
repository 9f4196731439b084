"""Images that Python holds: arrays, PIL images, lists of paths, and data sets of torch."""

from collections.abc import Iterable, Mapping, Sequence, Set, Sized
from hashlib import sha256
from itertools import chain
from os.path import commonpath, relpath
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.data.decoding.unreadable import format_error
from benchmark.data.files.image_files import FileReader, stamp
from benchmark.data.imageset import CONTENT, ImageSet, Reader, require_number
from benchmark.data.memory.array_image import require_contrast, require_range, to_numpy
from benchmark.data.memory.given_labels import (
    class_names,
    groups_and_splits,
    label_value,
    label_values,
    name_classes,
)
from benchmark.data.memory.sequence_reader import SequenceReader
from benchmark.data.parallel import map_blocks
from benchmark.storage.user_folders import expand_home
from benchmark.system.text import first_names, pluralize, printable


def image_set(
    images: Any,
    labels: Any = None,
    classes: Sequence[str] | Mapping[Any, Any] | None = None,
    *,
    groups: Iterable[Any] | None = None,
    split: Iterable[Any] | None = None,
    name: str = "arrays",
) -> ImageSet:
    """Return images in memory, a list of files, or a torch data set, as `run` takes them.

    Parameters
    ----------
    images
        N images: an array or tensor (N, H, W), (N, H, W, C) or (N, C, H, W), C of 1, 3 or 4, of
        uint8 or of floats from 0 to 1; or a sequence of such images, of PIL images, or of paths.
        Without `labels` a map-style data set: its items are pairs of an image and its class. Every
        image is read twice, so it must come without random transforms; and without Normalize.
    labels
        Class of each image, (N,), as whole numbers or text.
    classes
        Names: that of label i at position i or key i. None: a data set's own `classes`, or labels.
    groups
        Group of each image, (N,), None for an image of its own: a group is never in two splits.
    split
        train, val, test or an empty text for each image, (N,). None: the images are split here.
    name
        A short name, for the report and its folder.

    Raises
    ------
    ValueError, FileNotFoundError
        If shapes, types or ranges don't fit, saying what does; if a path names no file.

    Examples
    --------
    >>> pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    >>> image_set(pixels, [0, 1] * 20, classes=["cat", "dog"], name="noise").classes
    ('cat', 'dog')
    """
    if not (isinstance(name, str) and name.strip() and printable(name) == name):
        raise ValueError(f"name {name!r} is not allowed; allowed: a short text")
    reader, values, stamps, files = _open(images, labels)
    classes = class_names(images) if classes is None and labels is None else classes
    names, codes, messages = name_classes(values, classes)
    files = files or tuple(f"{names[code]}/{i:06d}" for i, code in enumerate(codes))
    ids, splits, more_messages = groups_and_splits(groups, split, files)
    return ImageSet(
        name=name,
        spec=name,
        description=f"{pluralize(len(codes), 'image', 'images')} given in Python.",
        files=files,
        labels=np.array(codes, dtype=np.int64),
        classes=names,
        stamps=tuple(stamps),
        reader=reader,
        groups=ids,
        split=splits,
        messages=tuple(f"{name}: {message}" for message in messages + more_messages),
    )


def _open(
    images: Any, labels: Any
) -> tuple[Reader, list[Any], Sequence[str], tuple[str, ...] | None]:
    """Return a reader, labels, stamps, and the names of files if the images are files."""
    if labels is None and len(getattr(images, "tensors", ())) == 2:  # a TensorDataset
        images, labels = images.tensors
    if labels is None:
        require_number(_length(images))
        pairs = SequenceReader(images, has_labels=True, in_memory=isinstance(images, list))
        return pairs, *_read_all(pairs, len(images)), None
    values = label_values(labels)
    if not isinstance(images, Sized) or isinstance(images, str | bytes | Mapping | Set):
        raise ValueError(
            f"images of the type {type(images).__name__} are not taken: an array, a tensor or a "
            "list of images or paths is"
        )
    images = to_numpy(images) if hasattr(images, "columns") else images  # a table of pixels
    if len(images) != len(values):
        raise ValueError(f"{len(images)} images and {len(values)} labels; every image has one")
    if hasattr(images, "dtype") and getattr(images.dtype, "kind", "") not in tuple("OUT"):
        images = to_numpy(images)
        if images.ndim not in (3, 4):
            raise ValueError(
                f"images of the shape {images.shape} are not taken: (N, H, W), (N, H, W, C) and "
                "(N, C, H, W) are; .reshape gives flat rows the shape of images"
            )
        require_range(images)
        require_contrast(images)
    else:
        images = list(images)
        if images and all(isinstance(image, str | Path) for image in images):
            reader, stamps, files = _open_files(images)
            return reader, values, stamps, files
    single = SequenceReader(images, has_labels=False)
    return single, values, _read_all(single, len(values))[1], None


def _length(items: Any) -> int:
    try:
        return len(items)
    except OverflowError:  # of more than an index can count
        return int(items.__len__())


def _open_files(paths: Sequence[str | Path]) -> tuple[Reader, Sequence[str], tuple[str, ...]]:
    absolute = [expand_home(path).absolute() for path in paths]
    if missing := [str(path) for path in absolute if not path.is_file()]:
        counted = pluralize(len(missing), "path names", "paths name")
        raise FileNotFoundError(f"{counted} no file: {first_names(missing, 3)}")
    root = commonpath([path.parent for path in absolute])
    files = tuple(Path(relpath(path, root)).as_posix() for path in absolute)
    stamps = [stamp(file, path.stat()) for file, path in zip(files, absolute, strict=True)]
    return FileReader(root, files), stamps, files


def _read_all(reader: Reader, n: int) -> tuple[list[Any], list[str]]:
    """Read all items once: their labels, and stamps that are the hashes of their contents."""
    blocks = sorted(map_blocks(_read_block, reader, n), key=lambda block: block[0])
    labels = chain.from_iterable(labels for _, labels, _ in blocks)
    return list(labels), list(chain.from_iterable(hashes for _, _, hashes in blocks))


def _read_block(reader: Any, block: Sequence[int]) -> tuple[int, list[Any], list[str]]:
    labels, hashes = [], []
    for index in block:
        try:
            labels.append(label_value(reader.read(index)[1]))
            hashes.append(CONTENT + sha256(reader.content(index)).hexdigest())
        except Exception as error:  # of the data set's own code too
            reason = str(error) if isinstance(error, ValueError) else format_error(error)
            raise ValueError(f"item {index} can't be read: {reason}") from error
    return block[0], labels, hashes
