"""The decorator `@strategy`, and what it registers."""

import functools
import inspect
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, overload

from benchmark.spec import Registry, check_name
from benchmark.strategy.search_space import LR_FACTOR, SearchSpace
from benchmark.strategy.stage import Strategy
from benchmark.system.isolation import isolated
from benchmark.system.library_messages import is_users

ALL, EVERY = "all", "every"  # the default group, and the group of all that is registered

Build = TypeVar("Build", bound="Callable[..., Strategy]")


@dataclass(frozen=True)
class StrategyEntry:
    """One registered strategy."""

    name: str
    build: Callable[..., Strategy]
    doc: str
    search: dict[str, SearchSpace]  # values to try, by the parameters that can be tuned
    groups: tuple[str, ...]  # names that stand for several strategies, this one among them
    needs: tuple[str, ...] = ()  # parameters that must be given; groups leave such a strategy out

    @property
    def file(self) -> Path:
        """The file that has the function."""
        return Path(self.build.__code__.co_filename)

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return self.doc.split("\n", 1)[0]

    @property
    def defaults(self) -> dict[str, Any]:
        """Hyper-parameters and their defaults."""
        parameters = inspect.signature(self.build).parameters.values()
        return {parameter.name: parameter.default for parameter in parameters}

    def build_default(self) -> Strategy:
        """Build the strategy with its defaults; see `build_with`."""
        return self.build_with()

    def build_with(self, **parameters: Any) -> Strategy:
        """Build the strategy with these parameters.

        Raises
        ------
        ValueError
            If the function returns no `Strategy`, or a parameter that it needs is not given. Errors
            of the function itself are passed on.
        """
        if missing := [name for name in self.needs if name not in parameters]:
            example = ",".join(f"{name}=…" for name in missing)
            raise ValueError(f"{self.name} needs {' and '.join(missing)}: {self.name}:{example}")
        with isolated() if is_users(str(self.file)) else nullcontext():
            strategy = self.build(**parameters)
        if not isinstance(strategy, Strategy):
            kind = type(strategy).__name__
            raise ValueError(f"{self.name} returned an object of type {kind}; return a Strategy")
        return strategy


STRATEGIES = Registry[StrategyEntry]("strategy")


@overload
def strategy(build: Build, /) -> Build: ...
@overload
def strategy(
    *, groups: tuple[str, ...] = (ALL,), needs: tuple[str, ...] = (), **search: SearchSpace
) -> Callable[[Build], Build]: ...
def strategy(
    build: Build | None = None,
    /,
    *,
    groups: tuple[str, ...] = (ALL,),
    needs: tuple[str, ...] = (),
    **search: SearchSpace,
) -> Build | Callable[[Build], Build]:
    """Register a function that returns a `Strategy`; use it as a decorator.

    The function's name is the strategy's name, its arguments are the hyper-parameters, and its
    docstring is the text in reports.

    Parameters
    ----------
    groups
        Names that select the strategy together with others, as ``--strategies losses``. The
        default is the group ``all``. Every strategy is in the group ``every`` as well.
    needs
        Parameters that have no default that would do, as a file's name. Groups leave the strategy
        out.
    **search
        The values to try when a parameter is tuned: ``@strategy(gamma=Between(0.5, 5))``.

    Raises
    ------
    ValueError
        If the function has no docstring, a parameter has no default or one that is not among the
        values to try, or a name is taken or is one that the command line can't select.
    """
    register = functools.partial(_register, search=search, groups=groups, needs=needs)
    return register if build is None else register(build)


def _register(
    build: Build,
    search: dict[str, SearchSpace],
    groups: tuple[str, ...],
    needs: tuple[str, ...],
) -> Build:
    name, doc = build.__name__, inspect.getdoc(build)
    if not doc:
        raise ValueError(f"strategy {name!r} needs a docstring: reports show it")
    entry = StrategyEntry(name, build, doc, search, groups, needs)
    empty = inspect.Parameter.empty
    if without := [key for key, default in entry.defaults.items() if default is empty]:
        raise ValueError(f"strategy {name!r}: every parameter needs a default, missing: {without}")
    if LR_FACTOR in entry.defaults:
        raise ValueError(
            f"strategy {name!r}: {LR_FACTOR} is the factor on the recipe's learning rates that "
            "`--tune` tries for every strategy; use another name"
        )
    for key, values in search.items():
        if key not in entry.defaults or entry.defaults[key] not in values:
            raise ValueError(
                f"strategy {name!r}: {key} is to be tuned over {values}, so {key} must be a "
                f"parameter with one of these values as its default; it has {entry.defaults}"
            )
    if not isinstance(groups, tuple) or not groups or EVERY in groups:
        raise ValueError(
            f"strategy {name!r}: groups must be a tuple of names, as ('losses',), and may not "
            f"contain {EVERY!r}, which every strategy is in; got {groups!r}"
        )
    for group in groups:
        check_name("group of strategies", group)
    known = {EVERY, ALL, *groups}.union(*(other.groups for other in STRATEGIES.values()))
    if clash := known & {name, *STRATEGIES}:
        raise ValueError(
            f"strategy {name!r}: {', '.join(sorted(clash))} would be the name of a group and of a "
            "strategy; use another name"
        )
    STRATEGIES.register(name, entry, build)
    return build
