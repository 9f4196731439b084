"""Typed JSON files: frozen dataclasses to text and back, with a hash, a version, errors in words.

Every file carries the hash of its own text, and counts only if that is right. A file that carries
`schema_version` is read only in the version that this package writes.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from benchmark.storage.atomic import write_text
from benchmark.storage.stored_file import DamagedFileError, hash_of, read_text, with_hash

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA_VERSION = 2  # 1 had no hashes
INDENTED = 2_000_000  # characters, up to which a text is indented

T = TypeVar("T")
REPAIR = (
    "Run the command of this run again, with --out as its folder is called now: it sets the file "
    "aside, and makes it again from what is stored"
)


def write(file: Path, value: Any) -> str:
    """Write a dataclass atomically, see `to_json`; return the hash that the file carries."""
    text = to_json(value)
    write_text(file, text)
    return str(hash_of(text))


def read(kind: type[T], file: Path, remedy: str = REPAIR) -> T:
    """Return the dataclass that `write` has written; `remedy` says what mends a damaged file.

    Raises
    ------
    FileNotFoundError
        If there is no file.
    DamagedFileError
        If it is not what was written, in words; another ValueError if it is of another version.
    """
    try:
        return from_json(kind, _read_text(file), file)
    except DamagedFileError as error:
        raise DamagedFileError(file, error.reason, remedy) from None


def read_object(file: Path) -> dict[str, Any]:
    """Return the content of a file of `write` as it is, with its hash as "sha256"; see `read`."""
    return _parse(_read_text(file), file)


def to_json(value: Any) -> str:
    """Return a dataclass, of types that pydantic knows, as JSON text that begins with its hash.

    Numbers that are not finite become null. A text of more than INDENTED characters stands on one
    line: a third of it would be indentation that nobody reads. In fields of type `Any` arrays
    become lists, and objects that JSON can't hold become their repr.

    Raises
    ------
    ValueError
        If a field holds a value of another type than its own.
    """
    text = _dump(value, indent=1)
    if len(text) > INDENTED:
        text = "{\n" + _dump(value, indent=None).removeprefix("{")
    return with_hash(text + "\n")


def _dump(value: Any, indent: int | None) -> str:
    kind: Any = type(value)
    adapter = _adapter(kind)
    how: Any = {"fallback": _fallback, "warnings": "error"}
    try:
        return adapter.dump_json(value, indent=indent, **how).decode()
    except ValueError:  # also of names of files that are no UTF-8, which pydantic can't encode
        content = _with_nulls(adapter.dump_python(value, mode="json", **how))
        return json.dumps(content, indent=indent, separators=None if indent else (",", ":"))


def from_json(kind: type[T], text: str, file: Path) -> T:
    """Return the dataclass that a text of `to_json` describes; raises what `read` raises."""
    return from_object(kind, _parse(text, file, _is_versioned(kind)), file)


def from_object(kind: type[T], content: dict[str, Any], file: Path) -> T:
    """Return the dataclass that the content of a file describes; raises what `read` raises."""
    from pydantic import ValidationError  # a tenth of a second, which `--help` does without

    if _is_versioned(kind):
        _check_version(content, file)
    try:
        return _adapter(kind).validate_python(content)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise DamagedFileError(file, f"{field}: {first['msg']}", REPAIR) from None


def _read_text(file: Path) -> str:
    try:
        return read_text(file)
    except DamagedFileError as error:
        raise DamagedFileError(file, error.reason, REPAIR) from None


def _is_versioned(kind: Any) -> bool:
    return "schema_version" in kind.__dataclass_fields__


def _parse(text: str, file: Path, is_versioned: bool = False) -> dict[str, Any]:
    """Return the JSON object that a text of `to_json` is."""
    if not text.strip():
        raise DamagedFileError(file, "it is empty", REPAIR)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedFileError(file, f"it is no JSON ({error})", REPAIR) from None
    if not isinstance(content, dict):
        raise DamagedFileError(file, "it holds no JSON object", REPAIR)
    if hash_of(text) is None:
        # whole files of versions without hashes
        if "sha256" not in content and (is_versioned or "schema_version" in content):
            _check_version(content, file)
        raise DamagedFileError(
            file, "its content has another hash than when it was written", REPAIR
        )
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


def _with_nulls(value: Any) -> Any:
    """Return the content of a JSON file with null in place of numbers that are not finite."""
    if isinstance(value, dict):
        return {key: _with_nulls(item) for key, item in value.items()}
    if isinstance(value, list):
        return list(map(_with_nulls, value))
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _fallback(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else repr(value)
