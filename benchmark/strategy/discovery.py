"""Import the strategies of installed packages, the built-in ones among them.

A package brings strategies by an entry point in the group ``imbalance_bench.strategies``, which
names a module with functions decorated by `@strategy`.
"""

from importlib.metadata import EntryPoint, entry_points

from benchmark.strategy.registration import STRATEGIES

GROUP = "imbalance_bench.strategies"
DISTRIBUTION = "imbalance-bench"  # this project; its strategies come first

broken: dict[str, str] = {}  # a plug-in file or the module of an entry point -> its error
_started: set[str] = set()  # entry points of this process


def load_installed() -> None:
    """Import the strategies of installed packages, once in a process.

    A broken package does not stop the others: it is left out, and its error is kept in `broken`.

    Raises
    ------
    ValueError
        If this project is not installed.
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
    _started.update(point.value for point in points)
    for point in built_in:
        point.load()
    names = {point.value: _load(point) for point in points if point not in built_in}
    for module, registered in names.items():  # after all imports: one may build on another
        try:
            for name in registered:
                STRATEGIES.get(name).build_default()
        except (Exception, SystemExit) as error:
            broken[module] = f"{type(error).__name__}: {error}"
            for name in registered:
                STRATEGIES.remove(name)


def _load(point: EntryPoint) -> list[str]:
    """Return the names that an entry point registers; none if it is broken."""
    before = STRATEGIES.copy()
    try:
        point.load()
    except (Exception, SystemExit) as error:
        STRATEGIES.restore(before)
        broken[point.value] = f"{type(error).__name__}: {error}"
    return [name for name in STRATEGIES if name not in before]
