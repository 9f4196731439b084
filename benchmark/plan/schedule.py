"""A strategy's stages, laid over the phases of the recipe: step ranges in which nothing changes.

A network after step t is a function of the experiment, the seed and the step ranges up to t. Their
digest is its key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

from benchmark.plan.recipes import Phase
from benchmark.storage.atomic import digest
from benchmark.strategy import Head, Stage, Strategy
from benchmark.strategy.fingerprint import fingerprint
from benchmark.strategy.stage import STAGE_COMPONENTS


@dataclass(frozen=True)
class Budget:
    """The step budget of one seed, the same for every strategy."""

    batch_size: int
    phase_steps: tuple[int, ...]
    head_phases: tuple[int, ...] = ()  # indices of the phases that train the head alone
    images: int = 0  # of the training split

    @property
    def steps(self) -> int:
        """Steps in all."""
        return sum(self.phase_steps)

    @classmethod
    def from_phases(
        cls, phases: Sequence[Phase], images: int, batch_size: int, steps_as_by: int | None = None
    ) -> Budget:
        """Turn epochs of so many training images into whole steps, at least one a phase.

        They are as many as batches of `steps_as_by` images take; None: of `batch_size`.
        """
        heads = tuple(i for i, phase in enumerate(phases) if phase.train_from == "head")
        counted = cls(steps_as_by or batch_size, (), heads, images)
        steps = tuple(counted.steps_in(phase.epochs) for phase in phases)
        return replace(counted, batch_size=batch_size, phase_steps=steps)

    def boundaries(self) -> list[int]:
        """Return the steps at which the phases begin, and the end."""
        return [0, *accumulate(self.phase_steps)]

    def steps_in(self, epochs: float) -> int:
        """Return the steps in so many epochs of the training images, at least one."""
        return max(1, round(epochs * self.images / self.batch_size))

    @property
    def counted_phases(self) -> list[int]:
        """Indices of the phases that train more than the head; of all, if none does."""
        phases = range(len(self.phase_steps))
        return [i for i in phases if i not in self.head_phases] or list(phases)

    def step_after(self, fraction: float) -> int:
        """Return the step after a fraction of the steps in `counted_phases`."""
        edges, counted = self.boundaries(), self.counted_phases
        left = round(fraction * sum(self.phase_steps[i] for i in counted))
        for i in counted:
            if left <= self.phase_steps[i]:
                return edges[i] + left
            left -= self.phase_steps[i]
        return self.steps


@dataclass(frozen=True)
class StepRange:
    """Steps in which nothing changes: one stage of the strategy in one phase of the recipe."""

    start: int
    end: int  # the step after the last
    stage: Stage
    phase: int  # index of the recipe's phase
    schedule: tuple[int, int]  # first step of the phase's learning-rate schedule, and its end
    sampler_start: int  # step at which the present sampler began to draw
    resets_head: bool  # whether `start` initialises the head again
    resets_optimizer: bool

    def fingerprint_until(self, step: int) -> dict[str, Any]:
        """Return what determines its effect up to `step`."""
        stage = self.stage
        return {
            "steps": [self.start, min(self.end, step)],
            "phase": self.phase,
            "schedule": list(self.schedule),
            "sampler_start": self.sampler_start,
            "resets_head": self.resets_head,
            "train_from": stage.train_from,
            "lr_factor": stage.lr_factor,
            "components": fingerprint([getattr(stage, name) for name in STAGE_COMPONENTS]),
        }


def build_schedule(strategy: Strategy, budget: Budget) -> tuple[StepRange, ...]:
    """Lay a strategy's stages over the budget's phases.

    The fractions of the stages are those of the steps that train more than the head, so that a
    stage at the end leaves the others the same share of them, however long the head is trained
    before. The first stage has the steps before as well. Stages with epochs of their own follow
    after the budget.

    The learning rates follow the schedule of the phase. A stage with a new head begins it anew, and
    so does a stage after the budget, which has the rates of the last phase.

    Raises
    ------
    ValueError
        For more stages than steps.
    """
    edges = budget.boundaries()
    placed = _place_stages(strategy, budget)
    cuts = sorted({*edges, *(start for start, *_ in placed), placed[-1][1]})
    step_ranges: list[StepRange] = []
    schedule = (0, 0)
    for start, end in pairwise(cuts):
        begin, stage_end, sampler_start, stage = next(s for s in placed if s[0] <= start < s[1])
        phase = max(i for i, edge in enumerate(edges[:-1]) if edge <= start)
        resets_head = stage.reset_head and begin == start
        if start in edges or resets_head or stage.extra_epochs:
            schedule = (start, stage_end if stage.extra_epochs else edges[phase + 1])
        resets_optimizer = (
            resets_head or start in edges or step_ranges[-1].stage.train_from != stage.train_from
        )
        step_ranges.append(
            StepRange(
                start, end, stage, phase, schedule, sampler_start, resets_head, resets_optimizer
            )
        )
    return tuple(step_ranges)


def _place_stages(strategy: Strategy, budget: Budget) -> list[tuple[int, int, int, Stage]]:
    """Return for each stage its first step, its end and the step at which its sampler began."""
    within = sum(not stage.extra_epochs for stage in strategy.stages)
    if within > budget.steps:
        raise ValueError(f"{within} stages do not fit into {budget.steps} steps; use more epochs")
    placed: list[tuple[int, int, int, Stage]] = []
    passed, end, sampler_start = 0.0, 0, 0
    for number, stage in enumerate(strategy.stages, start=1):
        start, passed = end, passed + stage.fraction
        if stage.extra_epochs:
            end = start + budget.steps_in(stage.extra_epochs)
        elif number == within:
            end = budget.steps
        else:  # a short stage keeps one step, and leaves one to each stage after it
            end = min(max(budget.step_after(passed), start + 1), budget.steps - (within - number))
        if placed and _sampled_by(stage) != _sampled_by(placed[-1][3]):
            sampler_start = start
        placed.append((start, end, sampler_start, stage))
    return placed


def checkpoint_key(
    step: int, step_ranges: Sequence[StepRange], head: Head, base_fingerprint: str
) -> str:
    """Return the key of the network after `step` steps. Cuts between segments leave no trace in it.

    `base_fingerprint` is the digest of all that a network depends on besides its strategy.
    """
    past = [r.fingerprint_until(step) for r in step_ranges if r.start < step]
    return digest({"base": base_fingerprint, "head": fingerprint(head), "past": _merged(past)})


def _sampled_by(stage: Stage) -> tuple[object, object, object]:
    return stage.selection, stage.sampler, stage.synthesizer


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
