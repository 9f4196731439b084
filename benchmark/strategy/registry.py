"""Strategies by name: `focal_loss:gamma=1`, groups as `all`, and those a user brings.

A strategy is a function decorated with `@strategy`; its arguments are its hyper-parameters, its
docstring is the text that the report shows. Found are the modules of the package `strategies`,
installed packages' entry points `imbalance_bench.strategies`, and files (see `benchmark.plugins`).
"""

from __future__ import annotations

import difflib
import functools
import importlib
import importlib.metadata
import inspect
import itertools
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, overload

from benchmark.spec import parse_parameters
from benchmark.strategy.search_space import SearchSpace
from benchmark.strategy.stage import Strategy

Build = TypeVar("Build", bound="Callable[..., Strategy]")
entries: dict[str, Entry] = {}
broken: dict[str, str] = {}  # a plug-in's file, or the name of its entry point -> its error
_met: set[str] = set()  # entry points that have been loaded, or tried


@dataclass(frozen=True)
class Entry:
    """One registered strategy."""

    name: str
    build: Callable[..., Strategy]
    doc: str
    search: dict[str, SearchSpace]  # parameters that can be tuned

    @property
    def file(self) -> Path:
        """Where it is written."""
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

    def built(self) -> Strategy:
        """Build it with its defaults.

        Raises:
            ValueError: if what its function returns is no `Strategy`; and whatever that raises.
        """
        one = self.build()
        if not isinstance(one, Strategy):
            raise ValueError(f"{self.name} returned {one!r}; return a Strategy")
        return one


@dataclass(frozen=True)
class StrategySpec:
    """A strategy as asked for: its full name with the parameters that differ from the defaults."""

    name: str
    strategy: Strategy
    doc: str
    parameters: dict[str, Any]


@overload
def strategy(build: Build, /) -> Build: ...
@overload
def strategy(**search: SearchSpace) -> Callable[[Build], Build]: ...
def strategy(
    build: Build | None = None, /, **search: SearchSpace
) -> Build | Callable[[Build], Build]:
    """Register a function that returns a `Strategy`; use it as a decorator.

    `@strategy(gamma=Between(0.5, 5))` says as well where a better value of a parameter is to be
    looked for when it is tuned.

    Raises:
        ValueError: if it has no docstring, a parameter has no default or one that is not among the
            values to be tried, or the name is taken.
    """
    if build is None:
        return functools.partial(_register, search=search)
    return _register(build, search)


def _register(build: Build, search: dict[str, SearchSpace]) -> Build:
    name, doc = build.__name__, inspect.getdoc(build)
    if not doc:
        raise ValueError(f"strategy {name!r} needs a docstring: it is the text that reports show")
    entry = Entry(name, build, doc, search)
    without = [key for key, default in entry.defaults.items() if default is inspect.Parameter.empty]
    if without:
        raise ValueError(f"strategy {name!r}: every parameter needs a default, missing: {without}")
    for key, values in search.items():
        if key not in entry.defaults or entry.defaults[key] not in values:
            raise ValueError(
                f"strategy {name!r}: {key} is to be tuned over {values}, which must be one of its "
                f"parameters, with its default among the values; it has {entry.defaults}"
            )
    if name in ("all", "every", *importlib.import_module("strategies").GROUPS):
        raise ValueError(
            f"{name!r} is the name of a group; give the strategy another function name"
        )
    if name in entries and entries[name].build.__module__ != build.__module__:
        raise ValueError(
            f"there is a strategy {name!r} already, in {entries[name].file.name}; "
            f"give the one in {entry.file.name} another function name"
        )
    entries[name] = entry
    return build


def registered() -> dict[str, Entry]:
    """Return all strategies by name: the mission's in its order, then the others."""
    package = importlib.import_module("strategies")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"strategies.{module.name}")
    _load_packages()
    listed = dict.fromkeys([*package.MISSION, *itertools.chain(*package.GROUPS.values())])
    order = {name: position for position, name in enumerate(listed)}
    return dict(sorted(entries.items(), key=lambda item: order.get(item[0], len(order))))


def _load_packages() -> None:
    """Import installed packages' strategies; what is broken there stops nothing here."""
    points = importlib.metadata.entry_points(group="imbalance_bench.strategies")
    fresh = [point for point in points if point.value not in _met]
    _met.update(point.value for point in fresh)
    brought: dict[str, list[str]] = {}
    for point in fresh:
        before = dict(entries)
        try:
            point.load()
        except (Exception, SystemExit) as error:
            entries.clear()
            entries.update(before)
            broken[point.value] = f"{type(error).__name__}: {error}"
        else:
            brought[point.value] = [name for name in entries if name not in before]
    for value, names in brought.items():  # after all are there: one may build on another's
        try:
            for name in names:
                entries[name].built()
        except (Exception, SystemExit) as error:
            for name in names:
                del entries[name]
            broken[value] = f"{type(error).__name__}: {error}"


