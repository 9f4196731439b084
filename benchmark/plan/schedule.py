"""A strategy's stages, laid over the phases of the recipe: step ranges in which nothing changes.

A network after step t is a function of the experiment, the seed and the step ranges up to t. Their
digest is its key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from benchmark.plan.recipes import Phase
from benchmark.storage.atomic import digest
from benchmark.strategy import Head, Stage, Strategy
from benchmark.strategy.fingerprint import fingerprint


@dataclass(frozen=True)
class Budget:
    """The step budget of one seed, the same for every strategy."""

    batch_size: int
    phase_steps: tuple[int, ...]

    @property
    def steps(self) -> int:
        """Steps in all."""
        return sum(self.phase_steps)

    @classmethod
    def from_phases(cls, phases: Sequence[Phase], images: int, batch_size: int) -> Budget:
        """Turn epochs of so many training images into whole steps, at least one a phase."""
        return cls(batch_size, tuple(max(1, round(p.epochs * images / batch_size)) for p in phases))

    def boundaries(self) -> list[int]:
        """Return the steps at which the phases begin, and the end."""
        return [0, *accumulate(self.phase_steps)]


@dataclass(frozen=True)
class StepRange:
    """Steps in which nothing changes: one stage of the strategy in one phase of the recipe."""

    start: int
    end: int  # the step after the last
    stage: Stage
    phase: int  # index of the recipe's phase
    sampler_start: int  # step at which the present sampler began to draw
    resets_head: bool  # whether `start` initialises the head again
    resets_optimizer: bool

    def fingerprint_until(self, step: int) -> dict[str, Any]:
        """Return what determines its effect up to `step`."""
        stage = self.stage
        return {
            "steps": [self.start, min(self.end, step)],
            "phase": self.phase,
            "sampler_start": self.sampler_start,
            "resets_head": self.resets_head,
            "train_from": stage.train_from,
            "components": fingerprint(
                [stage.sampler, stage.augmentation, stage.mixing, stage.synthesizer, stage.loss]
            ),
        }


def build_schedule(strategy: Strategy, budget: Budget) -> tuple[StepRange, ...]:
    """Lay a strategy's stages over the budget's phases; ValueError for more stages than steps."""
    edges = budget.boundaries()
    stages: list[tuple[int, int, int, Stage]] = []  # start, end, start of the sampler, stage
    count = len(strategy.stages)
    if count > budget.steps:
        raise ValueError(f"{count} stages do not fit into {budget.steps} steps; use more epochs")
    passed, end, sampler_start, previous = 0.0, 0, 0, None
    for number, stage in enumerate(strategy.stages, start=1):
        start, passed = end, passed + stage.fraction
        # a short stage keeps one step, and leaves one to each stage after it
        end = min(max(round(passed * budget.steps), start + 1), budget.steps - (count - number))
        if previous is not None and _sampled_by(stage) != _sampled_by(previous):
            sampler_start = start
        stages.append((start, end, sampler_start, stage))
        previous = stage
    cuts = sorted({*edges, *(start for start, *_ in stages)})
    step_ranges: list[StepRange] = []
    for start, end in pairwise(cuts):
        begin, _, sampler_start, stage = next(s for s in stages if s[0] <= start < s[1])
        phase = max(i for i, edge in enumerate(edges[:-1]) if edge <= start)
        resets_head = stage.reset_head and begin == start
        resets_optimizer = (
            resets_head or start in edges or step_ranges[-1].stage.train_from != stage.train_from
        )
        step_ranges.append(
            StepRange(start, end, stage, phase, sampler_start, resets_head, resets_optimizer)
        )
    return tuple(step_ranges)


def checkpoint_key(
    step: int, step_ranges: Sequence[StepRange], head: Head, base_fingerprint: str
) -> str:
    """Return the key of the network after `step` steps. Cuts between segments leave no trace in it.

    `base_fingerprint` is the digest of all that a network depends on besides its strategy.
    """
    past = [r.fingerprint_until(step) for r in step_ranges if r.start < step]
    return digest({"base": base_fingerprint, "head": fingerprint(head), "past": _merged(past)})


def _sampled_by(stage: Stage) -> tuple[object, object]:
    return stage.sampler, stage.synthesizer


def _merged(past: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join neighbours that differ in nothing but their steps."""
    merged: list[dict[str, Any]] = []
    for item in past:
        compared = item.keys() - {"steps", "resets_head"}
        is_same = merged and all(merged[-1][key] == item[key] for key in compared)
        if is_same and not item["resets_head"]:
            merged[-1] = {**merged[-1], "steps": [merged[-1]["steps"][0], item["steps"][1]]}
        else:
            merged.append(item)
    return merged
