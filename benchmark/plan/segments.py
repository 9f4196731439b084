"""From strategies and seeds to the distinct training segments, each trained once.

Strategies with equal keys (`benchmark.plan.schedule`) share that network; where they part, one
segment ends and others begin. That re-uses a trained model for another decision, a plain beginning
for a deferred end, and finished work after a crash, without a special case for any of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from benchmark.plan.schedule import Budget, StepRange, build_schedule, checkpoint_key
from benchmark.storage.atomic import digest
from benchmark.strategy import Head, NoAugmentation, NoMixing
from benchmark.strategy.registry import StrategySpec

_Training = tuple[str, int]  # a strategy's name, and which of its networks


@dataclass(frozen=True)
class Segment:
    """Steps `start` to `end` of the training that leads to the network `key`."""

    key: str
    parent: str | None  # key of the network that it starts from; None: the pretrained one
    seed: int
    head: Head
    start: int
    end: int
    step_ranges: tuple[StepRange, ...]  # all that overlap the segment
    used_by: tuple[str, ...]  # names of the strategies that need it
    is_final: bool  # a strategy's training ends here, so outputs are wanted
    has_children: bool  # other segments start from here, so the state is wanted
    is_replicate: bool = False  # of a null row: its order of images and its head are others
    keeps_network: bool = False  # the network is wanted too, beside its outputs

    @property
    def name(self) -> str:
        """For people: the strategies that need it, and the seed."""
        return f"{' = '.join(self.used_by)} (seed {self.seed})"

    @property
    def recomputes_activations(self) -> bool:
        """Whether its stages send images through the frozen layers again, which takes longer."""
        stages = [step_range.stage for step_range in self.step_ranges]
        return not all(
            isinstance(stage.augmentation, NoAugmentation) and isinstance(stage.mixing, NoMixing)
            for stage in stages
        )


@dataclass(frozen=True)
class Plan:
    """What a run trains."""

    strategies: tuple[StrategySpec, ...]  # as they were asked for
    budgets: dict[int, Budget]  # by seed
    segments: tuple[Segment, ...]  # each after the segment that it starts from
    networks: dict[tuple[str, int], str]  # (strategy, seed) -> key of the trained network
    specs: dict[tuple[str, int], StrategySpec]  # the same -> the strategy with its parameters there
    # key of an ensemble, for which nothing is trained -> those of its members
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def members_of(self, key: str) -> tuple[str, ...]:
        """Return the keys of an ensemble's networks; of another network its own."""
        return self.members.get(key, (key,))

    @property
    def trained(self) -> set[str]:
        """Keys of the networks that are trained: in place of an ensemble its members."""
        return {key for end in self.networks.values() for key in self.members_of(end)}

    def waves(self) -> list[list[Segment]]:
        """Return segments that can be trained at the same time, wave after wave."""
        depth: dict[str, int] = {}
        waves: list[list[Segment]] = []
        for segment in self.segments:
            depth[segment.key] = 0 if segment.parent is None else depth[segment.parent] + 1
            if depth[segment.key] == len(waves):
                waves.append([])
            waves[depth[segment.key]].append(segment)
        return waves

    def segments_to_train(self, with_outputs: set[str], with_state: set[str]) -> list[Segment]:
        """Return the segments still to be trained, parents first.

        `with_outputs` are keys of networks whose outputs are stored, `with_state` those of segments
        whose state at the end is stored.
        """
        without_outputs = self.trained - with_outputs
        parents: set[str] = set()
        to_train: list[Segment] = []
        for segment in reversed(self.segments):
            if segment.key in without_outputs | (parents - with_state):
                to_train.append(segment)
                if segment.parent:
                    parents.add(segment.parent)
        return to_train[::-1]


