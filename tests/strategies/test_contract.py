"""What every registered strategy must hold to; a new one inherits these tests by being there."""

import ast
import copy
import inspect
import pickle
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmark.api import make_experiment
from benchmark.audit import audit
from benchmark.plan import Budget, key_at, make_plan, stretches_of
from benchmark.prepare import prepare
from benchmark.progress import Silent
from benchmark.strategy import (
    CrossEntropy,
    EasyPullLess,
    EasyPullMore,
    Outputs,
    Strategy,
    UnsurePullLess,
)
from benchmark.strategy.effects import Decided
from benchmark.strategy.places import places
from benchmark.strategy.registry import Asked, registered, resolve
from benchmark.train.loop import Training

NAMES = list(registered())
COUNTS = np.array([40, 15, 5, 1])
LABELS = np.repeat(np.arange(4), COUNTS)
BUDGET = Budget(8, (10, 10))


def built(name) -> Strategy:
    return registered()[name].build()


def lines_of_code(source):
    """How many lines hold code: no docstring, no comment, nothing empty."""
    tree = ast.parse(source)
    lines = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt | ast.expr)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    text = source.splitlines()
    return sum(bool(text[line - 1].strip()) for line in lines)


def key_of(name):
    strategy = built(name)
    return key_at(20, stretches_of(strategy, BUDGET), strategy.head, "origin")


@pytest.fixture(scope="module")
def prepared(image_folder):
    """Three classes at 75 px, their pooled features once; 30 steps of 8 images."""
    prepared = prepare(
        make_experiment(
            data=image_folder,
            weights="none",
            recipe="forum",
            epochs=None,
            lr=3e-3,
            seeds=(0,),
            quick=False,
            fine_tune="head",
            image_size=75,
            precision="fp32",
            device="cpu",
        )
    )
    prepared.run_frozen_layers([0], Silent())
    return replace(prepared, budgets={0: Budget(8, (20, 20))})


