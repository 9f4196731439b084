"""Modules in the folders of plug-ins: importable, but never in place of an installed package."""

import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import cast

from benchmark.strategy.imported_files import text_to_run
from benchmark.strategy.located import is_users


class UncachedLoader(SourceFileLoader):
    """Compiles the text itself: bytecode misses an edit within a second that keeps the size."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of a module, of the text that its fingerprint is made of."""
        text = text_to_run(Path(self.path), fullname)
        return cast(CodeType, self.source_to_code(text, self.path))


class ModulesBeside:
    """Finds modules in the folders of plug-ins, after everything that is installed."""

    def __init__(self) -> None:
        self.folders: list[str] = []

    def search(self, folders: Iterable[str]) -> None:
        """Search these folders first."""
        self.folders = list(dict.fromkeys([*folders, *self.folders]))
        if self not in sys.meta_path:
            sys.meta_path.append(self)

    def find_spec(
        self, name: str, path: object = None, _target: object = None
    ) -> ModuleSpec | None:
        """Return where a module of the top level is, for the import system."""
        spec = PathFinder.find_spec(name, self.folders) if path is None else None
        if spec and isinstance(spec.loader, SourceFileLoader):
            spec.loader = UncachedLoader(name, spec.loader.path)
        return spec


beside = ModulesBeside()


@contextmanager
def importing_beside(path: Path) -> Iterator[None]:
    """Let a plug-in import files of its own, of which no bytecode is left in the user's folders."""
    folders = [path.parent]
    while (folders[-1] / "__init__.py").is_file():
        folders.append(folders[-1].parent)
    with suppress(OSError):  # the working folder is gone
        folders.append(Path.cwd())
    beside.search(map(str, folders))
    importlib.invalidate_caches()
    writes = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes


def check_names_beside(path: Path, plugins: Mapping[Path, Mapping[str, Path]]) -> None:
    """Refuse two modules of one name, of this plug-in and of another.

    Parameters
    ----------
    plugins
        Of each plug-in that is loaded the modules that it imports, by name.

    Raises
    ------
    ValueError
        If a file beside this plug-in has the name of a module from elsewhere.
    """
    for name, file in plugins[path].items():
        beside_it = (path.parent / f"{name}.py", path.parent / name / "__init__.py")
        rivals = [own for own in beside_it if "." not in name and own.is_file() and is_users(file)]
        for rival in (*rivals, *(modules.get(name, file) for modules in plugins.values())):
            if not rival.samefile(file):
                raise ValueError(
                    f"it imports {name}, which is {file} in this process, beside {rival}; a "
                    "process can have one module of a name: rename one of the two files, or "
                    "start Python anew"
                )


def import_hint(error: BaseException, path: Path) -> str:
    """Return what to do about an import that can't work as it is written."""
    if not isinstance(error, ImportError):
        return ""
    if "no known parent package" in str(error):
        return "; import a file beside a plug-in by its name alone, without a dot before it"
    name = (error.name or "").partition(".")[0]
    loaded = getattr(sys.modules.get(name), "__file__", None)
    for own in (path.parent / f"{name}.py", path.parent / name):
        if name and loaded and own.exists() and own != path and not own.samefile(loaded):
            return f"; {own} is hidden by the module {name} of {loaded}: rename yours"
    return ""
