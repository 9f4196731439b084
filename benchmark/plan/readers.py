"""How values of settings are read, be they text or Python values, by the type of the field."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple


class Reader(NamedTuple):
    """How values of one type are read."""

    read: Callable[[Any], Any]  # raises TypeError or ValueError if it can't
    allowed: str  # what an error says about allowed values
    accepts: str  # the types that may be given in Python, for the documentation


def _read_whole_number(value: Any) -> int:
    return int(value) if isinstance(value, str) else operator.index(value)


def _read_paths(value: Any) -> tuple[str, ...]:
    return tuple(map(str, [value] if isinstance(value, str | Path) else value))


def _read_each(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    def read_items(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str):
            value = value.split(",")
        return tuple(map(read, value if isinstance(value, Iterable) else [value]))

    return read_items


READERS: dict[Any, Reader] = {
    str: Reader(str, "text", "str"),
    Path: Reader(Path, "a path", "str | Path"),
    int: Reader(_read_whole_number, "a whole number", "int"),
    float: Reader(float, "a number", "float"),
    bool: Reader(bool, "true or false", "bool"),
    tuple[int, ...]: Reader(
        _read_each(_read_whole_number), "whole numbers like 7,8", "int | Sequence[int]"
    ),
    tuple[float, ...]: Reader(
        _read_each(float), "numbers like 2 or 2,3", "float | Sequence[float]"
    ),
    tuple[str, ...]: Reader(
        _read_paths, "a path or a list of paths", "str | Path | Sequence[str | Path]"
    ),
}
