"""What makes two components the same: type, fields and the code behind them.

A key that hashed only names and fields would serve yesterday's results after an edit, so the
module's source enters it; comments, layout and docstrings do not.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import hashlib
import inspect
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

import benchmark


def fingerprint(value: Any) -> Any:
    """Return a JSON-able description of a component, equal exactly when behaviour is.

    Dataclass instances, functions, arrays, numbers, strings, tuples, lists and dicts are allowed.

    Raises:
        ValueError: for anything else, whose content can't be told.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple | list):
        return [fingerprint(item) for item in value]
    if isinstance(value, dict):
        return {str(key): fingerprint(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return {"array": [str(value.dtype), list(value.shape), content]}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: fingerprint(getattr(value, f.name)) for f in dataclasses.fields(value)}
        if hidden := set(getattr(value, "__dict__", ())) - set(fields):
            raise ValueError(
                f"{type(value).__qualname__} holds {sorted(hidden)} beside its dataclass fields; "
                f"decorate it with @dataclass(frozen=True) and declare them"
            )
        sources = [_source(kind) for kind in type(value).__mro__ if not _is_standard(kind)]
        return {"type": type(value).__qualname__, "fields": fields, "source": sources}
    if inspect.isfunction(value) and "<" not in value.__qualname__:  # no lambda, no inner function
        defaults = fingerprint([value.__defaults__, value.__kwdefaults__])
        return {"function": value.__qualname__, "defaults": defaults, "source": [_source(value)]}
    raise ValueError(
        f"a strategy's component must be a frozen dataclass or a plain function of a module, whose "
        f"fields are numbers, strings, tuples, arrays or further components; got {value!r}. "
        f"Put the values that it needs into fields of a dataclass."
    )


def _source(code: Any) -> str:
    module = sys.modules[code.__module__]
    file = getattr(module, "__file__", None)
    if file is not None and module.__name__ != "__main__":
        return file_hash(Path(file))
    # a notebook or a script: its definition alone, which for a class is that of its methods
    functions = [code] if inspect.isfunction(code) else filter(inspect.isfunction, _members(code))
    # dataclass writes methods of its own, which follow from the fields
    written = [f for f in map(inspect.unwrap, functions) if f.__code__.co_filename != "<string>"]
    try:
        return normalised_hash("\n".join(textwrap.dedent(inspect.getsource(f)) for f in written))
    except OSError:
        raise ValueError(
            f"the source of {code.__qualname__} can't be read, so its results could not be told "
            f"from those of another version; put it into a file and give that as a plug-in"
        ) from None


def _members(kind: type) -> Iterable[Any]:
    return vars(kind).values()


def _is_standard(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in sys.stdlib_module_names - {"__main__"}


def file_hash(file: Path) -> str:
    """Hash of a Python file's code without comments, layout and docstrings."""
    return _file_hash(file, file.stat().st_mtime_ns)


@functools.cache
def _file_hash(file: Path, changed: int) -> str:  # noqa: ARG001 - an edited file is another one
    return normalised_hash(file.read_text(encoding="utf-8"))


def package_hash(name: str) -> str:
    """Hash of all code of a package of `benchmark`, as ``"train"``.

    Whole packages enter keys, not lists of files: a file that is split or moved can't drop out.
    """
    files = (Path(benchmark.__file__).parent / name).rglob("*.py")
    return hashlib.sha256("".join(sorted(map(file_hash, files))).encode()).hexdigest()


def normalised_hash(source: str) -> str:
    """Hash of Python code without comments, layout and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()
