"""The image set: names, labels and classes in memory; pixels are read one image at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from benchmark.data.content_digests import Digests
from benchmark.data.read_only import SharedArrays

if TYPE_CHECKING:
    from PIL.Image import Image

SPLITS = ("train", "val", "test")
FRACTIONS = (0.8, 0.1, 0.1)  # of train, val and test, where no split is given
CONTENT = "sha256:"  # begins a stamp that is the hash of the content
MOST_IMAGES = 20_000_000  # of a set: names, labels and stamps of all are in memory
MIN_PER_CLASS = 10  # images of a class that a subsample keeps


class Reader(Protocol):
    """Reads one image by its index; picklable, so that worker processes can read too."""

    def image(self, index: int, at_least: int = 0) -> Image:
        """Return image `index`, decoded; raise any exception if it can't be read.

        Its mode is RGB. Grey of more than 8 bits stays in mode I (integer) or F (float): the range
        of the whole set decides which values become black and white, see `choose_scale`.

        `at_least` is a hint: the side to which the image will be resized. 0 means full size.
        Otherwise the image may come reduced while both of its sides stay at least this long: a JPEG
        can be decoded at 1/2, 1/4 or 1/8 for a fraction of the time, a rendering is made at just
        this size. A reader may ignore the hint.
        """

    def content(self, index: int) -> bytes:
        """Return bytes that identify the pixels: a file's bytes, or the input of a rendering.

        Equal bytes mean equal images: such images are never in two splits.
        """


@dataclass(frozen=True)
class NoReader:
    """Stands in where all images are decoded, so that worker processes get no copy of them."""

    def image(self, index: int, at_least: int = 0) -> Image:  # noqa: ARG002
        """Raise RuntimeError."""
        raise RuntimeError(f"image {index} was decoded before")

    def content(self, index: int) -> bytes:
        """Raise RuntimeError."""
        raise RuntimeError(f"image {index} was read before")


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet(SharedArrays):
    """N labelled images of C classes. Raises ValueError if its fields don't fit together."""

    name: str  # short, fit for a folder's name: 'my_images', 'wheels'
    spec: str  # as the user wrote it
    description: str  # one or two sentences for the report
    files: tuple[str, ...]  # (N,) unique, stable names with posix separators: 'cat/001.jpg'
    labels: np.ndarray  # (N,) int64, index into classes
    classes: tuple[str, ...]  # (C,)
    # (N,) change when an image's bytes do; known without reading them, or CONTENT and their sha256
    stamps: tuple[str, ...]
    reader: Reader
    groups: np.ndarray | None = None  # (N,) int64; images of one group stay in one split
    split: np.ndarray | None = None  # (N,) str: 'train', 'val', 'test' or '' (unknown)
    messages: tuple[str, ...] = ()  # notes for the user
    fractions: tuple[float, float, float] = FRACTIONS
    # (N,) int64, the seed of a run that an image is of; None: all seeds share all images
    seeds: np.ndarray | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)  # what is there too: path -> why not
    # (N,) int64, what the data say where a file of corrected labels says otherwise; None: no file
    uncorrected: np.ndarray | None = None
    source_key: str = ""  # where each seed has its own images: all that those of any depend on

    def __post_init__(self) -> None:
        super().__post_init__()
        n = len(self.files)
        if n == 0:
            raise ValueError(f"{self.spec}: no images found.")
        for name in ("labels", "stamps", "groups", "split", "seeds", "uncorrected"):
            value = getattr(self, name)
            if value is not None and len(value) != n:
                raise ValueError(f"{self.spec}: {len(value)} {name} for {n} images.")
        if len(set(self.files)) != n:
            twice = next(file for file, times in Counter(self.files).items() if times > 1)
            raise ValueError(f"{self.spec}: two images are called {twice!r}; names must be unique.")
        present = np.unique(self.labels)
        if len(self.classes) < 2 or not np.array_equal(present, np.arange(len(self.classes))):
            raise ValueError(
                f"{self.spec}: a classifier needs at least two classes with an image each; "
                f"here {len(present)} of the classes {list(self.classes)[:20]} have images."
            )
        if self.split is not None and not set(np.unique(self.split)) <= {*SPLITS, ""}:
            raise ValueError(
                f"{self.spec}: a split must be one of {', '.join(SPLITS)} or empty, "
                f"not {sorted(set(self.split) - {*SPLITS, ''})}."
            )

    def __len__(self) -> int:
        return len(self.files)

    def describe_content(self, digests: Sequence[str]) -> dict[str, Any]:
        """Return for a key all that results depend on, with the digest of each image, (N,)."""
        texts = digests.texts if isinstance(digests, Digests) else digests
        content: dict[str, Any] = {"files": self.files, "classes": self.classes, "digests": texts}
        for name in ("labels", "groups", "split", "seeds"):
            values = getattr(self, name)
            content[name] = None if values is None else values.tolist()
        return content

    def without_names(self) -> ImageSet:
        """Return the set with numbers as names and without stamps: half of what it takes."""
        numbers = tuple(map(str, range(len(self))))
        return replace(self, files=numbers, stamps=("",) * len(self), left_out={})

    def describe_left_out(self, errors: Mapping[int, str]) -> dict[str, str]:
        """Return why files are no images of a run; `errors` are of images that can't be read."""
        unreadable = {self.files[index]: str(errors[index]) for index in sorted(errors)}
        return {**self.left_out, **unreadable}

    def __repr__(self) -> str:
        return f"ImageSet({self.name}: {len(self):,} images of {len(self.classes)} classes)"

    @property
    def counts(self) -> np.ndarray:
        """Images of each class, (C,) int64."""
        return np.bincount(self.labels, minlength=len(self.classes))


