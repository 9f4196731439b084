"""Planted faults fail the audit, and strategies that work pass it: on a three-block network."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import benchmark
from benchmark.evaluation.audit import audit
from benchmark.evaluation.decision_audit import check_decision
from benchmark.model.backbone import HEAD
from benchmark.model.network import Network
from benchmark.plan.schedule import Budget
from benchmark.strategy import (
    Argmax,
    NoAugmentation,
    OffsetArgmax,
    Outputs,
    RepeatsAugmented,
    Shuffle,
    Stage,
    Strategy,
    WeightedLoss,
    find,
)
from benchmark.strategy.measurements import DecisionMeasurement
from benchmark.strategy.registry import groups
from benchmark.train import trainer
from benchmark.train.batch_sampler import BatchSampler
from benchmark.train.sample_pool import SamplePool
from benchmark.train.trainer import Training
from strategies.class_weights import InversePower
from strategies.focal_loss import FocalLoss
from strategies.logit_adjusted_loss import LogitAdjustedCrossEntropy
from tests.train.small_training import LABELS, SPLIT, Setup, small_features

COMPONENTS = ("selection", "sampler", "augmentation", "mixing", "synthesizer", "loss")
AUDITED = Path(__file__).parents[1] / "audited.json"
COUNTS = np.bincount(LABELS[SPLIT.train])  # of three classes of very different size
LONG = Budget(8, (30, 2))  # enough draws in the head phase to tell two samplers apart
SHORT = Budget(4, (2, 2))


@pytest.fixture(scope="module")
def setup():
    """The block `body` and all after it is trained."""
    return Setup(small_features(), LONG)


@pytest.fixture
def short(setup):
    """For faults of the second phase, which takes longer a step."""
    return replace(setup, budget=SHORT)


def checks_of(setup, strategy, claimed=None):
    """Train, decide and audit; `claimed` replaces the trained strategy in the audit."""
    training = setup.trained(strategy)
    logits, features = training.outputs(SPLIT.val)
    validation = Outputs(logits.numpy(), features.numpy(), LABELS[SPLIT.val])
    rule = strategy.decision.fit(validation, COUNTS)
    decision = DecisionMeasurement(COUNTS, validation, rule(validation))
    measured = [monitor.to_json() for monitor in training.stats.monitors]
    blocks = ("body", "tail", HEAD)
    return audit(claimed or strategy, setup.recipe, blocks, setup.budget, measured, decision)


def failed(checks):
    return [check.component for check in checks if check.passed is False]


@pytest.mark.parametrize(
    "name",
    [
        "no_change",
        "class_weights",
        "focal_loss",
        "random_oversampling",
        "augmentation_oversampling",
    ],
)
def test_a_strategy_that_works_passes(setup, name):
    checks = checks_of(setup, find(name))
    assert not failed(checks), checks
    assert list(dict.fromkeys(check.component for check in checks)) == [
        *COMPONENTS,
        *("head", "decision", "trained_blocks", "budget"),
    ]


def test_a_sampler_that_is_ignored(setup, monkeypatch):
    """An option that has an effect only after the loader exists has none."""
    monkeypatch.setattr(trainer, "BatchSampler", lambda _, *rest: BatchSampler(Shuffle(), *rest))
    assert failed(checks_of(setup, find("random_oversampling"))) == ["sampler"]


def test_a_sampler_that_the_strategy_does_not_have(setup):
    oversampling = find("random_oversampling")
    assert failed(checks_of(setup, oversampling, claimed=Strategy())) == ["sampler"]


def test_weights_that_cancel_out(setup, monkeypatch):
    monkeypatch.setattr(InversePower, "__call__", lambda self, counts: counts / counts)
    assert failed(checks_of(setup, find("class_weights"))) == ["loss"]


def test_weights_the_wrong_way_round(setup, monkeypatch):
    right = InversePower.__call__
    monkeypatch.setattr(InversePower, "__call__", lambda self, n: 1 / right(self, n))
    assert failed(checks_of(setup, find("class_weights"))) == ["loss"]


def test_a_focal_loss_that_is_cross_entropy(setup, monkeypatch):
    monkeypatch.setattr(FocalLoss, "__call__", Stage().loss.__class__.__call__)
    assert failed(checks_of(setup, find("focal_loss"))) == ["loss"]


def test_a_prior_with_the_wrong_sign_in_the_loss(setup, monkeypatch):
    """The fault found in public code."""
    strategy = find("logit_adjusted_loss")
    monkeypatch.setattr(LogitAdjustedCrossEntropy, "__post_init__", lambda self: None)
    declared = strategy.stages[0].expectations
    reverse = Stage(loss=LogitAdjustedCrossEntropy(-1.0), expectations=declared)
    assert failed(checks_of(setup, Strategy((reverse,)))) == ["loss"]


def test_weights_that_change_the_learning_rate(setup, monkeypatch):
    monkeypatch.setattr(WeightedLoss, "scaled_weights", lambda self, counts: 1 / counts)
    assert failed(checks_of(setup, find("class_weights"))) == ["loss"]


def synthetic(counts, signal, images, rng):
    """Outputs of a network that has learnt the prior, of an image for every class and more."""
    images_of_class = np.maximum(1, np.rint(images * counts / counts.sum())).astype(int)
    labels = np.repeat(np.arange(len(counts)), images_of_class)
    prior = np.log(counts / counts.sum())
    logits = rng.normal(size=(len(labels), len(counts))) + prior
    logits += signal * np.eye(len(counts))[labels]
    return Outputs(logits.astype(np.float32), rng.normal(size=(len(labels), 4)), labels)


# ratio of the largest class to the smallest, signal, validation images, classes
NETWORKS = {
    "weak": (36, 2.0, 240, 17),
    "good": (36, 4.0, 240, 17),
    "mild": (5, 4.0, 100, 8),
    "milder": (2, 4.0, 60, 8),
    "nearly level": (1.25, 3.0, 150, 8),
    "perfect": (36, 20.0, 100, 8),
    "level": (1, 2.0, 60, 8),
}


@dataclass(frozen=True)
class Reversed:
    """A decision with the wrong sign."""

    decision: object

    def fit(self, validation, counts):
        return OffsetArgmax(tuple(-np.array(self.decision.fit(validation, counts).offset)))


@pytest.mark.parametrize("name", ["prior_correction", "threshold_moving"])
@pytest.mark.parametrize("network", NETWORKS)
def test_decisions_pass_on_good_and_bad_networks(name, network):
    """A network may leave little or nothing to correct: a decision passes all the same."""
    ratio, signal, images, classes = NETWORKS[network]
    counts = (404 * float(ratio) ** -np.linspace(0, 1, classes)).astype(int)
    strategy = find(name)
    ignored, reverse = Argmax(), Reversed(strategy.decision)
    for seed in range(3 if name == "prior_correction" else 1):  # the fit is slow
        validation = synthetic(counts, signal, images, np.random.default_rng(seed))

        def results(decision, labels_of=None, validation=validation):
            labels = (labels_of or decision).fit(validation, counts)(validation)
            checks = check_decision(
                replace(strategy, decision=decision),
                DecisionMeasurement(counts, validation, labels),
            )
            return [check.passed for check in checks]

        whole = results(strategy.decision)
        nothing_to_raise = ratio == 1 and name == "threshold_moving"
        first, *others = whole
        assert first is (None if nothing_to_raise else True)
        assert set(others) <= {True, None}
        if ratio > 1:
            for wrong in (ignored, reverse):
                first, *_, refitted = results(wrong)
                assert (first, refitted) == (False, True)
        right, other, none = (
            d.fit(validation, counts)(validation) for d in (strategy.decision, reverse, ignored)
        )
        assert results(strategy.decision, labels_of=reverse)[-1] is bool((right == other).all())
        assert results(strategy.decision, labels_of=ignored)[-1] is bool((right == none).all())


def test_a_decision_that_declares_nothing_must_do_something():
    counts = np.array([24, 10, 4])
    validation = synthetic(counts, 20.0, 30, np.random.default_rng(0))

    def results(decision, counts=counts):
        labels = decision.fit(validation, counts)(validation)
        return [
            c.passed
            for c in check_decision(
                Strategy(decision=decision), DecisionMeasurement(counts, validation, labels)
            )
        ]

    @dataclass(frozen=True)
    class Pointless:
        def fit(self, validation, counts):
            return OffsetArgmax((1.0,) * len(counts))

    @dataclass(frozen=True)
    class OneClass:
        def fit(self, validation, counts):
            return OffsetArgmax((99.0,) + (0.0,) * (len(counts) - 1))

    @dataclass(frozen=True)
    class Asking:
        def fit(self, validation, counts):
            if len(validation.labels) != 30:
                raise ValueError("30 images, please")
            return OffsetArgmax((1.0,) * len(counts))

    assert results(find("prior_correction").decision) == [True, True]
    assert results(Pointless()) == [False, True]
    assert results(Pointless(), np.array([10, 0, 10])) == [None, True], "nothing to do"
    assert results(Pointless(), np.array([11, 10, 10])) == [False, True]
    assert results(OneClass(), np.array([10, 10, 10])) == [True, True]
    assert results(Asking()) == [None, True], "a decision that can't be tried is not at fault"


def train_on_images(monkeypatch):
    """Run the frozen layers at every step, in place of their stored features."""
    right = SamplePool.from_images
    monkeypatch.setattr(
        SamplePool, "from_images", lambda labels, _, kept: right(labels, None, kept)
    )


def test_frozen_layers_that_train(short, monkeypatch):
    right = Network.set_trainable
    monkeypatch.setattr(Network, "set_trainable", lambda self, first: right(self, "body"))
    train_on_images(monkeypatch)
    assert failed(checks_of(short, Strategy())) == ["trained_blocks"]


def test_trained_layers_that_are_frozen(short, monkeypatch):
    right = Network.set_trainable
    monkeypatch.setattr(Network, "set_trainable", lambda self, first: right(self, HEAD))
    assert failed(checks_of(short, Strategy())) == ["trained_blocks"]


def test_a_head_that_is_frozen(short, monkeypatch):
    right = Network.set_trainable

    def without_head(self, first):
        right(self, first)
        self.head.requires_grad_(first == HEAD)

    monkeypatch.setattr(Network, "set_trainable", without_head)
    assert failed(checks_of(short, Strategy())) == ["trained_blocks"]


def test_batch_norm_that_moves_in_frozen_layers(short, monkeypatch):
    monkeypatch.setattr(Network, "train", torch.nn.Module.train)
    train_on_images(monkeypatch)
    (check,) = [c for c in checks_of(short, Strategy()) if c.passed is False]
    assert check.component == "trained_blocks"
    assert "batch-norm statistics of body, tail changed, though frozen" in check.observed


def test_a_model_that_stays_in_evaluation_mode(short, monkeypatch):
    """`eval()` never undone after the first validation."""
    monkeypatch.setattr(Network, "train", lambda self, _=True: torch.nn.Module.train(self, False))
    (check,) = [c for c in checks_of(short, Strategy()) if c.passed is False]
    assert "batch-norm statistics of body, tail did not change" in check.observed


def test_a_budget_that_is_exceeded(short, monkeypatch):
    right = Training._train_step

    def twice(self, *arguments):
        right(self, *arguments)
        return right(self, *arguments)

    monkeypatch.setattr(Training, "_train_step", twice)
    (check,) = [c for c in checks_of(short, Strategy()) if c.passed is False]
    assert (check.component, check.observed) == ("budget", "8 steps, 32 images")


def test_batches_that_are_too_small(setup, monkeypatch):
    right = BatchSampler.batch
    monkeypatch.setattr(
        BatchSampler, "batch", lambda self, step: [a[1:] for a in right(self, step)]
    )
    (check,) = [c for c in checks_of(setup, Strategy()) if c.passed is False]
    assert (check.component, check.observed) == ("budget", "32 steps, 224 images")


def test_repeats_that_are_not_augmented(setup):
    @dataclass(frozen=True)
    class Idle(NoAugmentation):
        def selects(self, repeat_index):
            return repeat_index > 0

    (stage,) = find("random_oversampling").stages
    stage = replace(
        stage, augmentation=Idle(), expectations=(*stage.expectations, RepeatsAugmented())
    )
    assert failed(checks_of(setup, Strategy((stage,)))) == ["augmentation"]


def test_a_component_that_declares_nothing_must_do_something(setup):
    @dataclass(frozen=True)
    class Pointless:
        def __call__(self, labels, rng):
            return rng.permutation(len(labels))

    assert failed(checks_of(setup, Strategy((Stage(sampler=Pointless()),)))) == ["sampler"]
    (stage,) = find("random_oversampling").stages
    assert not failed(checks_of(setup, Strategy((replace(stage, expectations=()),))))


def test_stages_are_checked_one_by_one(setup):
    (stage,) = find("random_oversampling").stages
    deferred = Strategy((Stage(fraction=0.5), replace(stage, fraction=0.5)))
    checks = checks_of(setup, deferred)
    assert not failed(checks), checks
    stages = [c.expectation.partition(": ")[0] for c in checks if c.component == "sampler"]
    assert stages == [*["stage 1"] * 3, *["stage 2"] * 3]
    (check,) = [check for check in checks if check.component == "trained_blocks"]
    assert check.observed == (
        "parameters: head, then head, then body to head; "
        "batch-norm statistics: none, then none, then body to tail"
    )
    late = replace(deferred, stages=deferred.stages[::-1])
    assert failed(checks_of(setup, late, claimed=deferred)) == ["sampler", "sampler"]


@pytest.mark.simulation
def test_all_strategies_pass_over_ten_seeds(tmp_path):
    """Whole runs on rendered images; the counts are kept in tests/audited.json."""
    result = benchmark.run(
        data="wheels:images=600",
        strategies=list(groups()["every"]),
        weights="bundled",
        image_size=80,
        seeds=10,
        device="cpu",
        precision="fp32",
        out=tmp_path / "run",
    )
    assert (result.summary["status"] == "ok").all()
    checks = pd.read_csv(tmp_path / "run" / "audit.csv")
    passed = checks["passed"].map({True: "passed", False: "failed"}).fillna("undecided")
    summary = {
        "run": "wheels:images=600, 80 px, forum recipe, seeds 0 to 9",
        "strategies": sorted(groups()["every"]),
        "checks": len(checks),
        "by component": pd.crosstab(checks["component"], passed).to_dict("index"),
        "false alarms": int((passed == "failed").sum()),
    }
    AUDITED.write_text(json.dumps(summary, indent=1) + "\n")
    assert len(checks) >= 70 * len(groups()["every"])
    assert not summary["false alarms"], checks[passed == "failed"].to_string()
