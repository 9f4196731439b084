"""From strategies and seeds to the distinct training segments, each trained once.

A strategy's stages and the recipe's phases are laid over one axis, the optimizer steps. Where both
are constant is a stretch. The network after step t is a function of the experiment, the seed and
the stretches up to t: their digest is its key. Strategies with equal keys share that network, and
where they part is where one segment ends and others begin; that re-uses a trained model for another
decision, a plain beginning for a deferred end, and finished work after a crash, without a special
case for any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from benchmark.plan.experiment import Phase
from benchmark.storage.atomic import digest
from benchmark.strategy import Head, NoAugmentation, NoMixing, Stage, Strategy
from benchmark.strategy.fingerprint import fingerprint
from benchmark.strategy.registry import StrategySpec


@dataclass(frozen=True)
class StepRange:
    """Steps in which nothing changes: one stage of the strategy in one phase of the recipe."""

    start: int
    end: int
    stage: Stage
    phase: int  # index of the recipe's phase
    sampler_start: int  # step at which the present sampler began to draw
    resets_head: bool  # at its start
    fresh: bool  # the optimizer begins anew at its start

    def fingerprint_until(self, step: int) -> dict[str, Any]:
        """Return what determines its effect up to `step`."""
        stage = self.stage
        return {
            "steps": [self.start, min(self.end, step)],
            "phase": self.phase,
            "stream_start": self.sampler_start,
            "resets_head": self.resets_head,
            "train_from": stage.train_from,
            "components": fingerprint(
                [stage.sampler, stage.augmentation, stage.mixing, stage.synthesizer, stage.loss]
            ),
        }


@dataclass(frozen=True)
class Segment:
    """Steps `start` to `end` of the training that leads to the network `key`."""

    key: str
    parent: str | None  # key of the network that it goes on from; None: the pretrained one
    seed: int
    head: Head
    start: int
    end: int
    stretches: tuple[StepRange, ...]  # those within it
    used_by: tuple[str, ...]  # strategies that need it
    last: bool  # the budget ends here: outputs are wanted
    has_children: bool  # other segments go on from here: the state is wanted

    @property
    def augments_images(self) -> bool:
        """Whether images pass the frozen layers during the training, which takes longer."""
        return any(
            not isinstance(s.stage.augmentation, NoAugmentation)
            or not isinstance(s.stage.mixing, NoMixing)
            for s in self.stretches
        )


@dataclass(frozen=True)
class Budget:
    """The step budget of one seed: that of every strategy."""

    batch_size: int
    phase_steps: tuple[int, ...]

    @property
    def steps(self) -> int:
        """Steps in all."""
        return sum(self.phase_steps)

    @classmethod
    def of(cls, phases: Sequence[Phase], images: int, batch_size: int) -> Budget:
        """Epochs of so many training images -> whole steps, at least one a phase."""
        return cls(batch_size, tuple(max(1, round(p.epochs * images / batch_size)) for p in phases))

    def boundaries(self) -> list[int]:
        """Steps at which the phases begin, and the end."""
        edges = [0]
        for steps in self.phase_steps:
            edges.append(edges[-1] + steps)
        return edges


def build_schedule(strategy: Strategy, budget: Budget) -> tuple[StepRange, ...]:
    """Lay a strategy's stages over the phases of the budget."""
    edges = budget.boundaries()
    stages: list[tuple[int, int, int, Stage]] = []  # start, end, start of the stream, stage
    count = len(strategy.stages)
    if count > budget.steps:
        raise ValueError(f"{count} stages do not fit into {budget.steps} steps; use more epochs")
    passed, end, sampler_start, previous = 0.0, 0, 0, None
    for number, stage in enumerate(strategy.stages, start=1):
        start, passed = end, passed + stage.fraction
        # a short stage keeps one step, and leaves one to each that follows
        end = min(max(round(passed * budget.steps), start + 1), budget.steps - (count - number))
        if previous is not None and _drawn_from(stage) != _drawn_from(previous):
            sampler_start = start
        stages.append((start, end, sampler_start, stage))
        previous = stage
    cuts = sorted({*edges, *(start for start, *_ in stages)})
    stretches: list[StepRange] = []
    for start, end in pairwise(cuts):
        begin, _, sampler_start, stage = next(s for s in stages if s[0] <= start < s[1])
        phase = max(i for i, edge in enumerate(edges[:-1]) if edge <= start)
        resets = stage.reset_head and begin == start
        fresh = resets or start in edges or stretches[-1].stage.train_from != stage.train_from
        stretches.append(StepRange(start, end, stage, phase, sampler_start, resets, fresh))
    return tuple(stretches)


def _drawn_from(stage: Stage) -> tuple[object, object]:
    return stage.sampler, stage.synthesizer


def checkpoint_key(
    step: int, stretches: Sequence[StepRange], head: Head, base_fingerprint: str
) -> str:
    """Key of the network after `step` steps; where a segment was cut leaves no trace in it."""
    past = [s.fingerprint_until(step) for s in stretches if s.start < step]
    return digest({"origin": base_fingerprint, "head": fingerprint(head), "past": _merged(past)})


