"""Which files are Python's, an installed package's or this package's, and not the user's own."""

import functools
import site
import sysconfig
from pathlib import Path

import benchmark

OURS = Path(benchmark.__file__).parent
BUILT_IN = OURS.parent / "strategies"
INSTALLED = frozenset(("site-packages", "dist-packages"))


def is_installed(file: Path) -> bool:
    """Tell whether a file, by its absolute path, belongs to Python, to a package or to this one."""
    return _is_installed_folder(file.parent)


@functools.cache
def _is_installed_folder(folder: Path) -> bool:
    # by name also those of another environment, which a .pth file may bring
    return not INSTALLED.isdisjoint(folder.parts) or any(map(folder.is_relative_to, _folders()))


@functools.cache
def _folders() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = {sysconfig.get_path(name) for name in names} | {site.getusersitepackages()}
    folders |= {*site.getsitepackages(), str(OURS), str(BUILT_IN)}
    both = {path for folder in folders if folder for path in (Path(folder), Path(folder).resolve())}
    return tuple(sorted(both))
