"""What a sweep would train: the plans of its runs, and what they cost together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.execution.plan_summary import format_plan
from benchmark.execution.sweep_folder import SweepFolder
from benchmark.plan.sweep import Sweep
from benchmark.system.text import join_names

if TYPE_CHECKING:
    from benchmark.execution.executor import Executor


@dataclass(frozen=True)
class SweepPlan:
    """The planned runs of a sweep."""

    sweep: Sweep
    folder: SweepFolder
    executors: dict[str, Executor]  # by the names of the runs

    def title(self, name: str) -> str:
        """Return what a run is called: recipe strong, or fine-tune=head,lr=0.001."""
        settings = self.sweep.settings
        return f"{settings[0].replace('_', '-')} {name}" if len(settings) == 1 else name

    @property
    def messages(self) -> tuple[str, ...]:
        """What the user must know about data and weights, each once."""
        messages = (m for e in self.executors.values() for m in e.prepared.messages)
        return tuple(dict.fromkeys(messages))

    def format(self, trials: int) -> str:
        """Return what each run would train, after a search with so many trials, and the sum."""
        to_train = {value: e.segments_to_train() for value, e in self.executors.items()}
        parts = [
            f"{self.title(name)}\n{format_plan(executor, trials, to_train[name])}\n"
            for name, executor in self.executors.items()
        ]
        steps = {n: sum(s.end - s.start for s in segments) for n, segments in to_train.items()}
        shares = join_names([f"{number:,} under {name}" for name, number in steps.items()])
        total = f"in all     {sum(steps.values()):,} steps to train: {shares}"
        return "\n".join([*parts, total])
