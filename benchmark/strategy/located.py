"""Where modules are, and which of them are neither Python's nor of an installed package."""

import functools
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

from benchmark.system.installed import BUILT_IN, is_installed

GROUP = "imbalance_bench.strategies"  # entry points of packages that bring strategies
# the user's own folder may be below /usr or a prefix, as in a container
SYSTEM = (
    *map(Path, ("/proc", "/sys", "/dev", "/etc", "/usr/lib", "/usr/share")),
    *(Path(prefix, name) for prefix in (sys.prefix, sys.base_prefix) for name in ("lib", "share")),
)


class Located(NamedTuple):
    """Where a module is."""

    file: Path | None  # None: a folder without __init__.py, or built into Python
    folders: tuple[str, ...] | None  # of its submodules; None if it is no package


def locate(module: str) -> Located | None:
    """Find a module without importing it; None if there is none."""
    if loaded := sys.modules.get(module):
        file, folders = getattr(loaded, "__file__", None), getattr(loaded, "__path__", None)
        return Located(  # torch.classes has any attribute
            Path(file) if isinstance(file, str) else None,
            tuple(map(str, folders)) if isinstance(folders, Iterable) else None,
        )
    parent = module.rpartition(".")[0]
    path: list[str] | None = None
    if parent:
        inside = locate(parent)
        if inside is None or inside.folders is None:
            return None
        path = list(inside.folders)
    for finder in sys.meta_path:
        try:
            spec = finder.find_spec(module, path)
        except (AttributeError, ImportError, ValueError):
            continue
        if spec is not None:
            file, folders = getattr(spec.loader, "path", None), spec.submodule_search_locations
            return Located(
                Path(file) if file else None, None if folders is None else tuple(folders)
            )
    return None


def is_followed(module: str, file: Path) -> bool:
    """Whether a file's code belongs into the key of who imports it."""
    if file.suffix != ".py" or file == BUILT_IN / "__init__.py":
        return False
    return is_users(file) or brings_strategies(module)


def brings_strategies(module: str) -> bool:
    """Whether a module is part of an installed package with strategies, as `strategies` is."""
    return module.partition(".")[0] in _packages_with_strategies()


def is_users(file: Path) -> bool:
    """Whether a file is neither part of Python, nor of an installed package, nor of this one."""
    if not file.is_absolute() or not file.is_file():  # torch.ops has a file of no folder
        return False
    return not is_installed(file)


def users_file(module: str) -> Path | None:
    """Return the file of a loaded module if it is the user's own."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file) if file is not None and is_users(Path(file)) else None


@functools.cache
def _packages_with_strategies() -> frozenset[str]:
    return frozenset(point.module.partition(".")[0] for point in entry_points(group=GROUP))


def is_users_module(module: str) -> bool:
    """Whether a module's code, or the folder that it is, belongs into keys."""
    located = locate(module)
    if located is None or located.file is None:
        return located is not None and located.folders is not None
    return is_followed(module, located.file)
