"""Numbers and names of many images in typed JSON files, compressed where they are many.

A million numbers as a tuple take 32 MB, as an array 4 or 8; as lines of JSON 10 MB, compressed 2.
Up to MOST_LISTED are a list in the file, for readers of such files.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, overload

import numpy as np
from numpy.typing import NDArray

from benchmark.storage.packed import pack_array, unpack_array

MOST_LISTED = 10_000


class _Column:
    """What pydantic reads and writes by the methods `_read` and `_written` of a class."""

    __slots__ = ()
    _read: ClassVar[Any]
    _written: ClassVar[Any]

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: Any) -> Any:
        """Describe how pydantic reads and writes it; a schema is a dictionary."""
        return {
            "type": "function-plain",
            "function": {"type": "no-info", "function": cls._read},
            "serialization": {"type": "function-plain", "function": cls._written},
        }


class _Numbers(_Column, Sequence[Any]):
    """Reads like a tuple of numbers; numpy takes it as an array."""

    dtype: ClassVar[type]
    kinds: ClassVar[str]  # of numpy: i, u, f

    def __init__(self, values: Any) -> None:
        values = np.asarray(values if isinstance(values, np.ndarray) else list(values), self.dtype)
        # whole numbers of classes and groups hardly ever need 8 bytes
        is_small = values.dtype.kind == "i" and np.abs(values).max(initial=0) < 2**31
        self.values: NDArray[Any] = values.astype(np.int32) if is_small else values

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(self.values[index])
        return _plain(self.values[index].item())

    def __iter__(self) -> Iterator[Any]:
        return map(_plain, self.values.tolist())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Numbers):
            return np.array_equal(self.values, other.values, equal_nan=True)
        return isinstance(other, tuple | list) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype) if copy else np.asarray(self.values, dtype)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} numbers)"

    @classmethod
    def _read(cls, content: Any) -> _Numbers:
        if isinstance(content, cls):
            return content
        if isinstance(content, dict):
            try:
                content = unpack_array(content)
            except (KeyError, TypeError, ValueError, zlib.error) as error:
                raise ValueError(f"it is no array ({error})") from None
        elif not isinstance(content, list | tuple) or not all(map(cls._is_number, content)):
            raise ValueError("it is no list of such numbers")
        if isinstance(content, np.ndarray) and (
            content.ndim != 1 or content.dtype.kind not in cls.kinds
        ):
            raise ValueError("it is no list of such numbers")
        return cls(content)

    @classmethod
    def _is_number(cls, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)

    @classmethod
    def _written(cls, value: Any) -> Any:
        own = value if isinstance(value, cls) else cls(value)
        return list(own) if len(own) <= MOST_LISTED else pack_array(own.values)


class Integers(_Numbers):
    """Whole numbers, like classes and groups."""

    dtype, kinds = np.int64, "iu"


class Floats(_Numbers):
    """Numbers, or None where one is not known: a NaN of the array."""

    dtype, kinds = np.float64, "iuf"

    @classmethod
    def _is_number(cls, value: Any) -> bool:
        return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


class Names(_Column, tuple[str, ...]):
    """A tuple of names, like those of files, of which many are compressed in the file."""

    __slots__ = ()

    @classmethod
    def _read(cls, content: Any) -> Names:
        if isinstance(content, dict):
            try:
                text = zlib.decompress(base64.b64decode(content["names"]))
            except (KeyError, TypeError, ValueError, zlib.error) as error:
                raise ValueError(f"these are no names ({error})") from None
            content = text.decode(errors="surrogatepass").split("\0")
        if not isinstance(content, list | tuple) or not all(isinstance(n, str) for n in content):
            raise ValueError("it is no list of names")
        return cls(content)

    @classmethod
    def _written(cls, value: Sequence[str]) -> Any:
        if len(value) <= MOST_LISTED:
            return list(value)
        text = "\0".join(value).encode(errors="surrogatepass")  # no file has a null in its name
        return {"names": base64.b64encode(zlib.compress(text, 1)).decode()}


def _plain(number: Any) -> Any:
    return None if number != number else number  # NaN