def forget(module: str) -> None:
    """Take the strategies of a module out."""
    for name in [n for n, entry in entries.items() if entry.build.__module__ == module]:
        del entries[name]


def groups() -> dict[str, tuple[str, ...]]:
    """Return the names that stand for several strategies, and those that they stand for."""
    package, known = importlib.import_module("strategies"), registered()
    brought = [
        name
        for name, entry in known.items()
        if not entry.build.__module__.startswith("strategies.")
    ]
    mission = tuple(dict.fromkeys([*package.MISSION, *brought]))
    return {"all": mission, "every": tuple(known), **package.GROUPS}


def names_in(text: str) -> list[str]:
    """Split `a,b:param=1,other=2,3` at the commas that begin a new strategy.

    A piece that is no name, as the 3, is one more value of the parameter before it.
    """
    names: list[str] = []
    for piece in filter(None, (part.strip() for part in text.split(","))):
        begins = piece.split(":", 1)[0]
        if "=" in begins and not names:
            raise ValueError(f"{piece!r} stands before any strategy in {text!r}")
        if "=" in begins:  # a further parameter of the strategy before it
            names[-1] += ("," if ":" in names[-1] else ":") + piece
        elif names and ":" in names[-1] and not begins.isidentifier():
            names[-1] += "," + piece
        else:
            names.append(piece)
    return names


def _each(name: str) -> list[str]:
    """`focal_loss:gamma=1,2` -> `focal_loss:gamma=1` and `focal_loss:gamma=2`."""
    strategy, _, rest = name.partition(":")
    parameters: list[list[str]] = []
    for piece in filter(None, rest.split(",")):
        if "=" in piece or not parameters:
            parameters.append([piece])
        else:
            parameter, _, _ = parameters[-1][0].rpartition("=")
            parameters[-1].append(f"{parameter}={piece}")
    return [
        f"{strategy}:{','.join(chosen)}" if chosen else name
        for chosen in itertools.product(*parameters)
    ]


def resolve(names: str | Iterable[str]) -> list[StrategySpec]:
    """Look strategies up by name, by the name of a group, or by several values of a parameter.

    Raises:
        ValueError: for an unknown name, parameter or value, or an empty list.
    """
    asked: dict[str, StrategySpec] = {}
    for name in names_in(names) if isinstance(names, str) else names:
        for single in groups().get(name) or _each(name):
            one = _look_up(single)
            asked.setdefault(one.name, one)
    if not asked:
        raise ValueError("no strategy was asked for; use --strategies all, or names from `list`")
    return list(asked.values())


def find(name: str, **parameters: Any) -> Strategy:
    """Return one strategy by name, for strategies that build on another.

    Raises:
        ValueError: for an unknown name, parameter or value.
    """
    if not parameters:
        return _look_up(name).strategy
    given = ",".join(f"{key}={value}" for key, value in parameters.items())
    return _look_up(f"{name}:{given}").strategy


def _look_up(text: str) -> StrategySpec:
    name, _, rest = text.partition(":")
    known = registered()
    if name not in known:
        close = difflib.get_close_matches(name, [*known, *groups()], n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        hint += "".join(f" {file} is broken: {error}." for file, error in broken.items())
        raise ValueError(
            f"unknown strategy {name!r}.{hint} Known: {', '.join(known)}. "
            f"Groups: {', '.join(groups())}"
        )
    entry = known[name]
    return _with(entry, parse_parameters(name, entry.build, rest))


def _with(entry: Entry, given: dict[str, Any]) -> StrategySpec:
    chosen = {
        key: given[key]
        for key, default in entry.defaults.items()
        if given.get(key, default) != default
    }
    shown = ",".join(f"{key}={value}" for key, value in chosen.items())
    full = f"{entry.name}:{shown}" if shown else entry.name
    return StrategySpec(full, entry.build(**chosen), entry.doc, {**entry.defaults, **chosen})


def tunable(asked: StrategySpec) -> dict[str, SearchSpace]:
    """Return the parameters that can be tuned, without those that were asked for."""
    name, _, given = asked.name.partition(":")
    fixed = {piece.partition("=")[0] for piece in given.split(",")}
    return {key: one for key, one in registered()[name].search.items() if key not in fixed}


def with_parameters(asked: StrategySpec, **chosen: Any) -> StrategySpec:
    """Return a strategy with other parameters; it keeps its name.

    Raises:
        ValueError: for a value that is not allowed.
    """
    entry = registered()[asked.name.partition(":")[0]]
    return replace(_with(entry, {**asked.parameters, **chosen}), name=asked.name)
