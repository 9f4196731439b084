"""Strategies by name: `focal_loss:gamma=1`, or a group of them as `all`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from benchmark.spec import Registry, expand_values, format_spec, parse_parameters, split_specs
from benchmark.strategy.discovery import broken, load_installed
from benchmark.strategy.registration import ALL, EVERY, STRATEGIES, StrategyEntry
from benchmark.strategy.search_space import SearchSpace
from benchmark.strategy.stage import Strategy


@dataclass(frozen=True)
class StrategySpec:
    """A strategy with the parameters that the user chose.

    Attributes
    ----------
    name
        With the parameters that differ from the defaults: ``focal_loss:gamma=1.0``.
    parameters
        All of them, by name.
    """

    name: str
    strategy: Strategy
    doc: str
    parameters: dict[str, Any]


def registered() -> Registry[StrategyEntry]:
    """Return all strategies: the built-in ones, then those of other packages and of plug-ins."""
    load_installed()
    return STRATEGIES


def groups() -> dict[str, tuple[str, ...]]:
    """Return the names that stand for several strategies, and the strategies' names."""
    members: dict[str, tuple[str, ...]] = {ALL: (), EVERY: tuple(registered())}
    for name, entry in registered().items():
        for group in entry.groups:
            members[group] = (*members.get(group, ()), name)
    return members


def resolve(names: str | Iterable[str]) -> list[StrategySpec]:
    """Return the strategies that the user named, each once.

    A name can be that of a group, and a parameter can have several values.

    Raises
    ------
    ValueError
        If a name, parameter or value is unknown, or if there is no name.
    """
    specs: dict[str, StrategySpec] = {}
    for name in split_specs(names) if isinstance(names, str) else names:
        for text in groups().get(name) or expand_values(name):
            spec = _find_spec(text)
            specs.setdefault(spec.name, spec)
    if not specs:
        raise ValueError("no strategy is named; use --strategies all, or names from `list`")
    return list(specs.values())


def find(name: str, **parameters: Any) -> Strategy:
    """Return one strategy by name, to build another strategy on it.

    Raises
    ------
    ValueError
        If the name, a parameter or a value is unknown.
    """
    return _find_spec(format_spec(name, parameters)).strategy


def _find_spec(text: str) -> StrategySpec:
    name, _, parameters = text.partition(":")
    listed = " ".join(
        [
            f"Groups: {', '.join(groups())}.",
            *(f"{file} is broken: {error}." for file, error in broken.items()),
        ]
    )
    entry = registered().get(name, aliases=groups(), hint=listed)
    return _make_spec(entry, parse_parameters(name, entry.build, parameters))


def _make_spec(entry: StrategyEntry, parameters: dict[str, Any]) -> StrategySpec:
    changed = {
        key: parameters[key]
        for key, default in entry.defaults.items()
        if parameters.get(key, default) != default
    }
    return StrategySpec(
        format_spec(entry.name, changed),
        entry.build(**changed),
        entry.doc,
        {**entry.defaults, **changed},
    )


def tunable(spec: StrategySpec) -> dict[str, SearchSpace]:
    """Return the parameters to tune: those that can be tuned and that the user did not choose."""
    name, _, parameters = spec.name.partition(":")
    chosen = {piece.partition("=")[0] for piece in parameters.split(",")}
    search = registered().get(name).search
    return {key: values for key, values in search.items() if key not in chosen}


def with_parameters(spec: StrategySpec, **parameters: Any) -> StrategySpec:
    """Return the strategy with other parameters. It keeps its name.

    Raises
    ------
    ValueError
        If a value is not allowed.
    """
    entry = registered().get(spec.name.partition(":")[0])
    return replace(_make_spec(entry, {**spec.parameters, **parameters}), name=spec.name)
