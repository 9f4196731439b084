"""Planted faults are caught, and what does its work is not flagged. The real network, small."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import benchmark
from benchmark.evaluation.audit import audit, of_decision
from benchmark.model.backbone import HEAD
from benchmark.model.network import Network
from benchmark.plan.schedule import Budget
from benchmark.plan.segments import make_plan
from benchmark.run.prepare import prepare
from benchmark.strategy import (
    AddOffset,
    Argmax,
    NoAugmentation,
    Outputs,
    RepeatsAugmented,
    Shuffle,
    Stage,
    Strategy,
    Weighted,
    find,
)
from benchmark.strategy.measurements import DecisionMeasurement
from benchmark.strategy.registry import StrategySpec, registered
from benchmark.system.progress import NullProgress
from benchmark.train import trainer
from benchmark.train.batch_sampler import BatchSampler
from benchmark.train.trainer import Training
from strategies.class_weights import InversePower
from strategies.focal_loss import FocalLoss
from strategies.logit_adjusted_loss import LogitAdjusted

AUDITED = Path(__file__).with_name("audited.json")
COUNTS = np.array([24, 10, 4])  # training images of the three classes
LONG = Budget(8, (30, 2))  # enough draws in the head phase to tell two samplers apart


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Three classes of very different size at 75 px; Mixed_7b and what follows is trained."""
    from PIL import Image

    from benchmark.plan.experiment import Experiment

    root, rng = tmp_path_factory.mktemp("audited"), np.random.default_rng(0)
    for c, (name, count) in enumerate(zip("abc", (30, 12, 6), strict=True)):
        (root / name).mkdir()
        for k in range(count):
            pixels = rng.integers(60 * c, 60 * c + 120, (75, 75, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{k}.png")
    experiment = Experiment(
        data=root,
        weights="none",
        recipe="forum",
        epochs=None,
        lr=None,
        seeds=(0,),
        quick=False,
        fine_tune="Mixed_7b",
        image_size=75,
        precision="fp32",
        device="cpu",
    )
    prepared = prepare(experiment)
    prepared.run_frozen_layers([0], NullProgress())
    assert prepared.train_counts(0).tolist() == COUNTS.tolist()
    return replace(prepared, budgets={0: LONG})


def checks_of(prepared, strategy, claimed=None):
    """Train, decide and audit; `claimed` is the strategy that it is said to be."""
    plan = make_plan([StrategySpec("it", strategy, "", {})], prepared.budgets, {0: "origin"})
    recipe = prepared.experiment.recipe
    split, budget = prepared.splits[0], prepared.budgets[0]
    training = Training(prepared.frozen_features, split, recipe, budget, 0, strategy.head)
    for segment in plan.segments:
        training.run(segment)
    logits, features = training.outputs(split.val)
    validation = Outputs(logits.numpy(), features.numpy(), prepared.images.labels[split.val])
    rule = strategy.decision.fit(validation, prepared.train_counts(0))
    decided = DecisionMeasurement(prepared.train_counts(0), validation, rule(validation))
    stages_measured = [watch.to_json() for watch in training.stats.monitors]
    return audit(
        claimed or strategy, recipe, prepared.experiment.trainable, budget, stages_measured, decided
    )


def missed(checks):
    return [check.place for check in checks if check.seen is False]


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
def test_a_strategy_that_works_is_not_flagged(prepared, name):
    """Second half and all; every strategy's head phase is audited by the contract."""
    checks = checks_of(prepared, find(name))
    assert not missed(checks), checks
    places = [check.place for check in checks]
    assert places == ["draws", "views", "mix", "features", "loss", "decision", "trained", "budget"]


def test_a_sampler_that_is_ignored(prepared, monkeypatch):
    """The option that built its sampler after the loader existed."""
    monkeypatch.setattr(trainer, "BatchSampler", lambda _, *rest: BatchSampler(Shuffle(), *rest))
    assert missed(checks_of(prepared, find("random_oversampling"))) == ["draws"]


def test_a_sampler_nobody_asked_for(prepared):
    oversampling = find("random_oversampling")
    assert missed(checks_of(prepared, oversampling, claimed=Strategy())) == ["draws"]


def test_weights_that_cancel_out(prepared, monkeypatch):
    monkeypatch.setattr(InversePower, "__call__", lambda self, counts: counts / counts)
    assert missed(checks_of(prepared, find("class_weights"))) == ["loss"]


def test_weights_the_wrong_way_round(prepared, monkeypatch):
    right = InversePower.__call__
    monkeypatch.setattr(InversePower, "__call__", lambda self, n: 1 / right(self, n))
    assert missed(checks_of(prepared, find("class_weights"))) == ["loss"]


def test_a_focus_that_is_none(prepared, monkeypatch):
    monkeypatch.setattr(FocalLoss, "__call__", Stage().loss.__class__.__call__)
    assert missed(checks_of(prepared, find("focal_loss"))) == ["loss"]


def test_a_prior_with_the_wrong_sign_in_the_loss(prepared, monkeypatch):
    """The fault found in public code."""
    strategy = find("logit_adjusted_loss")
    monkeypatch.setattr(LogitAdjusted, "__post_init__", lambda self: None)
    reverse = Stage(loss=LogitAdjusted(-1.0), expectations=strategy.stages[0].expectations)
    assert missed(checks_of(prepared, Strategy((reverse,)))) == ["loss"]


def test_weights_that_change_the_learning_rate(prepared, monkeypatch):
    monkeypatch.setattr(Weighted, "of", lambda self, counts: 1 / counts)
    assert missed(checks_of(prepared, find("class_weights"))) == ["loss"]


def synthetic(counts, signal, images, rng):
    """Outputs of a network that has learnt the prior, of an image for every class and more."""
    of_class = np.maximum(1, np.rint(images * counts / counts.sum())).astype(int)
    labels = np.repeat(np.arange(len(counts)), of_class)
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

    of: object

    def fit(self, validation, counts):
        return AddOffset(tuple(-np.array(self.of.fit(validation, counts).offset)))


@pytest.mark.parametrize("name", ["prior_correction", "threshold_moving"])
@pytest.mark.parametrize("network", NETWORKS)
def test_decisions_on_networks_good_and_bad(name, network):
    """There may be little to decide otherwise, or nothing: no reason to flag who would."""
    ratio, signal, images, classes = NETWORKS[network]
    counts = (404 * float(ratio) ** -np.linspace(0, 1, classes)).astype(int)
    strategy = find(name)
    ignored, reverse = Argmax(), Reversed(strategy.decision)
    for seed in range(3):
        validation = synthetic(counts, signal, images, np.random.default_rng(seed))

        def found(decision, labels_of=None, validation=validation):
            labels = (labels_of or decision).fit(validation, counts)(validation)
            checks = of_decision(
                replace(strategy, decision=decision),
                DecisionMeasurement(counts, validation, labels),
            )
            return [check.seen for check in checks]

        whole = found(strategy.decision)
        assert whole == [None if ratio == 1 else True, True]
        if ratio > 1:
            assert found(ignored) == [False, True]
            assert found(reverse) == [False, True]
        right, other, none = (
            one.fit(validation, counts)(validation) for one in (strategy.decision, reverse, ignored)
        )
        assert found(strategy.decision, labels_of=reverse)[1] is bool((right == other).all())
        assert found(strategy.decision, labels_of=ignored)[1] is bool((right == none).all())


def test_a_decision_that_declares_nothing_must_do_something():
    validation = synthetic(COUNTS, 20.0, 30, np.random.default_rng(0))

    def found(decision):
        labels = decision.fit(validation, COUNTS)(validation)
        return [
            c.seen
            for c in of_decision(
                Strategy(decision=decision), DecisionMeasurement(COUNTS, validation, labels)
            )
        ]

    @dataclass(frozen=True)
    class Pointless:
        def fit(self, validation, counts):
            return AddOffset((1.0,) * len(counts))

    @dataclass(frozen=True)
    class Asking:
        def fit(self, validation, counts):
            if len(validation.labels) != 30:
                raise ValueError("30 images, please")
            return AddOffset((1.0,) * len(counts))

    assert found(find("prior_correction").decision) == [True, True]
    assert found(Pointless()) == [False, True]
    assert found(Asking()) == [None, True], "a decision that can't be tried is not at fault"


def test_frozen_layers_that_train(prepared, monkeypatch):
    right = Network.set_trainable
    monkeypatch.setattr(Network, "set_trainable", lambda self, first: right(self, "Mixed_7b"))
    monkeypatch.setattr(Training, "_image_features", lambda *_: None)
    assert missed(checks_of(short(prepared), Strategy())) == ["trained"]


def test_trained_layers_that_are_frozen(prepared, monkeypatch):
    right = Network.set_trainable
    monkeypatch.setattr(Network, "set_trainable", lambda self, first: right(self, HEAD))
    assert missed(checks_of(short(prepared), Strategy())) == ["trained"]


def test_a_head_that_is_frozen(prepared, monkeypatch):
    right = Network.set_trainable

    def without_head(self, first):
        right(self, first)
        self.head.requires_grad_(first == HEAD)

    monkeypatch.setattr(Network, "set_trainable", without_head)
    assert missed(checks_of(short(prepared), Strategy())) == ["trained"]


def test_batch_norm_that_moves_in_frozen_layers(prepared, monkeypatch):
    monkeypatch.setattr(Network, "train", torch.nn.Module.train)
    monkeypatch.setattr(Training, "_image_features", lambda *_: None)
    (check,) = [c for c in checks_of(short(prepared), Strategy()) if c.seen is False]
    assert check.place == "trained"
    assert "batch-norm statistics of Mixed_7b, Mixed_7c changed, though frozen" in check.observed


def test_a_model_that_stays_in_evaluation_mode(prepared, monkeypatch):
    """`eval()` never undone after the first validation."""
    monkeypatch.setattr(Network, "train", lambda self, _=True: torch.nn.Module.train(self, False))
    (check,) = [c for c in checks_of(short(prepared), Strategy()) if c.seen is False]
    assert "batch-norm statistics of Mixed_7b, Mixed_7c did not change" in check.observed


def test_a_budget_that_is_exceeded(prepared, monkeypatch):
    right = Training._train_step

    def twice(self, *arguments):
        right(self, *arguments)
        return right(self, *arguments)

    monkeypatch.setattr(Training, "_train_step", twice)
    (check,) = [c for c in checks_of(short(prepared), Strategy()) if c.seen is False]
    assert (check.place, check.observed) == ("budget", "8 steps, 32 images")


def test_repeats_that_are_not_altered(prepared):
    @dataclass(frozen=True)
    class Idle(NoAugmentation):
        def changes(self, repeat_index):
            return repeat_index > 0

    (stage,) = find("random_oversampling").stages
    stage = replace(
        stage, augmentation=Idle(), expectations=(*stage.expectations, RepeatsAugmented())
    )
    assert missed(checks_of(prepared, Strategy((stage,)))) == ["views"]


def test_a_component_that_declares_nothing_must_do_something(prepared):
    @dataclass(frozen=True)
    class Pointless:
        def __call__(self, labels, rng):
            return rng.permutation(len(labels))

    assert missed(checks_of(prepared, Strategy((Stage(sampler=Pointless()),)))) == ["draws"]
    (stage,) = find("random_oversampling").stages
    assert not missed(checks_of(prepared, Strategy((replace(stage, expectations=()),))))


def test_stages_are_looked_at_one_by_one(prepared):
    (stage,) = find("random_oversampling").stages
    deferred = Strategy((Stage(fraction=0.5), replace(stage, fraction=0.5)))
    checks = checks_of(prepared, deferred)
    assert not missed(checks), checks
    assert [c.claim.partition(": ")[0] for c in checks if c.place == "draws"] == [
        "stage 1",
        "stage 2",
    ]
    (check,) = [check for check in checks if check.place == "trained"]
    assert check.observed == (
        "parameters: head, then head, then Mixed_7b to head; "
        "batch-norm statistics: none, then none, then Mixed_7b to Mixed_7c"
    )
    late = replace(deferred, stages=deferred.stages[::-1])
    assert missed(checks_of(prepared, late, claimed=deferred)) == ["draws", "draws"]


def short(prepared):
    """For faults of the second half, which takes longer a step."""
    return replace(prepared, budgets={0: Budget(4, (2, 2))})


@pytest.mark.simulation
def test_no_real_strategy_is_flagged_over_ten_seeds(tmp_path):
    """Whole runs on rendered images; what came out is kept in audited.json beside this file."""
    result = benchmark.run(
        data="wheels:images=600",
        strategies=list(registered()),
        weights="bundled",
        image_size=80,
        seeds=10,
        device="cpu",
        precision="fp32",
        out=tmp_path / "run",
    )
    assert (result.summary["status"] == "ok").all()
    checks = pd.read_csv(tmp_path / "run" / "audit.csv")
    seen = checks["seen"].map({True: "seen", False: "not seen"}).fillna("could not be told")
    found = {
        "run": "wheels:images=600, 80 px, forum recipe, seeds 0 to 9",
        "strategies": sorted(registered()),
        "checks": len(checks),
        "by place": pd.crosstab(checks["place"], seen).to_dict("index"),
        "false alarms": int((seen == "not seen").sum()),
    }
    AUDITED.write_text(json.dumps(found, indent=1) + "\n")
    assert len(checks) >= 70 * len(registered())
    assert not found["false alarms"], checks[seen == "not seen"].to_string()
