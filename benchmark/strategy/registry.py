"""Strategies by name: `focal_loss:gamma=1`, groups as `all`, and those a user brings.

A strategy is a function decorated with `@strategy`; its arguments are its hyper-parameters, its
docstring is the text that the report shows. Found are the modules of the package `strategies`,
files given with `--plugin`, and installed packages' entry points `imbalance_bench.strategies`.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import itertools
import pkgutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from benchmark.parameters import parse_parameters

if TYPE_CHECKING:
    from benchmark.strategy.timeline import Strategy

Build = TypeVar("Build", bound="Callable[..., Strategy]")
_entries: dict[str, Entry] = {}
_plugins: dict[Path, int] = {}  # files loaded with load_plugin, and when they were changed


@dataclass(frozen=True)
class Entry:
    """One registered strategy."""

    name: str
    build: Callable[..., Strategy]
    doc: str

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return self.doc.split("\n", 1)[0]

    @property
    def defaults(self) -> dict[str, Any]:
        """Hyper-parameters and their defaults."""
        parameters = inspect.signature(self.build).parameters.values()
        return {parameter.name: parameter.default for parameter in parameters}


@dataclass(frozen=True)
class Asked:
    """A strategy as asked for: its full name with the parameters that differ from the defaults."""

    name: str
    strategy: Strategy
    doc: str
    parameters: dict[str, Any]


def strategy(build: Build) -> Build:
    """Register a function that returns a `Strategy`; use it as a decorator.

    Raises:
        ValueError: if it has no docstring, a parameter has no default, or the name is taken.
    """
    name, doc = build.__name__, inspect.getdoc(build)
    if not doc:
        raise ValueError(f"strategy {name!r} needs a docstring: it is the text that reports show")
    entry = Entry(name, build, doc)
    without = [key for key, default in entry.defaults.items() if default is inspect.Parameter.empty]
    if without:
        raise ValueError(f"strategy {name!r}: every parameter needs a default, missing: {without}")
    if name in ("all", "every", *importlib.import_module("strategies").GROUPS):
        raise ValueError(
            f"{name!r} is the name of a group; give the strategy another function name"
        )
    if name in _entries and _entries[name].build.__module__ != build.__module__:
        raise ValueError(
            f"there is a strategy {name!r} already, in {_file_of(_entries[name].build)}; "
            f"give the one in {_file_of(build)} another function name"
        )
    _entries[name] = entry
    return build


def registered() -> dict[str, Entry]:
    """Return all strategies by name: the mission's in its order, then the others."""
    package = importlib.import_module("strategies")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"strategies.{module.name}")
    for point in importlib.metadata.entry_points(group="imbalance_bench.strategies"):
        point.load()
    listed = dict.fromkeys([*package.MISSION, *itertools.chain(*package.GROUPS.values())])
    order = {name: position for position, name in enumerate(listed)}
    return dict(sorted(_entries.items(), key=lambda item: order.get(item[0], len(order))))


def groups() -> dict[str, tuple[str, ...]]:
    """Return the names that stand for several strategies, and those that they stand for."""
    package, entries = importlib.import_module("strategies"), registered()
    brought = [
        name
        for name, entry in entries.items()
        if not entry.build.__module__.startswith("strategies.")
    ]
    mission = tuple(dict.fromkeys([*package.MISSION, *brought]))
    return {"all": mission, "every": tuple(entries), **package.GROUPS}


def load_plugin(file: str | Path) -> None:
    """Register the strategies of one Python file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it can't be imported, with its own error, or registers nothing.
    """
    path = Path(file).resolve()
    if not path.is_file():
        raise FileNotFoundError(f"--plugin {file}: no such file")
    place = hashlib.sha256(str(path).encode()).hexdigest()[:8]  # two files may be called the same
    name = f"imbalance_bench_plugin_{path.stem}_{place}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"--plugin {file}: not a Python file (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    before = set(registered())  # ours first: a clash of names is the plug-in's to mend
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ValueError(f"--plugin {file}: {type(error).__name__}: {error}") from error
    ours = {entry.name for entry in _entries.values() if entry.build.__module__ == name}
    if not ours and set(_entries) == before:
        raise ValueError(f"--plugin {file}: no function in it is decorated with @strategy")
    _plugins[path] = path.stat().st_mtime_ns


def _file_of(build: Callable[..., Strategy]) -> str:
    return Path(build.__code__.co_filename).name


class Plugins:
    """The plug-in files of this process; to unpickle it in another process loads them there."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the list of files."""
        return _load_plugins, (dict(_plugins),)


def _load_plugins(files: dict[Path, int]) -> None:
    for file, changed in files.items():
        if _plugins.get(file) != changed:
            load_plugin(file)


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


def resolve(names: str | Iterable[str]) -> list[Asked]:
    """Look strategies up by name, by the name of a group, or by several values of a parameter.

    Raises:
        ValueError: for an unknown name, parameter or value, or an empty list.
    """
    asked: dict[str, Asked] = {}
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


def _look_up(text: str) -> Asked:
    name, _, rest = text.partition(":")
    entries = registered()
    if name not in entries:
        close = difflib.get_close_matches(name, [*entries, *groups()], n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"unknown strategy {name!r}.{hint} Known: {', '.join(entries)}. "
            f"Groups: {', '.join(groups())}"
        )
    entry = entries[name]
    given = parse_parameters(name, entry.build, rest)
    chosen = {
        key: given[key]
        for key, default in entry.defaults.items()
        if given.get(key, default) != default
    }
    shown = ",".join(f"{key}={value}" for key, value in chosen.items())
    full = f"{name}:{shown}" if shown else name
    return Asked(full, entry.build(**chosen), entry.doc, {**entry.defaults, **chosen})
