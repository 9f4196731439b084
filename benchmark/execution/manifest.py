"""What a run is: run.json and the files of splits, as types, and how they are written.

No torch is imported here, since reports read these files.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data.imageset import SPLITS, ImageSet
from benchmark.execution.schema import SCHEMA_VERSION
from benchmark.plan.experiment import changed_from_recipe
from benchmark.plan.segments import Plan
from benchmark.plugins import broken_plugin_sentences
from benchmark.strategy import Strategy
from benchmark.strategy.registry import StrategySpec, registered
from benchmark.strategy.stage import acting_components

if TYPE_CHECKING:
    from benchmark.data.splits import Splits
    from benchmark.execution.executor import Executor
    from benchmark.execution.prepare import PreparedExperiment


@dataclass(frozen=True)
class RecipeInfo:
    """The training recipe of a run."""

    name: str
    description: str
    phases: tuple[dict[str, Any], ...]  # the fields of `Phase`
    batch_size: int  # before it is halved for small data sets
    weight_decay: float
    momentum: float | None
    augmentation: str


@dataclass(frozen=True)
class ExperimentInfo:
    """The settings of a run, and what followed from them."""

    settings: dict[str, Any]  # all of them by name, as given
    recipe: RecipeInfo
    batch_size: int  # of the first seed, as are the steps
    phase_steps: tuple[int, ...]
    first_trained: str  # the first block that the recipe may train
    changed: tuple[str, ...]  # settings that differ from the recipe's own: epochs, lr, fine_tune
    precision: str  # as chosen, also where the setting was "auto"
    device: str  # the same


@dataclass(frozen=True)
class DataInfo:
    """The data set of a run; C classes."""

    name: str
    spec: str
    description: str
    images: int
    groups: int | None  # None: images do not come in groups
    classes: tuple[str, ...]  # (C,)
    counts: dict[str, tuple[int, ...]]  # split -> (C,) images, for the first seed


@dataclass(frozen=True)
class WeightsInfo:
    """The pretrained weights of a run."""

    name: str
    source: str
    sha256: str


@dataclass(frozen=True)
class StrategyInfo:
    """A strategy of the run."""

    name: str
    doc: str
    parameters: dict[str, Any]  # where seeds differ in one: all values, joined by commas
    networks: dict[int, str]  # seed -> key of its network


@dataclass(frozen=True)
class AvailableStrategy:
    """A strategy that was registered when the run was made, whether it ran or not."""

    summary: str
    components: tuple[str, ...]  # components that differ from plain training


@dataclass(frozen=True)
class TrialResult:
    """Parameters that were tried, and their score."""

    strategy: str
    seed: int
    parameters: dict[str, Any]  # the tuned ones
    score: float | None  # macro-F1 on validation, see `validation_score`; None: the trial failed


@dataclass(frozen=True)
class TuningInfo:
    """How the parameters of the strategies were chosen."""

    trials: int  # of each strategy and seed
    results: tuple[TrialResult, ...]


@dataclass(frozen=True, kw_only=True)
class RunManifest:
    """All that a run was asked to do, on what data, with what weights, hardware and versions."""

    schema_version: int = SCHEMA_VERSION
    name: str
    command: str | None
    quick: bool
    experiment: ExperimentInfo
    data: DataInfo
    weights: WeightsInfo
    environment: dict[str, str | int | None]
    seeds: tuple[int, ...]
    strategies: tuple[StrategyInfo, ...]
    available: dict[str, AvailableStrategy]
    baseline: str | None
    tuning: TuningInfo | None
    messages: tuple[str, ...]


@dataclass(frozen=True)
class SplitPart:
    """The images of one split, N of them."""

    counts: tuple[int, ...]  # (C,)
    labels: tuple[int, ...]  # (N,)
    files: tuple[str, ...]  # (N,)
    groups: tuple[int, ...] | None = None  # (N,), None: images do not come in groups


@dataclass(frozen=True)
class SplitManifest:
    """The three splits of one seed."""

    train: SplitPart
    val: SplitPart
    test: SplitPart


@dataclass(frozen=True)
class RunCost:
    """What the last run in a folder took: cost.json."""

    seconds: dict[str, float]  # by task
    whole: float  # seconds of all of it
    stores_in_memory: int  # bytes of activations in the host's memory


def write_manifest(
    executor: Executor,
    command: str | None,
    baseline: str | None = None,
    tuning: TuningInfo | None = None,
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
    from benchmark.system.provenance import environment  # imports torch

    prepared, plan, folder = executor.prepared, executor.plan, executor.folder
    images, weights, seeds = prepared.images, prepared.weights, prepared.experiment.seeds
    splits = {seed: _split(images, split) for seed, split in prepared.splits.items()}
    for seed, split in splits.items():
        folder.write_split(seed, split)
    neutral = (spec.name for spec in plan.strategies if spec.strategy == Strategy())
    manifest = RunManifest(
        name=folder.path.name,
        command=command,
        quick=prepared.experiment.quick,
        experiment=_experiment(prepared),
        data=DataInfo(
            name=images.name,
            spec=images.spec,
            description=images.description,
            images=len(images),
            groups=None if images.groups is None else len(np.unique(images.groups)),
            classes=tuple(images.classes),
            counts={name: getattr(splits[seeds[0]], name).counts for name in SPLITS},
        ),
        weights=WeightsInfo(weights.name, weights.source, weights.sha256),
        environment=environment(prepared.device),
        seeds=seeds,
        strategies=tuple(_strategy(plan, spec) for spec in plan.strategies),
        available={
            name: AvailableStrategy(entry.summary, tuple(acting_components(entry.build())))
            for name, entry in registered().items()
        },
        baseline=baseline or next(neutral, None),
        tuning=tuning,
        messages=(*prepared.messages, *broken_plugin_sentences()),
    )
    folder.write_manifest(manifest)


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
    experiment, recipe = prepared.experiment, prepared.experiment.recipe
    budget = prepared.budgets[experiment.seeds[0]]
    phases = tuple(dataclasses.asdict(phase) for phase in recipe.phases)
    plain = {"phases": phases, "augmentation": repr(recipe.augmentation)}
    return ExperimentInfo(
        settings=experiment.describe(),
        recipe=RecipeInfo(**{**vars(recipe), **plain}),
        batch_size=budget.batch_size,
        phase_steps=budget.phase_steps,
        first_trained=experiment.trainable[0],
        changed=tuple(changed_from_recipe(experiment)),
        precision=prepared.device.precision,
        device=prepared.device.name,
    )


def _strategy(plan: Plan, spec: StrategySpec) -> StrategyInfo:
    """Return a strategy with its parameters; where its seeds differ in one, with all values."""
    by_seed = [plan.specs[spec.name, seed].parameters for seed in plan.budgets]
    values = {key: [parameters[key] for parameters in by_seed] for key in by_seed[0]}
    parameters = {
        key: items[0] if len(set(items)) == 1 else ", ".join(map(str, items))
        for key, items in values.items()
    }
    networks = {seed: plan.networks[spec.name, seed] for seed in plan.budgets}
    return StrategyInfo(spec.name, spec.doc, parameters, networks)