def make_plan(
    strategies: Sequence[StrategySpec],
    budgets: dict[int, Budget],
    base_fingerprints: dict[int, str],  # by seed, of all that a network depends on but its strategy
    classes: Sequence[str] | None = None,  # (C,) of the data, for decisions that name them
) -> Plan:
    """Lay every strategy over every seed's budget and share what is equal.

    ValueError if a strategy names other classes than those of the data.
    """
    if classes is not None:
        strategies = [_in_class_order(spec, classes) for spec in strategies]
    segments: list[Segment] = []
    networks: dict[tuple[str, int], str] = {}
    members: dict[str, tuple[str, ...]] = {}
    replicates = {spec.name for spec in strategies if spec.replicate_of}
    for seed, budget in budgets.items():
        trained = {
            (spec.name, number): training
            for spec in strategies
            for number, training in enumerate(spec.strategy.trainings)
        }
        schedules = {index: build_schedule(s, budget) for index, s in trained.items()}
        heads = {index: training.head for index, training in trained.items()}
        cuts = sorted({r.end for schedule in schedules.values() for r in schedule})
        bases = {spec.name: _base_fingerprint(base_fingerprints[seed], spec) for spec in strategies}
        keys = {
            index: [
                checkpoint_key(cut, schedule, heads[index], bases[index[0]])
                for cut in cuts
                if cut <= schedule[-1].end
            ]
            for index, schedule in schedules.items()
        }
        for spec in strategies:
            ends = tuple(chain[-1] for (name, _), chain in keys.items() if name == spec.name)
            networks[spec.name, seed] = key = digest(ends) if spec.strategy.members else ends[0]
            if spec.strategy.members:
                members[key] = ends
        segments += [
            replace(segment, is_replicate=segment.used_by[0] in replicates)
            for segment in _cut_segments(seed, cuts, keys, schedules, heads)
        ]
    specs = {(spec.name, seed): spec for seed in budgets for spec in strategies}
    return Plan(tuple(strategies), budgets, tuple(segments), networks, specs, members)


def _in_class_order(spec: StrategySpec, classes: Sequence[str]) -> StrategySpec:
    try:
        return replace(spec, strategy=spec.strategy.for_classes(classes))
    except ValueError as error:
        raise ValueError(f"{spec.name}: {error}") from error


def _base_fingerprint(base: str, spec: StrategySpec) -> str:
    """Return the digest of what a network depends on besides its strategy, random numbers too."""
    return digest([base, "replicate"]) if spec.replicate_of else base


def merge_plans(strategies: Sequence[StrategySpec], plans: Sequence[Plan]) -> Plan:
    """Make one plan from those of several seeds, in which strategies may have other parameters."""
    segments = [segment for plan in plans for segment in plan.segments]
    return Plan(
        tuple(strategies),
        {seed: budget for plan in plans for seed, budget in plan.budgets.items()},
        tuple(sorted(segments, key=lambda segment: segment.end)),
        {pair: key for plan in plans for pair, key in plan.networks.items()},
        {pair: spec for plan in plans for pair, spec in plan.specs.items()},
        {key: members for plan in plans for key, members in plan.members.items()},
    )


def _cut_segments(
    seed: int,
    cuts: list[int],
    keys: dict[_Training, list[str]],
    schedules: dict[_Training, tuple[StepRange, ...]],
    heads: dict[_Training, Head],
) -> list[Segment]:
    """Cut one seed's trainings only where they part."""
    used_by: dict[str, dict[str, None]] = {}  # names, each once
    children: dict[str, set[str]] = {}
    for (name, _), chain in keys.items():
        for key, following in zip(chain, [*chain[1:], ""], strict=True):
            used_by.setdefault(key, {})[name] = None
            if following:
                children.setdefault(key, set()).add(following)
    ends = {chain[-1] for chain in keys.values()}
    segments: dict[str, Segment] = {}
    for index, chain in keys.items():
        parent, start = None, 0
        for cut, key in zip(cuts, chain, strict=False):  # a training may end before the last cut
            is_final = key in ends
            has_children = len(children.get(key, ())) > (0 if is_final else 1)
            if not has_children and not is_final:
                continue
            within = tuple(r for r in schedules[index] if r.start < cut and r.end > start)
            segments.setdefault(
                key,
                Segment(
                    key, parent, seed, heads[index], start, cut, within, tuple(used_by[key]),
                    is_final, has_children,
                ),
            )  # fmt: skip
            parent, start = key, cut
    return sorted(segments.values(), key=lambda segment: segment.end)
