"""Fingerprints of components: their type, their fields and the code of their module.

Stored results are found by fingerprint. Without the code, a run after an edit would take the
results of the old code. Comments, layout and docstrings play no role.
"""

import ast
import dataclasses
import functools
import hashlib
import inspect
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

import benchmark

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef


def fingerprint(value: Any) -> Any:
    """Return a description of a component for JSON. Equal descriptions mean equal behaviour.

    Raises
    ------
    ValueError
        If its content can't be read: it is no dataclass instance, function of a module, array,
        number or string, nor a tuple, list or dict of these.
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
    # in a notebook or a script only the definition counts; that of a class is its methods
    members = [code] if inspect.isfunction(code) else vars(code).values()
    functions = map(inspect.unwrap, filter(inspect.isfunction, members))
    # @dataclass adds methods that follow from the fields
    written = [f for f in functions if f.__code__.co_filename != "<string>"]
    try:
        return normalised_hash("\n".join(textwrap.dedent(inspect.getsource(f)) for f in written))
    except OSError:
        raise ValueError(
            f"the source of {code.__qualname__} can't be read, so results of another version of it "
            f"could be taken for its own; put it into a file and load that with --plugin"
        ) from None


def _is_standard(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in sys.stdlib_module_names - {"__main__"}


def file_hash(file: Path) -> str:
    """Return a hash of a Python file's code, without comments, layout and docstrings."""
    return _file_hash(file, file.stat().st_mtime_ns)


@functools.cache
def _file_hash(file: Path, changed: int) -> str:  # noqa: ARG001 - an edit must miss the cache
    return normalised_hash(file.read_text(encoding="utf-8"))


def package_hash(name: str) -> str:
    """Return a hash of all code of a package of `benchmark`, as ``"train"``.

    Keys hash whole packages rather than lists of files, so that no split or moved file drops out.
    """
    files = (Path(benchmark.__file__).parent / name).rglob("*.py")
    return hashlib.sha256("".join(sorted(map(file_hash, files))).encode()).hexdigest()


def normalised_hash(source: str) -> str:
    """Return a hash of Python code, without comments, layout and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, _Documented) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()
