"""Writes what a run is: run.json and the files of splits."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from benchmark.data.imageset import SPLITS
from benchmark.execution import manifest_schema as schema
from benchmark.execution.executor import Executor
from benchmark.execution.prepare import PreparedExperiment
from benchmark.plan.null_row import neutral_strategy
from benchmark.plan.recipe_changes import changed_from_recipe
from benchmark.plan.segments import Plan
from benchmark.plugins import broken_plugin_sentences
from benchmark.storage.number_columns import Integers, Names
from benchmark.storage.user_folders import real_path
from benchmark.strategy.registry import StrategySpec, registered
from benchmark.strategy.stage import acting_components
from benchmark.system.isolation import failures_ignored
from benchmark.system.provenance import environment


def write_manifest(
    executor: Executor,
    command: str | None,
    baseline: str | None = None,
    tuning: schema.TuningInfo | None = None,
) -> None:
    """Write run.json and the files of splits.

    Parameters
    ----------
    command
        The command line, None for a run from Python.
    baseline
        The strategy to compare with; None takes the one that changes nothing, if it runs.
    tuning
        How parameters were chosen, if they were.
    """
    prepared, plan, folder = executor.prepared, executor.plan, executor.folder
    images, weights, seeds = prepared.images, prepared.weights, prepared.experiment.seeds
    splits = {seed: describe_split(prepared, seed) for seed in prepared.splits}
    hashes = {seed: folder.write_split(seed, split) for seed, split in splits.items()}
    manifest = schema.RunManifest(
        name=real_path(folder.path).name,
        command=command,
        quick=prepared.experiment.quick,
        experiment=describe_experiment(prepared),
        data=schema.DataInfo(
            name=images.name,
            spec=images.spec,
            description=images.description,
            images=len(images),
            groups=None if images.groups is None else len(np.unique(images.groups)),
            classes=tuple(images.classes),
            counts={name: getattr(splits[seeds[0]], name).counts for name in SPLITS},
            content=prepared.content_hash,
            left_out=images.describe_left_out(prepared.pixels.errors),
            grey_scales={kind: (s.black, s.white) for kind, s in prepared.pixels.scales.items()},
        ),
        weights=schema.WeightsInfo(weights.name, weights.source, weights.sha256),
        environment=environment(prepared.device)
        | {"jobs": executor.processes, "threads": executor.threads},
        seeds=seeds,
        splits=hashes,
        strategies=tuple(_strategy(plan, spec) for spec in plan.strategies),
        available=_available(),
        baseline=baseline or neutral_strategy(plan.strategies),
        tuning=tuning,
        messages=(*prepared.messages, *broken_plugin_sentences()),
    )
    folder.write_manifest(manifest)


def describe_split(prepared: PreparedExperiment, seed: int) -> schema.SplitManifest:
    """Return the images of a seed's splits, for its file."""
    images, split, given = prepared.images, prepared.splits[seed], prepared.labels(seed)

    def part(indices: NDArray[np.int64]) -> schema.SplitPart:
        labels, right = given[indices], images.labels[indices]
        return schema.SplitPart(
            counts=tuple(np.bincount(labels, minlength=len(images.classes)).tolist()),
            labels=Integers(labels),
            files=Names([images.files[i] for i in indices.tolist()]),
            groups=None if images.groups is None else Integers(images.groups[indices]),
            right_labels=None if np.array_equal(labels, right) else Integers(right),
        )

    return schema.SplitManifest(part(split.train), part(split.val), part(split.test))


def describe_experiment(prepared: PreparedExperiment) -> schema.ExperimentInfo:
    """Return the settings of a run and what followed from them, for its manifest."""
    experiment, recipe = prepared.experiment, prepared.experiment.recipe
    budget = prepared.budgets[experiment.seeds[0]]
    phases = tuple(dataclasses.asdict(phase) for phase in recipe.phases)
    plain = {"phases": phases, "augmentation": repr(recipe.augmentation)}
    return schema.ExperimentInfo(
        settings=experiment.describe(),
        recipe=schema.RecipeInfo(**{**vars(recipe), **plain}),
        batch_size=budget.batch_size,
        phase_steps=budget.phase_steps,
        first_trained=experiment.trainable[0],
        changed=tuple(changed_from_recipe(experiment)),
        precision=prepared.device.precision,
        device=prepared.device.label,
        trained_blocks=len(experiment.trainable) - 1,
    )


def _available() -> dict[str, schema.AvailableStrategy]:
    """Return the registered strategies by name, without those that can't be built."""
    available = {}
    for name, entry in registered().items():
        with failures_ignored():
            components = tuple(acting_components(entry.build_default()))
            available[name] = schema.AvailableStrategy(entry.summary, components)
    return available


def _strategy(plan: Plan, spec: StrategySpec) -> schema.StrategyInfo:
    """Return a strategy with its parameters; where its seeds differ in one, with all values."""
    by_seed = [plan.specs[spec.name, seed].parameters for seed in plan.budgets]
    names = dict.fromkeys(name for parameters in by_seed for name in parameters)
    values = {key: [parameters.get(key) for parameters in by_seed] for key in names}
    parameters = {
        key: items[0] if items.count(items[0]) == len(items) else ", ".join(map(str, items))
        for key, items in values.items()
    }
    networks = {seed: plan.networks[spec.name, seed] for seed in plan.budgets}
    members = tuple(member.name for member in spec.strategy.members)
    return schema.StrategyInfo(
        spec.name, spec.doc, parameters, networks, spec.replicate_of, members
    )
