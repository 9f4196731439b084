"""What would be trained, in a few lines: what is shown before a run."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.plan.null_row import without_null_row
from benchmark.strategy.registry import tunable
from benchmark.system.text import first_names, pluralize

if TYPE_CHECKING:
    from benchmark.execution.executor import Executor
    from benchmark.execution.prepare import PreparedExperiment
    from benchmark.plan.experiment import Experiment
    from benchmark.plan.schedule import Budget
    from benchmark.plan.segments import Plan, Segment

MOST_NAMED = 3  # strategies, where many share


def format_plan(
    executor: Executor,
    trials: int = 0,
    to_train: Sequence[Segment] | None = None,
    elsewhere: Set[str] = frozenset(),
) -> str:
    """Return what would be trained, after a search with so many trials, and what is stored.

    `to_train` None asks the executor, which reads all stored outputs. `elsewhere` are keys of
    networks that are copied from other runs.
    """
    plan = executor.plan
    to_train = executor.segments_to_train(elsewhere) if to_train is None else to_train
    cost = cost_of(executor, to_train, elsewhere)
    missing, failed = cost.missing, cost.failed
    lines = [
        *comparison_lines(executor),
        f"to train   {cost.format()} in {executor.folder.path}",
        *(
            [f"failed     {len(failed)} in an earlier run; --retry-failed tries again"]
            * bool(failed)
        ),
    ]
    used_by: dict[str, tuple[str, ...]] = {}  # network -> strategies
    for (name, _), key in plan.networks.items():
        used_by[key] = (*used_by.get(key, ()), name)
    for names in dict.fromkeys(used_by.values()):  # the same for every seed
        key = next(key for key in used_by if used_by[key] == names)
        if key in plan.members:
            keys = [k for k in used_by if used_by[k] == names]
            state = "stored" if all(map(executor.outputs.has, keys)) else "combine"
            lines.append(f"  {state:<7}  {' = '.join(names)}: {_format_members(plan, key)}")
            continue
        states = {"train": missing, "failed": failed, "copy": cost.elsewhere}
        of_some = (s for s, keys in states.items() if any(used_by.get(k) == names for k in keys))
        state = next(of_some, "stored")
        lines.append(f"  {state:<7}  {' = '.join(names)}{_format_shared(plan, key, names)}")
    return "\n".join([*lines, *tuning_lines(executor, trials)])


@dataclass(frozen=True)
class PlanCost:
    """What of a plan is to be trained, and what is not."""

    networks: int
    missing: set[str]  # keys of those to train
    failed: set[str]  # keys of those that failed in an earlier run
    elsewhere: set[str]  # keys of those that are copied from other runs of a grid
    steps: int

    def format(self) -> str:
        """Return it without the folder: "10 of 12 networks, 500 steps; 2 are stored"."""
        copied = len(self.elsewhere)
        stored = self.networks - len(self.missing) - len(self.failed) - copied
        elsewhere = f", {copied} trained in another run" if copied else ""
        return (
            f"{len(self.missing)} of {self.networks} networks, {self.steps} steps; {stored} are "
            f"stored{elsewhere}"
        )


def cost_of(
    executor: Executor, to_train: Sequence[Segment], elsewhere: Set[str] = frozenset()
) -> PlanCost:
    """Return what a plan costs, of which `to_train` is not stored.

    `elsewhere` are keys of networks that are copied from other runs.
    """
    networks = executor.plan.trained
    missing = {segment.key for segment in to_train if segment.is_final}
    failed = networks & executor.failed_earlier() - missing
    copied = networks & elsewhere - missing - failed
    steps = sum(segment.end - segment.start for segment in to_train)
    return PlanCost(len(networks), missing, failed, copied, steps)


def comparison_lines(executor: Executor) -> list[str]:
    """Return data, weights, recipe, what is compared and the null row, a line each."""
    plan, seeds = executor.plan, executor.prepared.experiment.seeds
    competing = without_null_row(plan.strategies)
    strategies = pluralize(len(competing), "strategy", "strategies")
    counted = pluralize(len(seeds), "seed", "seeds")
    return [
        *_experiment_lines(executor.prepared),
        f"compared   {len(competing) * len(seeds)}: {strategies} x {counted} "
        f"({', '.join(map(str, seeds))})",
        *_null_lines(plan),
    ]


def _null_lines(plan: Plan) -> list[str]:
    """Return what the null row is and costs; nothing without one."""
    null = next((spec for spec in plan.strategies if spec.replicate_of), None)
    if null is None:
        return []
    count = pluralize(len(plan.budgets), "network", "networks")
    return [
        f"null row   {null.replicate_of} once more, with another order of images and another head: "
        f"{count}; --no-null leaves it out"
    ]


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
        f"recipe     {experiment.recipe.name}: {phases}, {_batches(budget, experiment)}, "
        f"{experiment.image_size} px, {prepared.device.precision} on {prepared.device.label}",
    ]


def _batches(budget: Budget, experiment: Experiment) -> str:
    """Return the images of a step, and the recipe's if these are others."""
    used, named = budget.batch_size, experiment.recipe.batch_size
    return f"{used} images each" + ("" if used == named else f" (the recipe has {named})")


def tuning_lines(executor: Executor, trials: int) -> list[str]:
    """Return which parameters a search would try, one line per strategy; [] without trials."""
    if not trials:
        return []
    plan, tune_lr = executor.plan, executor.prepared.experiment.lr is None
    spaces = {spec.name: tunable(spec, tune_lr) for spec in without_null_row(plan.strategies)}
    most = trials * len(plan.budgets) * sum(map(bool, spaces.values()))
    title = f"{trials} trials of each strategy on validation, up to {most} networks first"
    lines = [f"tuning     {title}"]
    for name, parameters in spaces.items():
        listed = "; ".join(f"{key} {space}" for key, space in parameters.items())
        lines.append(f"  {name:<24} {listed or 'nothing'}")
    return lines


def _format_members(plan: Plan, key: str) -> str:
    """Return what an ensemble is made of; its networks are trained for it where no row has them."""
    members = plan.members[key]
    others = {end: name for (name, _), end in plan.networks.items() if end in members}
    alone = len(set(members) - others.keys())
    made = f"the mean of {pluralize(len(members), 'network', 'networks')}"
    return f"{made}, {alone} of them trained for it alone" if alone else made


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
