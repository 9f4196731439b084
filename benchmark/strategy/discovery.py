"""Import the strategies of installed packages, the built-in ones among them.

A package brings strategies by an entry point in the group ``imbalance_bench.strategies``, which
names a module with functions decorated by `@strategy`.
"""

import sys
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location

from benchmark.strategy.located import BUILT_IN, GROUP
from benchmark.strategy.registration import STRATEGIES

DISTRIBUTION = "imbalance-bench"  # this project; its strategies come first

broken: dict[str, str] = {}  # a plug-in file or the module of an entry point -> its error
_started: set[str] = set()  # entry points of this process


def load_installed() -> None:
    """Import the strategies of installed packages, once in a process.

    A broken package does not stop the others: it is left out, and its error is kept in `broken`.

    Raises
    ------
    ValueError
        If this project is not installed, or a module of the user's own has the name of its package
        of strategies and is imported already.
    """
    if _started:
        return
    points = entry_points(group=GROUP)
    built_in = [point for point in points if point.dist and point.dist.name == DISTRIBUTION]
    if not built_in:
        raise ValueError(
            f"no strategies are known, because {DISTRIBUTION} is not installed, or an older "
            "version is; run `pip install -e .` in its folder"
        )
    for point in built_in:
        _load_built_in(point)
    _started.update(point.value for point in points)
    names = {point.value: _load(point) for point in points if point not in built_in}
    for module, registered in names.items():  # after all imports: one may build on another
        try:
            for name in registered:
                STRATEGIES.get(name).build_default()
        except (Exception, SystemExit) as error:
            broken[module] = f"{type(error).__name__}: {error}"
            for name in registered:
                STRATEGIES.remove(name)


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


def _load(point: EntryPoint) -> list[str]:
    """Return the names that an entry point registers; none if it is broken."""
    before = STRATEGIES.copy()
    try:
        point.load()
    except (Exception, SystemExit) as error:
        STRATEGIES.restore(before)
        broken[point.value] = f"{type(error).__name__}: {error}"
    return [name for name in STRATEGIES if name not in before]
