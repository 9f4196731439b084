"""Typed JSON files: frozen dataclasses to text and back, with a version and errors in words.

A file that carries `schema_version` is read only in the version that this package writes.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA_VERSION = 1

T = TypeVar("T")
_REPAIR = (
    "Remove the file and run the command of this run again: it writes the file anew from what is "
    "stored"
)


def to_json(value: Any) -> str:
    """Return a dataclass, of types that pydantic knows, as JSON text.

    Numbers that are not finite become null. In fields of type `Any` arrays become lists, and
    objects that JSON can't hold become their repr.

    Raises
    ------
    ValueError
        If a field holds a value of another type than its own.
    """
    kind: Any = type(value)
    text = _adapter(kind).dump_json(value, indent=1, fallback=_fallback, warnings="error")
    return text.decode() + "\n"


def from_json(kind: type[T], content: str | dict[str, Any], file: Path) -> T:
    """Return the dataclass that the text of a JSON file, or its parsed content, describes.

    Raises
    ------
    ValueError
        For a file of another schema version or with wrong fields, saying which and what to do.
    """
    from pydantic import ValidationError  # a tenth of a second, which `--help` does without

    parsed = parse_json(content, file) if isinstance(content, str) else content
    if "schema_version" in kind.__dataclass_fields__:  # type: ignore[attr-defined]
        _check_version(parsed, file)
    try:
        return _adapter(kind).validate_python(parsed)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise ValueError(f"{file} is damaged: {field}: {first['msg']}. {_REPAIR}") from None


def parse_json(text: str, file: Path) -> dict[str, Any]:
    """Return the JSON object that `text` is; ValueError, naming the file, if it is none."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{file} is damaged: it is no JSON ({error}). {_REPAIR}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{file} is damaged: it holds no JSON object. {_REPAIR}")
    return content


def _check_version(content: dict[str, Any], file: Path) -> None:
    version = content.get("schema_version")
    if version == SCHEMA_VERSION:
        return
    if version is None:
        raise ValueError(
            f"{file} was written by version 0.1 of imbalance-bench, whose run folders this version "
            "can't read. Run the command with another --out: it trains all networks again, since "
            "their keys have changed too. Or read the folder with version 0.1"
        )
    raise ValueError(
        f"{file} has schema version {version!r}, and this version of imbalance-bench reads version "
        f"{SCHEMA_VERSION}. Read the folder with the version that wrote it, or run the command "
        "with another --out"
    )


@cache  # building one takes up to 50 ms
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _fallback(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else repr(value)
