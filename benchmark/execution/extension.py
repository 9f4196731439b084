"""One more strategy or seed for the run that a folder holds: the report gets all of them.

A grid of strategies and seeds stays complete, and what is stored is not trained again.
"""

from collections.abc import Sequence
from typing import TypeVar

from benchmark.execution.executor import Executor
from benchmark.execution.manifest_schema import RunManifest
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.null_row import neutral_strategy
from benchmark.strategy.registry import StrategySpec, resolve
from benchmark.system.provenance import environment
from benchmark.system.text import first_names, pluralize

MOST_NAMED = 6  # strategies

T = TypeVar("T")


def extend(wanted: Sequence[T], stored: Sequence[T]) -> list[T]:
    """Return what is wanted, in its order, if that is all; else what is stored, then the new.

    >>> extend([2, 1, 0], [0, 1]), extend([2, 0], [0, 1])
    ([2, 1, 0], [0, 1, 2])
    """
    if set(stored) <= set(wanted):
        return list(wanted)
    return [*stored, *(item for item in wanted if item not in stored)]


def extend_strategies(
    wanted: Sequence[StrategySpec], folder: RunFolder, stored: RunManifest
) -> list[StrategySpec]:
    """Return the strategies that are wanted and those of the run in the folder.

    Raises ValueError if one of these can't be built now, see `stored_strategies`.
    """
    before = stored_strategies(folder, stored)
    by_name = {spec.name: spec for spec in (*before, *wanted)}
    names = extend([spec.name for spec in wanted], [spec.name for spec in before])
    return [by_name[name] for name in names]


def stored_strategies(folder: RunFolder, stored: RunManifest) -> list[StrategySpec]:
    """Return the strategies of the run in a folder, without the null row, which a plan adds anew.

    Raises
    ------
    ValueError
        If one can't be built now. Without it the report would lose a row, and its row could not be
        made anew.
    """
    specs = []
    for name in (strategy.name for strategy in stored.competing):
        try:
            specs += resolve([name])
        except ValueError as error:
            lines = [line for line in (stored.command or "").splitlines() if "--plugin" in line]
            command = f", as in `{lines[-1]}`" if lines else ""
            raise ValueError(
                f"{folder.path} holds the same experiment with {name}, which can't be built now: "
                f"{str(error).rstrip('.')}. Put back what it needs, a strategy of a file by "
                f"--plugin{command}; choose another --out; or remove {folder.run_file} to go on "
                "without it: networks that are stored stay"
            ) from None
    return specs


def extension_note(
    folder: RunFolder, stored: RunManifest, wanted: Sequence[StrategySpec], seeds: Sequence[int]
) -> str:
    """Return what stays in the report though it was not asked for; '' for nothing."""
    names = [strategy.name for strategy in stored.competing]
    if set(names) <= {spec.name for spec in wanted} and set(stored.seeds) <= set(seeds):
        return ""
    noun = "seed" if len(stored.seeds) == 1 else "seeds"
    return (
        f"{folder.path} holds the same experiment with {first_names(names, MOST_NAMED)}, {noun} "
        f"{', '.join(map(str, stored.seeds))}: they stay in the report"
    )


def no_null_note(stored: RunManifest) -> str:
    """Return that a null row is stored which the report will lack; '' if none is."""
    names = [strategy.name for strategy in stored.strategies if strategy.is_null]
    if not names:
        return ""
    return (
        f"--no-null leaves {names[0]} out of the report, and with it the noise floor; its network "
        "stays stored"
    )


def retraining_note(executor: Executor, stored: RunManifest) -> str:
    """Return which stored networks the plan trains anew, since they were made by other code.

    A search for parameters plans other networks than it ends with, so nothing is known before it.
    """
    pairs = {
        key: executor.plan.networks[strategy.name, seed]
        for strategy in stored.strategies
        for seed, key in strategy.networks.items()
        # a null row may be left out now, or be that of another baseline
        if (strategy.name, seed) in executor.plan.networks
        and executor.outputs.manifest_file(key).exists()
    }
    keys = {  # in place of an ensemble, which is not trained, its members
        member: member_now
        for key, now in pairs.items()
        for member, member_now in zip(
            executor.outputs.members_of(key), executor.plan.members_of(now), strict=False
        )
    }
    outdated = sum(  # code that is again what it once was finds its network
        key != now and not executor.outputs.has(now) for key, now in keys.items()
    )
    if not outdated or stored.tuning:
        return ""
    here = environment(executor.prepared.device)
    changed = [
        f"{name} {stored.environment.get(name)} there, {here[name]} here"
        for name in ("benchmark", "git_commit", "torch", "device")
        if stored.environment.get(name) != here[name]
    ]
    number = pluralize(outdated, "network is", "networks are")
    reason = f" ({'; '.join(changed)})" if changed else ""
    return (
        f"{number} trained again in {executor.folder.path}: what made the stored ones has changed "
        f"since{reason}"
    )


def choose_baseline(
    specs: Sequence[StrategySpec], chosen: str | None, stored: RunManifest | None
) -> str | None:
    """Return the baseline: the chosen one, or that of the run in the folder, which stays.

    Without either it is the strategy that changes nothing; None if that does not run.
    """
    kept = stored.baseline if stored else None
    names = {spec.name for spec in specs}
    return chosen or (kept if kept in names else neutral_strategy(specs))


def all_commands(command: str | None, stored: RunManifest | None) -> str | None:
    """Return the command lines that made a run, each once, in the order of their first use."""
    lines = ((stored and stored.command) or "").splitlines()
    return "\n".join(dict.fromkeys([*lines, command] if command else lines)) or None