@pytest.mark.parametrize("name", NAMES)
class TestContract:
    def test_explains_itself(self, name):
        entry = registered()[name]
        assert entry.summary.endswith("."), "the first line is a sentence"
        assert len(entry.summary) <= 100
        *_, formula, example = entry.doc.split("\n\n")
        assert re.search(r"=|->|~", formula), "the last but one paragraph is the formula"
        assert re.search(r"\b(19|20)\d\d\b", entry.doc), "the literature is named, with its year"
        words = re.fullmatch(r"Example: --strategies (\S+)", example)
        assert words, "the last paragraph is an example"
        assert name in [one.name.partition(":")[0] for one in resolve(words[1])]

    def test_is_small(self, name):
        source = inspect.getsource(sys.modules[registered()[name].build.__module__])
        assert lines_of_code(source) <= 40

    def test_declares_effects_of_what_it_changes(self, name):
        strategy = built(name)
        declared = {one.place for stage in strategy.stages for one in stage.effects}
        declared |= {one.place for one in strategy.effects}
        changed = set(places(strategy)) - {"head", "timeline"}
        assert declared == changed, "each place that it changes has an effect to be seen, no other"

    def test_pickles(self, name):
        assert pickle.loads(pickle.dumps(built(name))) == built(name)

    def test_loss_is_one_finite_value_each_with_finite_gradients(self, name):
        torch.manual_seed(0)
        counts = torch.from_numpy(COUNTS).float()
        targets = torch.eye(4)[[0, 1, 2, 3, 0, 1]]
        soft = 0.7 * targets + 0.3 * targets.flip(0)
        for stage in built(name).stages:
            for scale in (1.0, 60.0):  # confident and wrong as well
                for target in (targets, soft):
                    logits = (scale * torch.randn(6, 4)).requires_grad_()
                    loss = stage.loss(logits, target, counts)
                    assert loss.shape == (6,)
                    assert loss.isfinite().all()
                    loss.mean().backward()
                    assert logits.grad.isfinite().all()

    def test_loss_is_in_proportion_to_its_target(self, name):
        """So class weights can be laid into the target, whatever the loss."""
        counts = torch.from_numpy(COUNTS).float()
        logits = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
        for stage in built(name).stages:
            times = torch.tensor([0.5, 1.0, 3.0, 20.0])
            plain, more = (
                stage.loss(logits, target, counts) for target in (torch.eye(4), torch.diag(times))
            )
            torch.testing.assert_close(more, times * plain)

    def test_on_equal_classes_the_loss_is_cross_entropy(self, name):
        """Unless it declares that it looks at something else than class sizes."""
        logits = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
        plain = CrossEntropy()(logits, torch.eye(4), torch.full((4,), 30.0))
        for stage in built(name).stages:
            if not any(
                isinstance(e, EasyPullLess | EasyPullMore | UnsurePullLess) for e in stage.effects
            ):
                loss = stage.loss(logits, torch.eye(4), torch.full((4,), 30.0))
                torch.testing.assert_close(loss, plain)

    def test_sampler_draws_from_the_training_split_by_its_rng_alone(self, name):
        for stage in built(name).stages:
            one = stage.sample(LABELS, np.random.default_rng(1))
            np.random.seed(5)  # noqa: NPY002 - the state that a sampler must not use
            two = stage.sample(LABELS.copy(), np.random.default_rng(1))
            np.testing.assert_array_equal(one, two)
            assert one.min() >= 0
            assert one.max() < len(LABELS)
            assert not np.array_equal(one, stage.sample(LABELS, np.random.default_rng(2)))

    def test_augmentation_keeps_shape_and_leaves_others_alone(self, name):
        images = torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8)
        for stage in built(name).stages:
            changes = stage.augment.changes(torch.arange(5))
            assert changes.dtype == torch.bool
            rng = torch.Generator().manual_seed(0)
            out = stage.augment(images.clone(), torch.arange(5), rng)
            assert out.shape == images.shape
            assert out.dtype == torch.uint8

    def test_a_mix_keeps_shapes_and_the_weight_of_targets(self, name):
        images, target = torch.rand(8, 3, 16, 16) * 255, torch.eye(4)[[0, 1, 2, 3] * 2]
        counts = torch.from_numpy(COUNTS).float()
        for stage in built(name).stages:
            both = []
            for _ in range(2):
                torch.manual_seed(1)
                rng = torch.Generator().manual_seed(1)
                both.append(stage.mix(images.clone(), target.clone(), counts, rng))
            (mixed, soft), again = both
            assert mixed.shape == images.shape
            assert 0 <= mixed.min() <= mixed.max() <= 255
            torch.testing.assert_close(soft.sum(1), torch.ones(8))
            assert torch.equal(mixed, again[0])
            assert torch.equal(soft, again[1])

    def test_decision_is_fitted_without_touching_what_it_is_given(self, name):
        rng = np.random.default_rng(0)
        labels = np.repeat(np.arange(4), [8, 4, 2, 1])
        logits = rng.normal(size=(15, 4)).astype(np.float32)
        head = rng.normal(size=(4, 6))
        validation = Outputs(logits, rng.normal(size=(15, 6)), labels, head)
        before = copy.deepcopy(validation)
        rule = built(name).decide.fit(validation, COUNTS)
        np.testing.assert_array_equal(validation.logits, before.logits)
        np.testing.assert_array_equal(validation.labels, before.labels)
        other = Outputs(logits[:7], validation.features[:7], np.zeros(7, np.int64), head)
        predicted = rule(other)
        assert predicted.shape == (7,)
        # the labels of what it decides on are not for it to see
        again = rule(replace(other, labels=np.ones(7, np.int64)))
        np.testing.assert_array_equal(predicted, again)

    def test_trains_and_what_it_declares_is_seen(self, name, prepared):
        """On a CPU, the real network; the head alone is trained, so that it takes a second."""
        strategy, recipe = built(name), prepared.experiment.recipe
        split, counts = prepared.splits[0], prepared.train_counts(0)
        plan = make_plan([Asked(name, strategy, "", {})], prepared.budgets, {0: "origin"})
        training = Training(prepared.material, split, recipe, prepared.budgets[0], 0, strategy.head)
        for segment in plan.segments:
            training.run(segment)
        logits, features = training.outputs(split.val)
        head = training.network.head.state_dict()["weight"]
        outputs = Outputs(
            logits.numpy(), features.numpy(), prepared.images.labels[split.val], head.numpy()
        )
        labels = strategy.decide.fit(outputs, counts)(outputs.unlabelled())
        watched = [watch.to_json() for watch in training.tally.watched]
        decided = Decided(counts, outputs, labels)
        checks = audit(strategy, recipe, ("head",), prepared.budgets[0], watched, decided)
        assert not [check for check in checks if check.seen is False]


def test_keys_are_the_same_in_another_process():
    code = (
        "from tests.strategies.test_contract import NAMES, key_of\n"
        "print(*[key_of(name) for name in NAMES])"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert there == [key_of(name) for name in NAMES]
