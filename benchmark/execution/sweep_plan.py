"""What a sweep would train: the plans of its runs, and what they cost together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.execution.plan_summary import (
    comparison_lines,
    cost_of,
    format_plan,
    tuning_lines,
)
from benchmark.execution.shared_networks import networks_of_others
from benchmark.execution.sweep_folder import SweepFolder
from benchmark.plan.sweep import Sweep, run_title, title_of
from benchmark.system.text import join_names

if TYPE_CHECKING:
    from benchmark.engines.engine import Engine
    from benchmark.execution.executor import Executor
    from benchmark.plan.segments import Segment

MOST_WHOLE = 3  # runs of one setting whose plans are shown in full
MOST_LINES = 4  # different lines of one kind, like those of recipes


@dataclass(frozen=True)
class SweepPlan:
    """The planned runs of a sweep."""

    sweep: Sweep
    folder: SweepFolder
    executors: dict[str, Executor]  # by the names of the runs
    engine: Engine | None = None  # of all runs, see `Executor`

    def close(self) -> None:
        """End what was started for the runs."""
        if self.engine:
            self.engine.close()

    def title(self, name: str) -> str:
        """Return what a run is called: recipe strong, or fine-tune=head,lr=0.001."""
        return run_title(self.sweep.settings, self.sweep.runs[name].values)

    @property
    def messages(self) -> tuple[str, ...]:
        """What the user must know about data and weights, each once."""
        messages = (m for e in self.executors.values() for m in e.prepared.messages)
        return tuple(dict.fromkeys(messages))

    def format(self, trials: int) -> str:
        """Return what each run would train, after a search with so many trials, and the sum.

        Of few runs each has its whole plan; of more, what they share stands once.
        """
        elsewhere = networks_of_others(self.executors)
        to_train = {n: e.segments_to_train(elsewhere[n]) for n, e in self.executors.items()}
        if len(self.sweep.settings) > 1 or len(self.executors) > MOST_WHOLE:
            return self._format_many(trials, to_train, elsewhere)
        parts = [
            f"{self.title(name)}\n{format_plan(e, trials, to_train[name], elsewhere[name])}\n"
            for name, e in self.executors.items()
        ]
        steps = {n: sum(s.end - s.start for s in segments) for n, segments in to_train.items()}
        shares = join_names([f"{n:,} under {self.title(name)}" for name, n in steps.items()])
        total = f"in all     {sum(steps.values()):,} steps to train: {shares}"
        return "\n".join([*parts, total])

    def _format_many(
        self, trials: int, to_train: dict[str, list[Segment]], elsewhere: dict[str, set[str]]
    ) -> str:
        """Return the lines of all runs, each different one once, then a line a run, and the sum."""
        costs = {
            name: cost_of(e, to_train[name], elsewhere[name]) for name, e in self.executors.items()
        }
        width, lines = max(map(len, costs)), self._shared_lines()
        if trials:
            lines += tuning_lines(next(iter(self.executors.values())), trials)
            lines += ["  in each run, before what follows"]
        lines.append(f"runs       {len(costs)} in {self.folder.path}: {self._axes()}")
        for name, cost in costs.items():
            failed = f"; {len(cost.failed)} failed earlier" if cost.failed else ""
            lines.append(f"  {name:<{width}}  {cost.format()}{failed}")
        networks = sum(len(cost.missing) for cost in costs.values())
        steps = sum(cost.steps for cost in costs.values())
        lines.append(f"in all     {steps:,} steps to train, of {networks:,} networks")
        if any(cost.failed for cost in costs.values()):
            lines[-1] += "; --retry-failed tries again what failed"
        return "\n".join(lines)

    def _shared_lines(self) -> list[str]:
        """Return data, weights, recipe … of the runs: where they differ, few of the lines."""
        by_heading: dict[str, dict[str, None]] = {}  # lines, each once, in their order
        for executor in self.executors.values():
            for line in comparison_lines(executor):
                by_heading.setdefault(line.split(maxsplit=1)[0], {})[line] = None
        return [line for own in by_heading.values() for line in _few(list(own))]

    def _axes(self) -> str:
        """Return "3 of fine tune x 2 of lr"."""
        values = zip(*(run.values for run in self.sweep.runs.values()), strict=True)
        numbers = zip(self.sweep.settings, map(set, values), strict=True)
        return " x ".join(f"{len(own)} of {title_of(setting)}" for setting, own in numbers)


def _few(lines: list[str]) -> list[str]:
    """Return few lines as they are; of more the first, and how many there are beside them."""
    if len(lines) <= MOST_LINES:
        return lines
    return [*lines[: MOST_LINES - 1], f"           and {len(lines) - MOST_LINES + 1} others"]
