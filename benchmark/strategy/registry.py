"""Strategies by name: `focal_loss:gamma=1`, or a group of them as `all`."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from benchmark.spec import Registry, expand_values, format_spec, parse_parameters, split_specs
from benchmark.strategy.discovery import broken, load_built_in
from benchmark.strategy.fingerprint import fingerprint
from benchmark.strategy.registration import ALL, EVERY, STRATEGIES, StrategyEntry
from benchmark.strategy.replaced import replaced_sentence
from benchmark.strategy.search_space import LR_FACTOR, LR_FACTORS, SearchSpace
from benchmark.strategy.stage import STAGE_COMPONENTS, Strategy
from benchmark.system.error_text import error_text
from benchmark.system.isolation import is_failure_of_code


@dataclass(frozen=True)
class StrategySpec:
    """A strategy with the parameters that the user chose."""

    name: str  # with the parameters that differ from the defaults: focal_loss:gamma=1.0
    strategy: Strategy
    doc: str
    parameters: dict[str, Any]  # all of them
    # of a null row, see `benchmark.plan.null_row`: the strategy that it trains once more
    replicate_of: str | None = None


def registered() -> Registry[StrategyEntry]:
    """Return all strategies: the built-in ones, then those of plug-ins, which were named."""
    load_built_in()
    return STRATEGIES


def groups() -> dict[str, tuple[str, ...]]:
    """Return the groups: their names, and the names of the strategies in each.

    A strategy with a parameter that must be given is in none.
    """
    complete = {name: entry for name, entry in registered().items() if not entry.needs}
    members: dict[str, tuple[str, ...]] = {ALL: (), EVERY: tuple(complete)}
    for name, entry in complete.items():
        for group in entry.groups:
            members[group] = (*members.get(group, ()), name)
    return members


def resolve(names: str | Iterable[str]) -> list[StrategySpec]:
    """Return the strategies that the user named, each once.

    A name can be that of a group, and a parameter can have several values: `focal_loss:gamma=1,2`.

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


def require_fingerprints(specs: Iterable[StrategySpec]) -> None:
    """Raise ValueError, naming the strategy and its file, if a network of it could have no key.

    That is known before images are decoded. A decision is in no network's key.
    """
    for spec in specs:
        trainings = spec.strategy.trainings
        stages = [stage for training in trainings for stage in training.stages]
        parts = [getattr(stage, name) for stage in stages for name in STAGE_COMPONENTS]
        try:
            fingerprint([*(training.head for training in trainings), *parts])
        except BaseException as error:  # the text of a component is code of the user's
            if not is_failure_of_code(error):
                raise
            file = registered().get(spec.name.partition(":")[0]).file
            reason = error_text(error).removeprefix("ValueError: ")
            raise ValueError(f"strategy {spec.name} in {file}: {reason}") from error


def full_name(name: str) -> str:
    """Return the name that a run gives a strategy, as `focal_loss:gamma=1.0` for `gamma=1`.

    A name that is not that of one strategy stays as it is.
    """
    try:
        specs = resolve([name])
    except ValueError:
        return name
    return specs[0].name if len(specs) == 1 else name


def find(name: str, **parameters: Any) -> Strategy:
    """Return one strategy by name, to build another strategy on it."""
    return _find_spec(format_spec(name, parameters)).strategy


def _find_spec(text: str) -> StrategySpec:
    name, _, parameters = text.partition(":")
    hint = f"Groups: {', '.join(groups())}."
    hint += "".join(f" {file} is broken: {error}." for file, error in broken.items())
    entry = registered().get(name, aliases=groups(), hint=hint)
    return _make_spec(entry, parse_parameters(name, entry.build, parameters))


def _make_spec(entry: StrategyEntry, parameters: dict[str, Any]) -> StrategySpec:
    defaults = entry.defaults
    given = {**defaults, **parameters}
    changed = {key: given[key] for key in defaults if given[key] != defaults[key]}
    name = format_spec(entry.name, changed)
    try:
        strategy = entry.build_with(**changed)
    except BaseException as error:
        if not is_failure_of_code(error) or isinstance(error, ValueError):
            raise
        raise ValueError(f"{name} can't be built: {error_text(error)}") from error
    doc = "\n\n".join(filter(None, (entry.doc, _replaced_sentence(strategy, given.get("base")))))
    return StrategySpec(name, strategy, doc, {**defaults, **changed})


def _replaced_sentence(strategy: Strategy, base: Any) -> str:
    """Say what a strategy replaces of its base, which its parameter `base` names."""
    try:
        return replaced_sentence(strategy, find(base), base) if isinstance(base, str) else ""
    except ValueError:  # a parameter of this name that names no strategy
        return ""


def tunable(spec: StrategySpec, tune_lr: bool = False) -> dict[str, SearchSpace]:
    """Return the parameters to tune: those that can be tuned and that the user did not choose.

    With `tune_lr`, a factor on the learning rate is one of them, for every strategy: a baseline
    without parameters has as many trials as the others then, and the same of the recipe to gain.

    A null row has none: it takes those of the strategy that it repeats.
    """
    if spec.replicate_of:
        return {}
    name, _, parameters = spec.name.partition(":")
    chosen = {piece.partition("=")[0] for piece in parameters.split(",")}
    search = registered().get(name).search
    spaces = {key: values for key, values in search.items() if key not in chosen}
    return spaces | {LR_FACTOR: LR_FACTORS} if tune_lr else spaces


def with_parameters(spec: StrategySpec, **parameters: Any) -> StrategySpec:
    """Return the strategy with other parameters. It keeps its name.

    With `lr_factor`, all stages multiply the recipe's learning rates by it.
    """
    entry = registered().get(spec.name.partition(":")[0])
    made = replace(_make_spec(entry, {**spec.parameters, **parameters}), name=spec.name)
    if LR_FACTOR not in parameters:
        return made
    factor = parameters[LR_FACTOR]
    strategy = made.strategy.with_lr_factor(factor)
    return replace(made, strategy=strategy, parameters={**made.parameters, LR_FACTOR: factor})
