"""What is printed: the plan before a run, the table after it, what the cache holds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.storage.sizes import size_text

if TYPE_CHECKING:
    from benchmark.plan.segments import Plan
    from benchmark.result import Result
    from benchmark.run.executor import Executor
    from benchmark.storage.cache import Entry

MOST_NAMED = 3  # strategies, where many share


def plan_text(executor: Executor) -> str:
    """Say what would be trained, what is stored already, and how many steps that takes."""
    plan, prepared, needed = executor.plan, executor.prepared, executor.needed()
    seeds, asked = prepared.experiment.seeds, [one.name for one in plan.asked]
    networks = len(set(plan.outputs.values()))
    missing = {segment.key for segment in needed if segment.last}
    steps = sum(segment.end - segment.start for segment in needed)
    budget = prepared.budgets[seeds[0]]
    counts = prepared.train_counts(seeds[0])
    depth = {"head": "the head", "rest": prepared.experiment.fine_tune}
    phases = ", then ".join(
        f"{steps} steps of {depth[phase.train_from]}"
        for steps, phase in zip(budget.phase_steps, prepared.experiment.recipe.phases, strict=True)
    )
    parts = prepared.splits[seeds[0]]
    lines = [
        f"data       {prepared.images.name}: {len(prepared.images)} images, "
        f"{prepared.classes} classes; {len(parts.train)} train ({counts.max()} to {counts.min()} "
        f"a class), {len(parts.val)} val, {len(parts.test)} test",
        f"weights    {prepared.weights.name} {prepared.weights.sha256[:12]}".rstrip(),
        f"recipe     {prepared.experiment.recipe.name}: {phases}, {budget.batch_size} images each, "
        f"{prepared.experiment.image_size} px, {prepared.device.precision} on "
        f"{prepared.device.name}",
        f"asked      {len(plan.outputs)}: {_plural(len(asked), 'strategy', 'strategies')} x "
        f"{_plural(len(seeds), 'seed', 'seeds')} ({', '.join(map(str, seeds))})",
        f"to train   {len(missing)} of {networks} networks, {steps} steps; "
        f"{networks - len(missing)} are stored in {executor.folder.path}",
    ]
    by_network: dict[str, list[str]] = {}
    for (name, _), key in plan.outputs.items():
        by_network.setdefault(key, []).append(name)
    shown: set[tuple[str, ...]] = set()
    for key, names in by_network.items():
        if tuple(names) not in shown:  # the same for every seed
            shown.add(tuple(names))
            state = "train" if any(by_network[k] == names for k in missing) else "stored"
            lines.append(f"  {state:<7}  {' = '.join(names)}{_shared(plan, key, names)}")
    return "\n".join(lines)


def _shared(plan: Plan, key: str, names: Sequence[str]) -> str:
    """Say how many steps a network has in common with others, which are trained once."""
    segments = {segment.key: segment for segment in plan.segments}
    segment = segments[key]
    steps, others = segment.end, []
    while segment.parent:
        segment = segments[segment.parent]
        if others := [name for name in segment.used_by if name not in names]:
            break
    if not others:
        return ""
    more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
    with_ = ", ".join(others[:MOST_NAMED]) + more
    return f": {steps - segment.end} steps of its own, after {segment.end} shared with {with_}"


def _plural(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def print_summary(result: Result) -> None:
    """Print the table of a run and where its reports are."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 120
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in TITLES.values():
        is_name = title == "strategy"
        table.add_column(title, justify="left" if is_name else "right", no_wrap=is_name)
    for row in result.summary.to_dict("records"):
        cells = [
            str(row[name]) if name == "strategy" else NUMBER.get(name, "{:.3f}").format(row[name])
            for name in TITLES
        ]
        failed = row["status"] == "failed"
        table.add_row(*([cells[0], *["-"] * (len(cells) - 1)] if failed else cells))
    console.print(table)
    for failure in result.failures.to_dict("records"):
        print(f"failed: {failure['strategy']} (seed {failure['seed']}): {failure['error']}")
    for kind in ("markdown", "html"):
        print(f"report: {result.reports[kind]}")


def cache_text(entries: Sequence[Entry], limit: int, folder: Path) -> str:
    """Return a table of what is in the cache, and how much that is."""
    rows = [("what", "size", "last used", "in use")]
    for entry in entries:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.last_used))
        rows.append((entry.about, size_text(entry.bytes), used, "yes" if entry.in_use else ""))
    width = max(len(row[0]) for row in rows)
    lines = [
        f"{what:<{width}}  {size:>6}  {used:<16}  {in_use}".rstrip()
        for what, size, used, in_use in rows
    ]
    total = size_text(sum(entry.bytes for entry in entries))
    end = f"{total} in {folder}; a run without --cache-limit lets it grow to {size_text(limit)}"
    return "\n".join([*lines, "", end] if entries else [end])


def cleared_text(removed: Sequence[Entry], kept: Sequence[Entry], folder: Path) -> str:
    """Say what `cache --clear` freed, and what it kept because a process uses it."""
    freed = size_text(sum(entry.bytes for entry in removed))
    lines = [f"removed {_plural(len(removed), 'entry', 'entries')}, {freed}, from {folder}"]
    lines += [f"kept, as it is in use: {entry.about}, {size_text(entry.bytes)}" for entry in kept]
    return "\n".join(lines)


TITLES = {
    "strategy": "strategy",
    "macro_f1": "macro-F1",
    "never_predicted": "never\npredicted",
    "zero_recall": "zero\nrecall",
    "balanced_accuracy": "balanced\naccuracy",
    "accuracy": "accuracy",
    "worst_recall": "worst\nrecall",
    "steps": "steps",
    "seconds": "seconds",
}
NUMBER = {
    "never_predicted": "{:.3g}",
    "zero_recall": "{:.3g}",
    "steps": "{:.0f}",
    "seconds": "{:.0f}",
}
