"""A short training of the real network on a CPU, in which what is declared must be seen."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.contract.clause import BrokenClauseError, Case, described, require
from benchmark.evaluation.audit import audit
from benchmark.model.backbone import HEAD
from benchmark.model.registry import find_backbone
from benchmark.plan.experiment import Experiment
from benchmark.plan.recipes import recipe_for
from benchmark.plan.schedule import Budget
from benchmark.plan.segments import make_plan
from benchmark.run.prepare import PreparedExperiment, prepare
from benchmark.storage.cache import cache_in
from benchmark.strategy import Outputs, Strategy
from benchmark.strategy.expectations import DecisionMeasurement
from benchmark.strategy.places import places
from benchmark.strategy.registry import StrategySpec
from benchmark.system.progress import NullProgress

_IMAGES = {"common": 30, "middling": 12, "rare": 5}
_BUDGET = Budget(8, (20, 20))


def declares_what_it_changes(case: Case) -> None:
    """Each place that it changes has an effect that is to be seen, no other has."""
    declared = {one.place for stage in case.strategy.stages for one in stage.expectations}
    declared |= {one.place for one in case.strategy.expectations}
    changed = set(places(case.strategy)) - {"head", "timeline"}
    require(
        declared >= changed,
        f"it changes {_listed(changed - declared)} and declares no effect of that: whether it "
        "works could not be told from whether it does something. Give the stage (the strategy, "
        "for a decision) effects, like ExpectClassSampling(0) or ExpectClassWeights(1)",
    )
    require(
        declared <= changed,
        f"it declares an effect of {_listed(declared - changed)}, but changes nothing there",
    )


def is_seen_to_take_effect(case: Case) -> None:
    """It trains, and the audit sees what it declares, in 40 steps of the last layer."""
    from benchmark.train.trainer import Training

    strategy = case.strategy
    _check_head(strategy)
    prepared = short_experiment(_first_trained(strategy))
    split, counts, recipe = prepared.splits[0], prepared.train_counts(0), prepared.experiment.recipe
    asked = StrategySpec(case.entry.name, strategy, "", {})
    plan = make_plan([asked], prepared.budgets, {0: "origin"})
    training = Training(prepared.material, split, recipe, _BUDGET, 0, strategy.head)
    for segment in plan.segments:
        training.run(segment)
    logits, features = training.outputs(split.val)
    head = training.network.head.state_dict()
    weight = head["weight"].numpy() if set(head) <= {"weight", "bias"} else None
    labels = prepared.images.labels[split.val]
    outputs = Outputs(logits.numpy(), features.numpy(), labels, weight)
    decided = strategy.decision.fit(outputs, counts)(outputs.unlabelled())
    seen = DecisionMeasurement(counts, outputs, np.asarray(decided))
    stages_measured = [watch.to_json() for watch in training.tally.stages_measured]
    checks = audit(strategy, recipe, prepared.experiment.trainable, _BUDGET, stages_measured, seen)
    missed = [f"{one.claim}: {one.observed}" for one in checks if one.seen is False]
    require(not missed, f"not seen: {'; '.join(missed)}")


def _check_head(strategy: Strategy) -> None:
    """Look at the head alone: what is wrong of it is said better before it stands in a network."""
    import torch

    logits = strategy.head(6, 4)(torch.zeros(5, 6))
    require(
        isinstance(logits, torch.Tensor) and logits.shape == (5, 4),
        "of features (5, 6) and 4 classes the head must give logits (5, 4); got "
        f"{described(logits)}",
    )


def _first_trained(strategy: Strategy) -> str:
    """Return the first block that a stage asks to train: most ask for none, which is quick."""
    asked = {stage.train_from for stage in strategy.stages if stage.train_from}
    blocks = find_backbone(Experiment.backbone).blocks
    if unknown := asked - {*blocks, HEAD}:
        raise BrokenClauseError(
            f"a stage trains {_listed(unknown)}, which is no block of {Experiment.backbone}; "
            f"allowed are {HEAD}, {', '.join(blocks)}"
        )
    return min(asked | {HEAD}, key=(*blocks, HEAD).index)


@functools.cache
def short_experiment(fine_tune: str = HEAD) -> PreparedExperiment:
    """Three classes of 24, 10 and 3 made-up images at 75 px, their features by a random network."""
    from PIL import Image

    folder = Path(tempfile.mkdtemp())  # rows and pixels are read from there as long as it trains
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
        prepared.run_frozen_layers([0], NullProgress())
        return prepared


def _listed(names: set[str]) -> str:
    return " and ".join(sorted(names))
