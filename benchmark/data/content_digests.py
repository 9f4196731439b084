"""Digests of the contents of images, 32 bytes each: a million texts would take 0.1 GB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

BYTES = 32  # of a sha256


@dataclass(frozen=True, eq=False)
class Digests(Sequence[str]):
    """The sha256 of N contents; it reads like a list of hexadecimal texts, '' where not known."""

    values: NDArray[np.uint8]  # (N, BYTES), zeros where not known

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> Digests:
        """Return those of texts; '' is not known."""
        content = b"".join(bytes.fromhex(text) if text else bytes(BYTES) for text in texts)
        return cls(np.frombuffer(content, np.uint8).reshape(len(texts), BYTES))

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Digests: ...
    def __getitem__(self, index: int | slice) -> str | Digests:
        if isinstance(index, slice):
            return Digests(self.values[index])
        value = self.values[index]
        return value.tobytes().hex() if value.any() else ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digests) and np.array_equal(self.values, other.values)

    __hash__ = None  # type: ignore[assignment]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which are known, (N,)."""
        return np.any(self.values != 0, axis=1)

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """See `number_contents`, (N,)."""
        parts = np.ascontiguousarray(self.values).view("<u8")  # (N, 32) bytes -> (N, 4)
        # the first 8 bytes tell contents apart, and are sorted ten times as fast as all
        _, first, number = np.unique(parts[:, 0], return_index=True, return_inverse=True)
        if not np.array_equal(parts, parts[first[number]]):
            _, number = np.unique(parts, axis=0, return_inverse=True)
        return np.where(self.known, number.reshape(-1), -1)

    @property
    def texts(self) -> list[str]:
        """Return all of them as texts."""
        text, known = self.values.tobytes().hex(), self.known.tolist()
        return [text[2 * BYTES * i : 2 * BYTES * (i + 1)] if k else "" for i, k in enumerate(known)]


def number_contents(digests: Sequence[str] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a number for each digest, (N,): equal for equal ones, -1 for '', which is not known.

    Numbers are returned as they are.
    """
    if isinstance(digests, np.ndarray):
        return digests
    if isinstance(digests, Digests):
        return digests.numbers
    texts = np.array(digests, dtype=str)
    _, number = np.unique(texts, return_inverse=True)
    return np.where(texts != "", number, -1)
