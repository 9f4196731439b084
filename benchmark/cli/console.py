"""What is printed: the plan before a run, the table after it, checks, what the cache holds."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.storage.sizes import format_size
from benchmark.strategy.registry import tunable
from benchmark.system.text import first_names, pluralize

if TYPE_CHECKING:
    from benchmark.contract.case import ContractResult
    from benchmark.execution.executor import Executor
    from benchmark.execution.prepare import PreparedExperiment
    from benchmark.plan.segments import Plan
    from benchmark.storage.cache import Entry

MOST_NAMED = 3  # strategies, where many share
INDENT = " " * 8


def format_plan(executor: Executor, trials: int = 0) -> str:
    """Return what would be trained, after a search with so many trials, and what is stored."""
    plan, prepared, to_train = executor.plan, executor.prepared, executor.segments_to_train()
    seeds, networks = prepared.experiment.seeds, set(plan.networks.values())
    missing = {segment.key for segment in to_train if segment.is_final}
    steps = sum(segment.end - segment.start for segment in to_train)
    strategies = pluralize(len(plan.strategies), "strategy", "strategies")
    counted = pluralize(len(seeds), "seed", "seeds")
    lines = [
        *_experiment_lines(prepared),
        f"compared   {len(plan.networks)}: {strategies} x {counted} ({', '.join(map(str, seeds))})",
        f"to train   {len(missing)} of {len(networks)} networks, {steps} steps; "
        f"{len(networks) - len(missing)} are stored in {executor.folder.path}",
    ]
    used_by: dict[str, tuple[str, ...]] = {}  # network -> strategies
    for (name, _), key in plan.networks.items():
        used_by[key] = (*used_by.get(key, ()), name)
    for names in dict.fromkeys(used_by.values()):  # the same for every seed
        key = next(key for key in used_by if used_by[key] == names)
        state = "train" if any(used_by[k] == names for k in missing) else "stored"
        lines.append(f"  {state:<7}  {' = '.join(names)}{_format_shared(plan, key, names)}")
    return "\n".join(lines + (_tuning_lines(plan, trials) if trials else []))


def _experiment_lines(prepared: PreparedExperiment) -> list[str]:
    """Return data, weights and recipe, a line each."""
    experiment, first = prepared.experiment, prepared.experiment.seeds[0]
    budget, split = prepared.budgets[first], prepared.splits[first]
    counts = prepared.train_counts(first)
    depth = {"head": "the head", "half": "the second half", "full": "the whole network"}
    rest = depth.get(experiment.fine_tune, f"{experiment.fine_tune} and all after it")
    blocks = {"head": "the head", "rest": rest}
    phases = ", then ".join(
        f"{steps} steps of {blocks[phase.train_from]}"
        for steps, phase in zip(budget.phase_steps, experiment.recipe.phases, strict=True)
    )
    return [
        f"data       {prepared.images.name}: {len(prepared.images)} images, "
        f"{prepared.classes} classes; {len(split.train)} train ({counts.max()} to {counts.min()} "
        f"a class), {len(split.val)} val, {len(split.test)} test",
        f"weights    {prepared.weights.name} {prepared.weights.sha256[:12]}".rstrip(),
        f"recipe     {experiment.recipe.name}: {phases}, {budget.batch_size} images each, "
        f"{experiment.image_size} px, {prepared.device.precision} on {prepared.device.name}",
    ]


def _tuning_lines(plan: Plan, trials: int) -> list[str]:
    """Return which parameters a search would try, one line per strategy."""
    spaces = {spec.name: tunable(spec) for spec in plan.strategies}
    most = trials * len(plan.budgets) * sum(map(bool, spaces.values()))
    title = f"{trials} trials of each strategy on validation, up to {most} networks first"
    lines = [f"tuning     {title}"]
    for name, parameters in spaces.items():
        listed = "; ".join(f"{key} {space}" for key, space in parameters.items())
        lines.append(f"  {name:<24} {listed or 'nothing'}")
    return lines


def _format_shared(plan: Plan, key: str, names: Sequence[str]) -> str:
    """Return how many steps a network shares with others; those are trained once."""
    segments = {segment.key: segment for segment in plan.segments}
    segment, others = segments[key], []
    steps = segment.end
    while segment.parent:
        segment = segments[segment.parent]
        if others := [name for name in segment.used_by if name not in names]:
            break
    if not others:
        return ""
    sharing = first_names(others, MOST_NAMED)
    return f": {steps - segment.end} steps of its own, after {segment.end} shared with {sharing}"


def print_reports(reports: Mapping[str, Path]) -> None:
    """Print where the reports are."""
    for kind in ("markdown", "html"):
        print(f"report: {reports[kind]}")


def print_checks(strategy: str, results: Iterable[ContractResult]) -> int:
    """Print a line for each check of a strategy as it ends; return how many fail."""
    outcomes = []
    for result in results:
        outcomes.append(bool(result.error))
        print(f"  {'FAIL' if result.error else 'PASS'}  {result.check}")
        if result.error:
            print(textwrap.indent(textwrap.fill(result.error, 88), INDENT))
    failed = sum(outcomes)
    print(f"  {strategy} passes {len(outcomes) - failed} of {len(outcomes)} checks")
    return failed


def format_cache(entries: Sequence[Entry], limit: int, folder: Path) -> str:
    """Return a table of what is in the cache, and how much that is."""
    rows = [("what", "size", "last used", "in use")]
    for entry in entries:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.last_used))
        in_use = "yes" if entry.in_use else ""
        rows.append((entry.description, format_size(entry.bytes), used, in_use))
    width = max(len(row[0]) for row in rows)
    lines = [f"{a:<{width}}  {size:>6}  {used:<16}  {end}".rstrip() for a, size, used, end in rows]
    total = format_size(sum(entry.bytes for entry in entries))
    end = f"{total} in {folder}; a run without --cache-limit lets it grow to {format_size(limit)}"
    return "\n".join([*lines, "", end] if entries else [end])


def format_removal(removed: Sequence[Entry], in_use: Sequence[Entry], folder: Path) -> str:
    """Return what `cache --clear` removed, and what it kept because a process uses it."""
    freed = format_size(sum(entry.bytes for entry in removed))
    first = f"removed {pluralize(len(removed), 'entry', 'entries')}, {freed}, from {folder}"
    remaining = [f"{entry.description}, {format_size(entry.bytes)}" for entry in in_use]
    return "\n".join([first, *(f"kept, as it is in use: {entry}" for entry in remaining)])