def require_number(images: int, owner: str = "") -> None:
    """Raise ValueError, which begins with `owner`, if these are more images than a set may have."""
    if images > MOST_IMAGES:
        reason = f"{images:,} images are too many: a set has at most {MOST_IMAGES:,}"
        raise ValueError(f"{owner}: {reason}" if owner else reason)


@dataclass(frozen=True)
class SubsetReader:
    """Reads image `indices[i]` of another reader as image i."""

    reader: Reader
    indices: tuple[int, ...]

    def image(self, index: int, at_least: int = 0) -> Image:
        """Return one image."""
        return self.reader.image(self.indices[index], at_least)

    def content(self, index: int) -> bytes:
        """Return bytes that identify one image."""
        return self.reader.content(self.indices[index])


def subsample(images: ImageSet, total: int) -> ImageSet:
    """Return about `total` images, spread over each class, with roughly the same imbalance.

    A class keeps at least MIN_PER_CLASS images, or all if it has fewer. Where each seed has images
    of its own, these numbers are those of one seed.
    """
    seeds = np.zeros(len(images), np.int64) if images.seeds is None else images.seeds
    per_seed = len(images) / len(np.unique(seeds))
    if per_seed <= total:
        return images
    indices = []
    for seed, label in np.unique(np.column_stack([seeds, images.labels]), axis=0):
        own = np.flatnonzero((seeds == seed) & (images.labels == label))
        wanted = min(len(own), max(MIN_PER_CLASS, round(len(own) * total / per_seed)))
        indices.append(own[np.linspace(0, len(own) - 1, wanted).astype(np.int64)])
    chosen = np.sort(np.concatenate(indices))
    message = f"A quick look at {len(chosen)} of {len(images)} images is no evidence for anything."
    return replace(
        images,
        files=tuple(images.files[i] for i in chosen),
        labels=images.labels[chosen],
        stamps=tuple(images.stamps[i] for i in chosen),
        reader=SubsetReader(images.reader, tuple(chosen.tolist())),
        groups=None if images.groups is None else images.groups[chosen],
        split=None if images.split is None else images.split[chosen],
        seeds=None if images.seeds is None else images.seeds[chosen],
        uncorrected=None if images.uncorrected is None else images.uncorrected[chosen],
        messages=(*images.messages, message),
    )
