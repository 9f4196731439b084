"""Python files with strategies and backbones of the user's own, and installed packages with them.

A broken one does not stop the others: its error is kept, and appears wherever the file is needed.
A plug-in may import files beside it, in the working folder, and of packages that they belong to.
"""

import importlib
import re
import sys
from collections.abc import Container, Iterable, Mapping
from importlib.machinery import ModuleSpec
from importlib.util import decode_source, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, cast

from benchmark.model.registry import BACKBONES
from benchmark.storage.atomic import digest
from benchmark.storage.user_folders import real_path
from benchmark.strategy.beside import (
    UncachedLoader,
    beside,
    check_names_beside,
    importing_beside,
)
from benchmark.strategy.data_files import data_hashes, forget_data, is_data_edited, noting_data
from benchmark.strategy.discovery import installed_packages, load_package, packages
from benchmark.strategy.error_lines import error_with_line
from benchmark.strategy.fingerprint import CODE_PACKAGES, file_hash, normalised_hash, package_hash
from benchmark.strategy.imported_files import (
    forget_text,
    imported_files,
    loaded_indirectly,
    loaded_text,
    read_files,
)
from benchmark.strategy.located import brings_strategies, is_users, users_file
from benchmark.strategy.registry import broken, registered
from benchmark.system.isolation import is_failure_of_code, isolated
from benchmark.system.text import join_names

_loaded: dict[Path, dict[str, Path]] = {}  # files, and the modules that they reach, themselves too
_sent: dict[Path | str, str] = {}  # hashes of the code of the process that sent `Plugins` here


def load_plugin(file: str | Path) -> None:
    """Import one Python file, or an installed package, and register what it brings: all, or none.

    Files that it imports and that were edited are imported anew, also for the other plug-ins.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it can't be imported, if it registers nothing, or if a strategy can't be built with its
        defaults. The message has the error and its line.
    """
    path = real_path(file)
    if not path.is_file():
        if str(file) in installed_packages():
            load_package(str(file))
            return
        raise FileNotFoundError(f"plug-in {file}: no such file{_packages_hint()}")
    others = _unload_edited() - {path}
    _load(path, file)
    for other in others:
        load_plugins([other])


def _packages_hint() -> str:
    names = join_names(sorted({point.name for point in installed_packages().values()}), "or")
    return f", and no installed package with strategies ({names})" if names else ""


def _load(path: Path, file: str | Path) -> None:
    name = _module_name(path)
    if path.suffix != ".py":
        raise ValueError(f"plug-in {file}: not a Python file (its name must end in .py)")
    loader = UncachedLoader(name, str(path))
    spec = cast(ModuleSpec, spec_from_file_location(name, path, loader=loader))
    module = module_from_spec(spec)
    _unregister(path)  # an earlier state of the file
    registered()  # the built-in ones first: they keep their names
    before = set(sys.modules)
    sys.modules[name] = module
    try:
        with importing_beside(path), noting_data(), isolated(is_import=True):
            loader.exec_module(module)
        if not names_from(path):
            raise ValueError("no function in it is decorated with @strategy or @backbone")
        for strategy in registered().names_from(name):
            # a run builds all registered strategies, also those that the user did not name
            registered().get(strategy).build_default()
        _loaded[path] = _imported(name, set(sys.modules) - before)
        check_names_beside(path, _loaded)
    except BaseException as error:  # a script may end with sys.exit
        unload_plugin(path)
        if not is_failure_of_code(error):
            raise
        _forget({other: Path() for other in set(sys.modules) - before if _has_users_source(other)})
        raise ValueError(f"plug-in {file}: {error_with_line(error, path)}") from error


def load_plugins(files: Iterable[str | Path]) -> None:
    """Register what several plug-ins bring. The error of a broken one is kept in `broken`.

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
    """Remove what a file has registered, and the modules that it alone has imported."""
    path = real_path(file)
    modules = _loaded.get(path, {})
    _unregister(path)
    shared = {name for others in _loaded.values() for name in others}
    _forget({name: file for name, file in modules.items() if name not in shared})


def _unregister(path: Path) -> None:
    name = _module_name(path)
    for registry in (registered(), BACKBONES):
        registry.remove_all_of(name)
    sys.modules.pop(name, None)
    loaded_indirectly.pop(name, None)
    forget_text(path)
    forget_data(path)
    _loaded.pop(path, None)


def names_from(file: str | Path) -> list[str]:
    """Return the names of the strategies and backbones that a plug-in has registered."""
    if str(file) in packages:
        return packages[str(file)]
    module = _module_name(real_path(file))
    return [*registered().names_from(module), *BACKBONES.names_from(module)]


def loaded_files() -> dict[Path, str]:
    """Return the files of this process, and a hash of the code of each and of what it imports."""
    return {
        path: digest([file_hash(file, name) for name, file in sorted(modules.items())])
        for path, modules in _loaded.items()
    }


def broken_plugin_sentences() -> list[str]:
    """Return a sentence for each broken plug-in."""
    return [f"The plug-in {name} is broken: {error}." for name, error in broken.items()]


class Plugins:
    """The plug-in files of this process. Another process loads them when it unpickles this.

    Later parts of the pickle, as components, are then found in the same code.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        hashes: dict[Path | str, str] = {name: package_hash(name) for name in CODE_PACKAGES}
        hashes |= {file: _hash_with_data(file, name) for name, file in read_files().items()}
        return _load_sent, (list(packages), list(_loaded), list(beside.folders), hashes)


