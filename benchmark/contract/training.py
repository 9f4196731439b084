"""A short training of the real network on a CPU, which the audit must pass."""

import atexit
import functools
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import benchmark.strategy
from benchmark.contract.case import Case, CheckFailedError, describe, require
from benchmark.evaluation.audit import audit
from benchmark.evaluation.ensemble_audit import MemberMeasurement, audit_ensemble
from benchmark.execution.frozen_layers import run_frozen_layers
from benchmark.execution.prepare import PreparedExperiment, prepare
from benchmark.model.backbone import HEAD
from benchmark.model.registry import find_backbone
from benchmark.plan.experiment import Experiment
from benchmark.plan.recipes import recipe_for
from benchmark.plan.schedule import Budget
from benchmark.plan.segments import make_plan
from benchmark.storage.cache import cache_in
from benchmark.strategy import DecisionMeasurement, Outputs, Strategy
from benchmark.strategy.ensembles import combine_outputs
from benchmark.strategy.registry import StrategySpec
from benchmark.strategy.stage import acting_components
from benchmark.system.progress import NullProgress
from benchmark.train.trainer import Training

_IMAGES = {"common": 30, "middling": 12, "rare": 5}
_BUDGET = Budget(8, (20, 20), images=37)  # those of the training split


def check_expectations_match_components(case: Case) -> None:
    """Each component that it changes has an expectation for the audit, no other has."""
    declared = {item.component for item in case.strategy.declared()}
    acting = set(acting_components(case.strategy))
    missing = acting - declared - {"head", "schedule"}
    kinds = vars(benchmark.strategy).items()
    fitting = [name for name, kind in kinds if getattr(kind, "component", None) in missing]
    require(
        not missing,
        f"it changes {_join(missing)} and declares no expectation of it, so the audit can only "
        "check that it has some effect. Give the stage (the strategy, for a decision) "
        f"expectations, such as {' or '.join(fitting)}",
    )
    require(
        declared <= acting,
        f"it declares an expectation of {_join(declared - acting)}, but does not change it",
    )


def check_passes_audit(case: Case) -> None:
    """It passes the audit of its expectations, in 40 training steps of the last layer."""
    strategy = case.strategy
    prepared = short_experiment(_first_trained(strategy))
    measured = [_train(case.entry.name, training, prepared) for training in strategy.trainings]
    counts, experiment = prepared.train_counts(0), prepared.experiment
    outputs = combine_outputs([own.outputs for own in measured])
    outputs = outputs if strategy.members else measured[0].outputs
    predicted = strategy.decision.fit(outputs, counts)(outputs.without_labels())
    decision = DecisionMeasurement(counts, outputs, np.asarray(predicted))
    of_run = (strategy, experiment.recipe, experiment.trainable, _BUDGET)
    if strategy.members:
        checks = audit_ensemble(*of_run, measured, decision)
    else:
        checks = audit(*of_run, measured[0].measured, decision)
    failed = [f"{check.expectation}: {check.observed}" for check in checks if check.passed is False]
    require(not failed, f"the audit fails: {'; '.join(failed)}")


def _train(name: str, strategy: Strategy, prepared: PreparedExperiment) -> MemberMeasurement:
    """Train one network; return what was measured, and its outputs for the validation images."""
    _check_head(strategy)
    split, recipe, labels = prepared.splits[0], prepared.experiment.recipe, prepared.labels(0)
    plan = make_plan([StrategySpec(name, strategy, "", {})], prepared.budgets, {0: "base"})
    training = Training(prepared.frozen_features, split, labels, recipe, _BUDGET, 0, strategy.head)
    for segment in plan.segments:
        training.run(segment)
    logits, features = training.outputs(split.val)
    head = training.network.head.state_dict()
    weight = head["weight"].numpy() if set(head) <= {"weight", "bias"} else None
    outputs = Outputs(logits.numpy(), features.numpy(), labels[split.val], weight)
    return MemberMeasurement([m.to_json() for m in training.stats.monitors], outputs)


def _check_head(strategy: Strategy) -> None:
    """Check the head alone, because an error in the whole network would be harder to read."""
    logits = strategy.head(6, 4)(torch.zeros(5, 6))
    require(
        isinstance(logits, torch.Tensor) and logits.shape == (5, 4),
        "for features (5, 6) and 4 classes the head must return logits (5, 4); got "
        f"{describe(logits)}",
    )


def _first_trained(strategy: Strategy) -> str:
    """Return the first block that a stage trains: mostly the head alone, which is quick."""
    blocks = find_backbone(Experiment.backbone).blocks
    stages = [stage for training in strategy.trainings for stage in training.stages]
    first = {stage.train_from for stage in stages if stage.train_from}
    if unknown := first - {*blocks, HEAD}:
        raise CheckFailedError(
            f"a stage trains from {_join(unknown)}, which is no block of {Experiment.backbone}; "
            f"allowed are {HEAD}, {', '.join(blocks)}"
        )
    return min(first | {HEAD}, key=(*blocks, HEAD).index)


@functools.cache
def short_experiment(fine_tune: str = HEAD) -> PreparedExperiment:
    """Return three classes of 24, 10 and 3 synthetic images at 75 px, with a random network."""
    folder = Path(tempfile.mkdtemp())  # the training reads stored features and pixels from it
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with cache_in(folder / "cache"):
        images, rng = folder / "images", np.random.default_rng(0)
        for level, (name, count) in zip((60, 120, 180), _IMAGES.items(), strict=True):
            (images / name).mkdir(parents=True)
            for number in range(count):
                pixels = rng.normal(level, 40, (40, 40, 3)).clip(0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(images / name / f"{number:03}.png")
        experiment = Experiment(
            data=str(images),
            weights="none",
            recipe=recipe_for("forum", lr=3e-3),
            fine_tune=fine_tune,
            image_size=75,
            precision="fp32",
            device="cpu",
        )
        prepared = replace(prepare(experiment), budgets={0: _BUDGET})
        run_frozen_layers(prepared, [0], NullProgress())
        return prepared


def _join(names: set[str]) -> str:
    return " and ".join(sorted(names))