def _merged(past: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join neighbours that differ in nothing but their steps."""
    merged: list[dict[str, Any]] = []
    for item in past:
        if (
            merged
            and not item["resets_head"]
            and all(merged[-1][k] == item[k] for k in item if k not in ("steps", "resets_head"))
        ):
            merged[-1] = {**merged[-1], "steps": [merged[-1]["steps"][0], item["steps"][1]]}
        else:
            merged.append(item)
    return merged


@dataclass(frozen=True)
class Plan:
    """What a run trains. Segments stand before those that go on from them."""

    asked: tuple[StrategySpec, ...]
    budgets: dict[int, Budget]  # by seed
    segments: tuple[Segment, ...]
    outputs: dict[tuple[str, int], str]  # (strategy, seed) -> key of the network that serves it
    built: dict[
        tuple[str, int], StrategySpec
    ]  # (strategy, seed) -> with the parameters that it has there

    def waves(self) -> list[list[Segment]]:
        """Segments that can be trained at the same time, wave after wave."""
        depth: dict[str, int] = {}
        waves: list[list[Segment]] = []
        for segment in self.segments:
            depth[segment.key] = 0 if segment.parent is None else depth[segment.parent] + 1
            if depth[segment.key] == len(waves):
                waves.append([])
            waves[depth[segment.key]].append(segment)
        return waves

    def needed(self, finished: set[str], started: set[str]) -> list[Segment]:
        """Segments still to train, given keys with stored outputs and keys with stored states."""
        wanted: set[str] = {key for key in self.outputs.values() if key not in finished}
        needed: list[Segment] = []
        for segment in reversed(self.segments):
            if segment.key in wanted and segment.key not in started:
                needed.append(segment)
                if segment.parent:
                    wanted.add(segment.parent)
        return needed[::-1]


def make_plan(
    asked: Sequence[StrategySpec], budgets: dict[int, Budget], base_fingerprints: dict[int, str]
) -> Plan:
    """Lay every strategy over every seed's budget and share what is equal.

    Args:
        asked: strategies.
        budgets: the step budget of each seed.
        origins: for each seed the digest of all that a network depends on besides its stretches.
    """
    segments: list[Segment] = []
    outputs: dict[tuple[str, int], str] = {}
    for seed, budget in budgets.items():
        paths = {one.name: build_schedule(one.strategy, budget) for one in asked}
        heads = {one.name: one.strategy.head for one in asked}
        cuts = sorted({s.end for path in paths.values() for s in path})
        keys = {
            name: [checkpoint_key(cut, path, heads[name], base_fingerprints[seed]) for cut in cuts]
            for name, path in paths.items()
        }
        for name, chain in keys.items():
            outputs[name, seed] = chain[-1]
        segments += _segments_of(seed, budget.steps, cuts, keys, paths, heads)
    built = {(one.name, seed): one for seed in budgets for one in asked}
    return Plan(tuple(asked), budgets, tuple(segments), outputs, built)


def merge_plans(asked: Sequence[StrategySpec], plans: Sequence[Plan]) -> Plan:
    """Make one plan of those of several seeds, in which strategies may have other parameters."""
    segments = [segment for plan in plans for segment in plan.segments]
    return Plan(
        tuple(asked),
        {seed: budget for plan in plans for seed, budget in plan.budgets.items()},
        tuple(sorted(segments, key=lambda segment: segment.end)),
        {at: key for plan in plans for at, key in plan.outputs.items()},
        {at: one for plan in plans for at, one in plan.built.items()},
    )


def _segments_of(
    seed: int,
    steps: int,
    cuts: list[int],
    keys: dict[str, list[str]],
    paths: dict[str, tuple[StepRange, ...]],
    heads: dict[str, Head],
) -> list[Segment]:
    """Cut one seed's strategies only where they part."""
    used_by: dict[str, list[str]] = {}
    children: dict[str, set[str]] = {}
    for name, chain in keys.items():
        for here, following in zip(chain, [*chain[1:], ""], strict=True):
            used_by.setdefault(here, []).append(name)
            if following:
                children.setdefault(here, set()).add(following)
    segments: dict[str, Segment] = {}
    for name, chain in keys.items():
        parent, start = None, 0
        for cut, key in zip(cuts, chain, strict=True):
            has_children = len(children.get(key, ())) > 1
            if not has_children and cut != steps:
                continue
            within = tuple(s for s in paths[name] if s.start < cut and s.end > start)
            segments.setdefault(
                key,
                Segment(
                    key, parent, seed, heads[name], start, cut, within, tuple(used_by[key]),
                    last=cut == steps, has_children=has_children,
                ),
            )  # fmt: skip
            parent, start = key, cut
    return sorted(segments.values(), key=lambda segment: segment.end)


def require_baseline(baseline: str, strategies: Sequence[str], whose: str) -> None:
    """Raise ValueError unless `baseline` is one of the strategies, by its full name."""
    if baseline not in strategies:
        raise ValueError(
            f"the baseline {baseline!r} is none of the strategies {whose}; "
            f"choose one of {', '.join(strategies)}"
        )
