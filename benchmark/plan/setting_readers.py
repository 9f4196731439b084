"""How values of settings are read, be they text or Python values, and how several are parted."""

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple


def read_whole_numbers(value: Any) -> tuple[int, ...]:
    """Turn text like 7,8, a number or several into whole numbers."""
    return tuple(map(_read_whole_number, _items(value)))


def read_texts(value: Any) -> tuple[str, ...]:
    """Turn a text or a path, or several, into texts; the items of a set are sorted."""
    return tuple(map(_read_text, [value] if isinstance(value, str | Path) else _items(value)))


def split_values(value: Any) -> Sequence[Any]:
    """Part a text with commas, or a list, into its items; anything else is one item.

    >>> split_values("a,b"), split_values("a"), split_values([1, 2]), split_values(3)
    (['a', 'b'], ['a'], [1, 2], [3])
    """
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    is_list = isinstance(value, list | tuple | range) or getattr(value, "ndim", None) == 1
    return list(value) if is_list else [value]


def _read_numbers(value: Any) -> tuple[float, ...]:
    """Turn text like 2+3, a number or several into numbers; a comma would part two values."""
    return tuple(map(_read_number, value.split("+") if isinstance(value, str) else _items(value)))


def _read_whole_number(value: Any) -> int:
    value = plain_value(value)
    is_text = isinstance(value, str)
    if isinstance(value, bool) or (is_text and not re.fullmatch(r"\s*[+-]?\d{1,18}\s*", value)):
        raise TypeError(f"{value!r} is no whole number")
    return int(value) if is_text else operator.index(value)


def _read_number(value: Any) -> float:
    value = plain_value(value)
    if isinstance(value, bool) or not isinstance(value, str | Real):
        raise TypeError(f"{value!r} is no number")
    if not math.isfinite(number := float(value)):
        raise ValueError(f"{value!r} is not finite")
    return number


def _read_text(value: Any) -> str:
    """Turn a text, or a path in its place, into text."""
    value = plain_value(value)
    if not isinstance(value, str | Path):
        raise TypeError(f"{value!r} is no text")
    if not str(value).strip():
        raise TypeError("the text is empty")
    return str(value)


def _read_path(value: Any) -> Path:
    text = _read_text(value)
    if "\0" in text:
        raise ValueError("no path holds a zero byte")
    return Path(text)


def _items(value: Any) -> Iterable[Any]:
    """Return the items of a text with commas, a list, a set, an array …, or of one number alone."""
    if isinstance(value, str):
        return value.split(",")
    if isinstance(value, Mapping | bytes | bytearray) or getattr(value, "ndim", 1) != 1:
        raise TypeError(f"{value!r} is no list")  # iterating would give keys, bytes or rows
    if isinstance(value, Set):
        return sorted(value)  # a set of texts has another order in every process
    return value if isinstance(value, Iterable) else [value]


def plain_value(value: Any) -> Any:
    """Return the Python value of a scalar of NumPy or torch, and anything else as it is."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


class Reader(NamedTuple):
    """How values of one type are read, be they text or Python values."""

    read: Callable[[Any], Any]  # raises TypeError, ValueError or OverflowError if it can't
    allowed: str  # what an error says about allowed values
    accepts: str  # the types that may be given in Python, for the documentation


READERS: dict[Any, Reader] = {
    str: Reader(_read_text, "text", "str"),
    Path: Reader(_read_path, "a path", "str | Path"),
    int: Reader(_read_whole_number, "a whole number", "int"),
    float: Reader(_read_number, "a number", "float"),
    bool: Reader(bool, "true or false", "bool"),
    tuple[int, ...]: Reader(
        read_whole_numbers, "whole numbers like 7,8, each once", "int | Sequence[int]"
    ),
    tuple[float, ...]: Reader(_read_numbers, "numbers like 2 or 2+3", "float | Sequence[float]"),
    tuple[str, ...]: Reader(
        read_texts, "a path or a list of paths", "str | Path | Sequence[str | Path]"
    ),
}
