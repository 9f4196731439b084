"""Python files with strategies and backbones of the user's own.

A broken file does not stop the others: its error is kept, and appears wherever the file is needed.
"""

import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmark.model.registry import BACKBONES
from benchmark.strategy.registry import broken, registered

_loaded: dict[Path, int] = {}  # files, and the time of their last change in ns
_sent: dict[Path, int] = {}  # the same of the process that sent `Plugins` here


def load_plugin(file: str | Path) -> None:
    """Import one Python file and register its strategies and backbones: all of them, or none.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it can't be imported, if it registers nothing, or if a strategy can't be built with its
        defaults. The message has the error and its line.
    """
    path = Path(file).resolve()
    if not path.is_file():
        raise FileNotFoundError(f"plug-in {file}: no such file")
    name = _module_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"plug-in {file}: not a Python file (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    unload_plugin(path)  # an earlier state of the file
    changed = path.stat().st_mtime_ns
    sys.modules[name] = module
    try:
        registered()  # the built-in ones first: they keep their names
        spec.loader.exec_module(module)
        if not names_from(path):
            raise ValueError("no function in it is decorated with @strategy or @backbone")
        for strategy in registered().names_from(name):
            # a run builds all registered strategies, also those that the user did not name
            registered().get(strategy).build_default()
    except (Exception, SystemExit) as error:  # a script may end with sys.exit
        unload_plugin(path)
        raise ValueError(f"plug-in {file}: {_error_with_line(error, path)}") from error
    _loaded[path] = changed


def load_plugins(files: Iterable[str | Path]) -> None:
    """Register what several files bring. The error of a broken file is kept in `broken`.

    Raises
    ------
    FileNotFoundError
        If there is no such file. This stops all, because no work has begun yet.
    """
    for file in files:
        broken.pop(str(file), None)
        try:
            load_plugin(file)
        except ValueError as error:
            broken[str(file)] = str(error).removeprefix(f"plug-in {file}: ")


def unload_plugin(file: str | Path) -> None:
    """Remove the strategies and backbones of a file, if it has registered any."""
    path = Path(file).resolve()
    for registry in (registered(), BACKBONES):
        registry.remove_all_of(_module_name(path))
    sys.modules.pop(_module_name(path), None)
    _loaded.pop(path, None)
    _sent.pop(path, None)


def names_from(file: str | Path) -> list[str]:
    """Return the names of the strategies and backbones that a file has registered."""
    module = _module_name(Path(file).resolve())
    return [*registered().names_from(module), *BACKBONES.names_from(module)]


def loaded_files() -> dict[Path, int]:
    """Return the files of this process, and the time of their last change in nanoseconds."""
    return dict(_loaded)


def broken_plugin_sentences() -> list[str]:
    """Return a sentence for each broken plug-in."""
    return [f"The plug-in {name} is broken: {error}." for name, error in broken.items()]


def line_in(file: Path, error: BaseException) -> int | None:
    """Return the line of a file that led to an error; None if it is elsewhere."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno for f in reversed(frames) if f.filename == str(file)), None)


class Plugins:
    """The plug-in files of this process. Another process loads them when it unpickles this."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _load_changed, (dict(_loaded),)


def _load_changed(files: dict[Path, int]) -> None:
    for file, changed in files.items():
        if _loaded.get(file) != changed:
            load_plugin(file)
    _sent.clear()
    _sent.update(files)


def is_edited() -> bool:
    """Whether a file was changed or removed after this process loaded it.

    A fingerprint, which is of the file, is then not that of the code in use.
    """
    return any(
        not file.is_file() or file.stat().st_mtime_ns != changed
        for file, changed in _loaded.items()
    )


def check_unedited() -> None:
    """Raise ValueError in a worker that has loaded a file in a later state than its sender.

    A worker that starts in the middle of a run reads the file as it is then. What it trains would
    be stored under the key of the earlier code.
    """
    for file, changed in _sent.items():
        if _loaded.get(file) != changed:
            raise ValueError(
                f"plug-in {file}: it was edited after the run began, so a new process has other "
                "code than the run; run the command again: finished networks stay"
            )


def _module_name(path: Path) -> str:
    """Return a name of its own for each path: two files may have the same name."""
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    return f"imbalance_bench_plugin_{path.stem}_{digest}"


def _error_with_line(error: Exception | SystemExit, path: Path) -> str:
    """Return the error with the line of the user's file that led to it."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} (line {error.lineno})"
    line = line_in(path, error)
    kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
    return f"{kind}{error}" + (f" (line {line})" if line else "")
