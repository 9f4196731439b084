"""Fingerprints of components: their type, their fields and the code of their module.

Stored results are found by fingerprint. Without the code, a run after an edit would take the
results of the old code. Comments, layout and docstrings play no role.
"""

import ast
import dataclasses
import functools
import hashlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import benchmark
from benchmark.strategy.data_files import data_hashes
from benchmark.strategy.definitions import follow_definition, functions_of, source_of
from benchmark.strategy.imported_files import (
    imported_files,
    loaded_text,
    reached_files,
)
from benchmark.strategy.located import users_file

CODE_PACKAGES = ("model", "train", "system", "strategy", "plan", "evaluation", "execution")

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
        kinds = [kind for kind in type(value).__mro__ if not _is_standard(kind)]
        sources = [code for kind in kinds for code in code_hashes(kind)]
        return {"type": type(value).__qualname__, "fields": fields, "source": sources}
    if inspect.isfunction(value) and "<" not in value.__qualname__:  # no lambda, no inner function
        defaults = fingerprint([value.__defaults__, value.__kwdefaults__])
        return {"function": value.__qualname__, "defaults": defaults, "source": code_hashes(value)}
    raise ValueError(
        f"a strategy's component must be a frozen dataclass or a plain function of a module, whose "
        f"fields are numbers, strings, tuples, arrays or further components; got {value!r}. "
        f"Put the values that it needs into fields of a dataclass."
    )


def code_hashes(code: Any) -> list[str]:
    """Return hashes of all code behind a class or function, as this process has it.

    They are those of its file, of the files that it reaches, see `imported_files`, and of the data
    that these read when they are imported. In a notebook or a script they are of its definition and
    of those that it uses.

    Raises
    ------
    ValueError
        If the source of a definition can't be read.
    """
    module = sys.modules[code.__module__]
    file = getattr(module, "__file__", None)
    if file is None or module.__name__ == "__main__":
        return _definition_hashes(code)
    reached = reached_files(module.__name__, [code.__qualname__.partition(".")[0]])
    reached.pop(module.__name__, None)
    hashes = (file_hash(other, name) for name, other in sorted(reached.items()))
    data = data_hashes([Path(file), *(other for _, other in sorted(reached.items()))])
    return list(dict.fromkeys([file_hash(Path(file), module.__name__), *hashes, *data]))


def _definition_hashes(code: Any) -> list[str]:
    uses = follow_definition(code)
    own = list(functions_of(code))
    try:
        texts = [source_of(f) for f in own], [source_of(f) for f in uses.written[len(own) :]]
    except OSError:
        raise ValueError(
            f"the source of {code.__qualname__} can't be read, so results of another version of it "
            f"could be taken for its own; put it into a file and load that with --plugin"
        ) from None
    hashes = [normalised_hash("\n".join(texts[0])), *map(normalised_hash, texts[1])]
    for other in uses.imported:
        hashes += code_hashes(other) if users_file(other.__module__) else []
    for module in uses.modules:
        files = imported_files(module.__name__) if users_file(module.__name__) else {}
        hashes += [file_hash(file, name) for name, file in sorted(files.items())]
    for name, value in uses.values.items():
        hashes.append(f"{name} = {_value_description(code, name, value)}")
    return hashes


def _value_description(code: Any, name: str, value: Any) -> str:
    """Return a description of a value of another cell, the same in every process."""
    if hasattr(value, "detach") and hasattr(value, "numpy"):  # a tensor
        value = value.detach().float().cpu().numpy()
    if isinstance(value, set | frozenset):
        value = sorted(value, key=repr)
    try:
        return json.dumps(fingerprint(value), sort_keys=True)
    except (ValueError, TypeError):
        text = repr(value)
    if " at 0x" in text or not (_is_standard(type(value)) or type(value).__module__ == "torch"):
        raise ValueError(
            f"{code.__qualname__} uses {name}, of type {type(value).__name__}, whose content can't "
            "be read, so results with another content could be taken for its own; put the numbers "
            "that it needs into fields of a dataclass, or the code into a file for --plugin"
        ) from None
    return text


def _is_standard(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in sys.stdlib_module_names - {"__main__"}


def file_hash(file: Path, module: str = "") -> str:
    """Return a hash of a Python file's code, without comments, layout and docstrings.

    It is of the code that this process has, see `loaded_text`.
    """
    return normalised_hash(loaded_text(file, module))


@functools.cache
def package_hash(name: str) -> str:
    """Return a hash of all code of a package of `benchmark`, as ``"train"``.

    Keys hash whole packages rather than lists of files, so that no split or moved file drops out.
    """
    files = (Path(benchmark.__file__).parent / name).rglob("*.py")
    return hashlib.sha256("".join(sorted(map(file_hash, files))).encode()).hexdigest()


@functools.cache
def normalised_hash(source: str) -> str:
    """Return a hash of Python code, without comments, layout and docstrings if it has no error."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return hashlib.sha256(source.encode()).hexdigest()
    for node in ast.walk(tree):
        if isinstance(node, _Documented) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()
