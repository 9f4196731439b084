"""Import the built-in strategies, and those of an installed package that the user names.

A package brings strategies by an entry point in the group ``imbalance_bench.strategies``, which
names a module with functions decorated by `@strategy`. What is installed for another purpose runs
no code here: a package is imported only when it is named.
"""

import sys
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location

from benchmark.strategy.located import BUILT_IN, GROUP
from benchmark.strategy.registration import STRATEGIES
from benchmark.system.error_text import error_text
from benchmark.system.isolation import is_failure_of_code, isolated

DISTRIBUTION = "imbalance-bench"  # this project

broken: dict[str, str] = {}  # a plug-in file or package -> its error
packages: dict[str, list[str]] = {}  # those that were named -> the strategies that they brought
_started: set[str] = set()  # entry points of this project


def load_built_in() -> None:
    """Import the built-in strategies, once in a process.

    Raises
    ------
    ValueError
        If this project is not installed, or a module of the user's own has the name of its package
        of strategies and is imported already.
    """
    if _started:
        return
    built_in = [point for point in entry_points(group=GROUP) if _is_ours(point)]
    if not built_in:
        raise ValueError(
            f"no strategies are known, because {DISTRIBUTION} is not installed, or an older "
            "version is; run `pip install -e .` in its folder"
        )
    for point in built_in:
        _load_built_in(point)
    _started.update(point.value for point in built_in)


def installed_packages() -> dict[str, EntryPoint]:
    """Return the entry points of other packages that bring strategies, by name; none is imported.

    An entry point has a name of its own and that of its package, unless its metadata are broken.
    """
    points = [point for point in entry_points(group=GROUP) if not _is_ours(point)]
    of_packages = {point.dist.name: point for point in points if point.dist and point.dist.name}
    return of_packages | {point.name: point for point in points}


def load_package(name: str) -> None:
    """Import the strategies of an installed package, all of them or none, once in a process.

    Raises
    ------
    ValueError
        If it can't be imported, or a strategy can't be built with its defaults.
    """
    if name in packages:
        return
    load_built_in()  # the built-in ones first: they keep their names
    before = STRATEGIES.copy()
    try:
        with isolated(is_import=True):
            installed_packages()[name].load()
        registered = [each for each in STRATEGIES if each not in before]
        for each in registered:
            STRATEGIES.get(each).build_default()
    except BaseException as error:  # a module may end with sys.exit
        STRATEGIES.restore(before)
        if not is_failure_of_code(error):
            raise
        raise ValueError(f"plug-in {name}: {error_text(error)}") from error
    packages[name] = registered


def _is_ours(point: EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == DISTRIBUTION


def _load_built_in(point: EntryPoint) -> None:
    """Import the package beside `benchmark`: a user's file may have its name, earlier on the path.

    Raises ValueError if that file is imported already, since a process has one module of a name.
    """
    name, file = point.module, BUILT_IN / "__init__.py"
    loaded = sys.modules.get(name)
    if not file.is_file():  # another layout
        point.load()
        return
    if loaded is not None:
        path = getattr(loaded, "__file__", None) or ", ".join(getattr(loaded, "__path__", ()))
        if path != str(file):
            raise ValueError(
                f"this process has imported {path} as {name!r}, which is the name of the package "
                "with the built-in strategies; rename your file or folder and start Python anew"
            )
        return
    spec = spec_from_file_location(name, file, submodule_search_locations=[str(file.parent)])
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
