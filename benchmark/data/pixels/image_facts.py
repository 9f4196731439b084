"""Facts about all readable images of a set: a column for each fact, as a million objects take 2 GB.

It reads like a dictionary from the index of an image to its `ImageInfo`.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data.content_digests import Digests
from benchmark.data.pixels.image_info import ImageInfo
from benchmark.data.pixels.thumbnail import SIDE, read_steps
from benchmark.storage.stored_array import StoredArray, open_array

_KINDS: dict[Any, Any] = {int: np.int64, float: np.float64, bool: np.bool_}
_APART = ("digest", "thumbnail")  # in columns of their own kind
_TEXTS = ("mode", "kind", "warning")  # few different ones: each image has the number of its text
_NUMBERS = {
    each.name: _KINDS[each.type]
    for each in fields(ImageInfo)
    if each.name not in (*_APART, *_TEXTS)
}


@dataclass(frozen=True, eq=False)
class ImageFacts(Mapping[int, ImageInfo]):
    """Facts about M images, in the order of their indices."""

    columns: Mapping[str, NDArray[Any]]  # "index" and each of _NUMBERS and _TEXTS (M,)
    texts: Mapping[str, Sequence[str]]  # of each of _TEXTS: the texts that its numbers mean
    digests: Digests  # (M,)
    # (M, SIDE, SIDE) steps of grey, see `make_thumbnail`; or the file that holds them
    thumbnails: NDArray[np.uint16] | Path

    @classmethod
    def from_infos(cls, infos: Mapping[int, ImageInfo]) -> ImageFacts:
        """Return the facts of a dictionary in columns; those that are, as they are."""
        if isinstance(infos, cls):
            return infos
        index = np.array(sorted(infos), np.int64)
        rows = [infos[i] for i in index.tolist()]
        columns: dict[str, NDArray[Any]] = {"index": index}
        for name, kind in _NUMBERS.items():
            columns[name] = np.array([getattr(info, name) for info in rows], kind)
        texts = {}
        for name in _TEXTS:
            number = {
                text: i for i, text in enumerate(dict.fromkeys(getattr(r, name) for r in rows))
            }
            columns[name] = np.array([number[getattr(info, name)] for info in rows], np.int32)
            texts[name] = tuple(number)
        steps = read_steps([info.thumbnail for info in rows])
        return cls(columns, texts, Digests.from_texts([info.digest for info in rows]), steps)

    @classmethod
    def join(cls, parts: Sequence[ImageFacts]) -> ImageFacts:
        """Return the facts of all parts; of an image that is in several, those of the last."""
        index = np.concatenate([np.empty(0, np.int64), *(part.index for part in parts)])
        # the last of each image: the first, from behind
        _, from_behind = np.unique(index[::-1], return_index=True)
        rows = len(index) - 1 - from_behind
        texts = {n: list(dict.fromkeys(t for part in parts for t in part.texts[n])) for n in _TEXTS}
        columns: dict[str, NDArray[Any]] = {"index": index[rows]}
        for name, kind in _NUMBERS.items():
            values = [np.empty(0, kind), *(part.columns[name] for part in parts)]
            columns[name] = np.concatenate(values)[rows]
        for name in _TEXTS:
            number = {text: i for i, text in enumerate(texts[name])}
            codes = [
                np.array([number[text] for text in part.texts[name]], np.int32)[part.columns[name]]
                for part in parts
            ]
            columns[name] = np.concatenate([np.empty(0, np.int32), *codes])[rows]
        digests = [Digests.from_texts([]).values, *(part.digests.values for part in parts)]
        steps = np.concatenate([_none(), *(part.open_thumbnails()[:] for part in parts)])
        return cls(columns, texts, Digests(np.concatenate(digests)[rows]), steps[rows])

    def without(self, indices: Collection[int]) -> ImageFacts:
        """Return the facts of the other images."""
        rows = np.flatnonzero(~np.isin(self.index, list(indices)))
        if len(rows) == len(self):
            return self
        columns = {name: column[rows] for name, column in self.columns.items()}
        digests = Digests(self.digests.values[rows])
        return ImageFacts(columns, self.texts, digests, self.open_thumbnails()[rows])

    def __len__(self) -> int:
        return len(self.index)

    def __iter__(self) -> Iterator[int]:
        return iter(self.index.tolist())

    def __contains__(self, index: object) -> bool:
        return isinstance(index, int | np.integer) and self._position(int(index)) is not None

    def __getitem__(self, index: int) -> ImageInfo:
        if (position := self._position(index)) is None:
            raise KeyError(index)
        values = {name: self.columns[name][position].item() for name in _NUMBERS}
        values |= {name: self.texts[name][self.columns[name][position]] for name in _TEXTS}
        steps = np.asarray(self.open_thumbnails()[position])
        thumbnail = base64.b64encode(steps.astype("<u2").tobytes()).decode()
        return ImageInfo(**values, digest=self.digests[position], thumbnail=thumbnail)

    @property
    def index(self) -> NDArray[np.int64]:
        """Index of each image in its set, (M,), increasing."""
        return self.columns["index"]

    @cached_property
    def shorter_sides(self) -> NDArray[np.int64]:
        """The shorter side of each image in pixels, (M,)."""
        return np.minimum(self.columns["width"], self.columns["height"])

    def column(self, name: str) -> NDArray[Any]:
        """Return a fact of all images, (M,): numbers, or texts as objects."""
        if name in _TEXTS:
            return np.array([*self.texts[name], ""], object)[self.columns[name]]
        return self.columns[name]

    def readable(self, count: int) -> NDArray[np.bool_]:
        """Return which of the `count` images of the set are readable, (N,)."""
        readable = np.zeros(count, bool)
        readable[self.index] = True
        return readable

    def digests_of(self, count: int) -> Digests:
        """Return the digests of the `count` images of the set, '' of those that aren't readable."""
        values = np.zeros((count, self.digests.values.shape[1]), np.uint8)
        values[self.index] = self.digests.values
        return Digests(values)

    def open_thumbnails(self) -> StoredArray:
        """Return the thumbnails (M, SIDE, SIDE), in units of `thumbnail.STEPS`; black: none."""
        if isinstance(self.thumbnails, Path):
            shape = (len(self), SIDE, SIDE)
            return open_array(self.thumbnails, "<u2", shape) if len(self) else _none()
        return self.thumbnails

    def positions(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where the images at `indices`, which are readable, stand in the columns."""
        return np.searchsorted(self.index, indices)

    def _position(self, index: int) -> int | None:
        position = int(np.searchsorted(self.index, index))
        is_there = position < len(self) and self.index[position] == index
        return position if is_there else None


def _none() -> NDArray[np.uint16]:
    return np.empty((0, SIDE, SIDE), np.uint16)
