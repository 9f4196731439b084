"""Python files with strategies or networks of the user's own.

A broken one stops nothing else: it is kept with its error, for whoever lists or asks.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmark.model.registry import BACKBONES
from benchmark.strategy import registry

_loaded: dict[Path, int] = {}  # files, and when they were changed


def load_plugin(file: str | Path) -> None:
    """Register what one Python file brings: all of it, or nothing.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it can't be imported or a strategy of it not be built with its defaults, with its own
        error and the line, or if it brings nothing.
    """
    path = Path(file).resolve()
    if not path.is_file():
        raise FileNotFoundError(f"--plugin {file}: no such file")
    place = hashlib.sha256(str(path).encode()).hexdigest()[:8]  # two files may be called the same
    name = f"imbalance_bench_plugin_{path.stem}_{place}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"--plugin {file}: not a Python file (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    registry.registered()  # ours first: a clash of names is its to mend
    sys.modules[name] = module
    _forget(name)  # of an earlier state of the file
    _loaded.pop(path, None)
    try:
        spec.loader.exec_module(module)
        if not brought_by(path):
            raise ValueError("no function in it is decorated with @strategy or @backbone")
        for entry in [one for one in registry.entries.values() if one.file == path]:
            entry.built()  # a run looks at all that are there, also at those not asked for
    except (Exception, SystemExit) as error:  # a script may end with sys.exit
        del sys.modules[name]
        _forget(name)
        raise ValueError(f"--plugin {file}: {_told(error, path)}") from error
    _loaded[path] = path.stat().st_mtime_ns


def load_plugins(files: Iterable[str | Path]) -> None:
    """Register what several files bring; a broken one is kept in `registry.broken`.

    Raises
    ------
    FileNotFoundError
        If there is no such file: nothing has begun yet that this could stop.
    """
    for file in files:
        registry.broken.pop(str(file), None)
        try:
            load_plugin(file)
        except ValueError as error:
            registry.broken[str(file)] = str(error).removeprefix(f"--plugin {file}: ")


def brought_by(file: str | Path) -> list[str]:
    """Return the names of the strategies and networks of a loaded file."""
    path = Path(file).resolve()
    strategies = [n for n, e in registry.entries.items() if e.file == path]
    return strategies + [n for n, b in BACKBONES.items() if b.file.resolve() == path]


def loaded_files() -> dict[Path, int]:
    """Return the files loaded in this process, and when they were changed."""
    return dict(_loaded)


def broken_words() -> list[str]:
    """Say what is broken, a sentence each."""
    return [f"The plug-in {name} is broken: {error}." for name, error in registry.broken.items()]


class Plugins:
    """The plug-in files of this process; to unpickle it in another process loads them there."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the list of files."""
        return _load_again, (dict(_loaded),)


def _load_again(files: dict[Path, int]) -> None:
    for file, changed in files.items():
        if _loaded.get(file) != changed:
            load_plugin(file)


def _forget(module: str) -> None:
    registry.forget(module)
    BACKBONES.forget(module)


def _told(error: Exception | SystemExit, path: Path) -> str:
    """Say an error with the line of the user's file that led to it."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} (line {error.lineno})"
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
    return f"{kind}{error}" + (f" (line {lines[-1]})" if lines else "")
