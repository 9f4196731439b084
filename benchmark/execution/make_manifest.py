"""Write the manifest and the splits of a run, before it trains."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data.imageset import SPLITS, ImageSet
from benchmark.data.splits import Splits
from benchmark.execution.executor import Executor
from benchmark.execution.manifest import (
    AvailableStrategy,
    DataInfo,
    ExperimentInfo,
    RecipeInfo,
    RunManifest,
    SplitManifest,
    SplitPart,
    StrategyInfo,
    TuningInfo,
    WeightsInfo,
)
from benchmark.execution.prepare import PreparedExperiment
from benchmark.plan.experiment import changed_from_recipe
from benchmark.plan.recipes import Recipe
from benchmark.plan.segments import Plan
from benchmark.plugins import broken_plugin_sentences
from benchmark.strategy import Strategy
from benchmark.strategy.registry import registered
from benchmark.strategy.stage import acting_components
from benchmark.system.provenance import environment


def write_manifest(
    executor: Executor,
    command: str | None,
    baseline: str | None = None,
    tuning: TuningInfo | None = None,
) -> None:
    """Write run.json and the files of splits.

    Parameters
    ----------
    executor
        What is about to be trained.
    command
        The command line, None for a run from Python.
    baseline
        The strategy to compare with; None takes the one that changes nothing, if it runs.
    tuning
        How parameters were chosen, if they were.
    """
    prepared, plan, folder = executor.prepared, executor.plan, executor.folder
    images, weights = prepared.images, prepared.weights
    splits = {seed: _split(images, split) for seed, split in prepared.splits.items()}
    for seed, split in splits.items():
        folder.write_split(seed, split)
    manifest = RunManifest(
        name=folder.path.name,
        command=command,
        quick=prepared.experiment.quick,
        experiment=_experiment(prepared),
        data=_data(images, splits[prepared.experiment.seeds[0]]),
        weights=WeightsInfo(weights.name, weights.source, weights.sha256),
        environment=environment(prepared.device),
        seeds=prepared.experiment.seeds,
        strategies=_strategies(plan),
        available={
            name: AvailableStrategy(entry.summary, tuple(acting_components(entry.build())))
            for name, entry in registered().items()
        },
        baseline=baseline or _neutral_strategy(plan),
        tuning=tuning,
        messages=(*prepared.messages, *broken_plugin_sentences()),
    )
    folder.write_manifest(manifest)


def _data(images: ImageSet, split: SplitManifest) -> DataInfo:
    return DataInfo(
        name=images.name,
        spec=images.spec,
        description=images.description,
        images=len(images),
        groups=None if images.groups is None else len(np.unique(images.groups)),
        classes=tuple(images.classes),
        counts={name: getattr(split, name).counts for name in SPLITS},
    )


def _split(images: ImageSet, split: Splits) -> SplitManifest:
    def part(indices: NDArray[np.int64]) -> SplitPart:
        labels = images.labels[indices]
        return SplitPart(
            counts=tuple(np.bincount(labels, minlength=len(images.classes)).tolist()),
            labels=tuple(labels.tolist()),
            files=tuple(images.files[i] for i in indices),
            groups=None if images.groups is None else tuple(images.groups[indices].tolist()),
        )

    return SplitManifest(part(split.train), part(split.val), part(split.test))


def _experiment(prepared: PreparedExperiment) -> ExperimentInfo:
    experiment = prepared.experiment
    budget = prepared.budgets[experiment.seeds[0]]
    return ExperimentInfo(
        settings=experiment.describe(),
        recipe=_recipe(experiment.recipe),
        batch_size=budget.batch_size,
        phase_steps=budget.phase_steps,
        first_trained=experiment.trainable[0],
        changed=tuple(changed_from_recipe(experiment)),
        precision=prepared.device.precision,
        device=prepared.device.name,
    )


def _recipe(recipe: Recipe) -> RecipeInfo:
    return RecipeInfo(
        name=recipe.name,
        description=recipe.description,
        phases=tuple(dataclasses.asdict(phase) for phase in recipe.phases),
        batch_size=recipe.batch_size,
        weight_decay=recipe.weight_decay,
        momentum=recipe.momentum,
        augmentation=repr(recipe.augmentation),
    )


def _strategies(plan: Plan) -> tuple[StrategyInfo, ...]:
    return tuple(
        StrategyInfo(
            spec.name,
            spec.doc,
            _parameters(plan, spec.name),
            {seed: plan.networks[spec.name, seed] for seed in plan.budgets},
        )
        for spec in plan.strategies
    )


def _parameters(plan: Plan, name: str) -> dict[str, Any]:
    """Return a strategy's parameters; where its seeds differ in one, all values."""
    by_seed = [plan.specs[name, seed].parameters for seed in plan.budgets]
    values = {key: [parameters[key] for parameters in by_seed] for key in by_seed[0]}
    return {
        key: items[0] if len(set(items)) == 1 else ", ".join(map(str, items))
        for key, items in values.items()
    }


def _neutral_strategy(plan: Plan) -> str | None:
    """Return the strategy of the plan that changes nothing, if there is one."""
    return next((spec.name for spec in plan.strategies if spec.strategy == Strategy()), None)