def _load_sent(
    named: list[str], plugins: list[Path], folders: list[str], hashes: dict[Path | str, str]
) -> None:
    registered()  # before a pickle names their modules: a folder of the same name may hide them
    for package in named:
        load_package(package)
    beside.search(folders)
    _forget(_unknown_beside(hashes))
    files = read_files()
    if any(_hash_with_data(f, name) != hashes[f] for name, f in files.items() if f in hashes):
        # this process has served an earlier run
        _forget({name: file for name, file in files.items() if is_users(file)})
        for path in list(_loaded):
            unload_plugin(path)
    for path in plugins:
        if path not in _loaded:
            load_plugin(path)
    _sent.clear()
    _sent.update(hashes)


def check_unedited() -> None:
    """Raise ValueError in a worker whose code is not that of its sender.

    A worker that starts in the middle of a run reads files as they are then. What it trains would
    be stored under the key of the earlier code.
    """
    names = {file: name for name, file in read_files().items()}
    for source, hashed in _sent.items():
        if isinstance(source, str):
            edited, title = package_hash(source) != hashed, f"benchmark/{source}"
        else:
            name = names.get(source, "")
            edited, title = _hash_here(source, name) != hashed, str(source)
            if edited and brings_strategies(name) and _is_edited(name, source):
                raise ValueError(
                    f"{title}: it was edited after this process had imported it; start the process "
                    "anew, if it is a worker of a cluster, and run the command again"
                )
        if edited:
            raise ValueError(
                f"{title}: it was edited after the run began, or data that it reads, so a new "
                "process has other code than the run; run the command again: finished networks stay"
            )


def _hash_here(file: Path, name: str) -> str:
    try:
        return _hash_with_data(file, name)
    except (OSError, SyntaxError, ValueError):
        return ""


def _hash_with_data(file: Path, name: str) -> str:
    """Return a hash of a file's code and of the data that it has read while it was imported."""
    return digest([file_hash(file, name), data_hashes([file])])


def _unknown_beside(known: Container[Path | str]) -> dict[str, Path]:
    """Return modules beside plug-ins that code of an earlier run has imported when it was called.

    Who sends the plug-ins does not know them, so no hash tells whether they were edited.
    """
    unknown = {}
    for name in list(sys.modules):
        spec = getattr(sys.modules.get(name.partition(".")[0]), "__spec__", None)
        if isinstance(getattr(spec, "loader", None), UncachedLoader):
            file = users_file(name)
            if file is not None and file not in known and file not in _loaded:
                unknown[name] = file
    return unknown


def _unload_edited() -> set[Path]:
    """Forget what plug-ins have imported, if any of it was edited; return those to load again."""
    files = {name: file for modules in _loaded.values() for name, file in modules.items()}
    if not any(_is_edited(name, file) for name, file in files.items()):
        return set()
    plugins = set(_loaded)
    _forget({name: file for name, file in files.items() if file not in plugins})
    for path in plugins:
        unload_plugin(path)
    return {path for path in plugins if path.is_file()}


def _is_edited(module: str, file: Path) -> bool:
    try:
        edited = normalised_hash(decode_source(file.read_bytes())) != file_hash(file, module)
        return edited or is_data_edited(file)
    except (OSError, SyntaxError, ValueError):
        return True


def _forget(modules: Mapping[str, Path]) -> None:
    """Let modules be imported anew, but for those of installed strategies, which are in use."""
    for name, file in modules.items():
        if brings_strategies(name):
            continue
        sys.modules.pop(name, None)
        forget_text(file)
        forget_data(file)
    importlib.invalidate_caches()


def _imported(name: str, fresh: set[str]) -> dict[str, Path]:
    """Return the modules behind a plug-in, also those that its text does not show."""
    modules = imported_files(name)
    if indirect := {other for other in fresh - set(modules) if _has_users_source(other)}:
        loaded_indirectly[name] = frozenset(indirect)
        modules = imported_files(name)
    for other, file in modules.items():
        loaded_text(file, other)  # read now, as they are imported now
    return modules


def _has_users_source(module: str) -> bool:
    file = users_file(module)
    return file is not None and file.suffix == ".py"


def _module_name(path: Path) -> str:
    """Return a name of its own for each path: two files may have the same name."""
    stem = re.sub(r"\W", "_", path.stem)
    return f"imbalance_bench_plugin_{stem}_{digest(str(path))[:8]}"
