"""What every registered strategy must hold to; a new one inherits these tests by being there."""

import copy
import inspect
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from benchmark.plan import Budget, key_at, stretches_of
from benchmark.strategy import Outputs, Strategy
from benchmark.strategy.places import places
from benchmark.strategy.registry import registered

NAMES = list(registered())
COUNTS = np.array([40, 15, 5, 1])
LABELS = np.repeat(np.arange(4), COUNTS)
BUDGET = Budget(8, (10, 10))


def built(name) -> Strategy:
    return registered()[name].build()


def key_of(name):
    strategy = built(name)
    return key_at(20, stretches_of(strategy, BUDGET), strategy.head, "origin")


@pytest.mark.parametrize("name", NAMES)
class TestContract:
    def test_explains_itself(self, name):
        entry = registered()[name]
        assert entry.summary.endswith("."), "the first line is a sentence"
        assert len(entry.summary) <= 100
        assert "=" in entry.doc or "->" in entry.doc, "the docstring states a formula"

    def test_is_small(self, name):
        source = inspect.getsource(sys.modules[registered()[name].build.__module__])
        code = [line for line in source.splitlines() if line.strip()]
        assert len(code) <= 90, "a strategy is one small file"

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

    def test_decision_is_fitted_without_touching_what_it_is_given(self, name):
        rng = np.random.default_rng(0)
        labels = np.repeat(np.arange(4), [8, 4, 2, 1])
        logits = rng.normal(size=(15, 4)).astype(np.float32)
        validation = Outputs(logits, rng.normal(size=(15, 6)), labels)
        before = copy.deepcopy(validation)
        rule = built(name).decide.fit(validation, COUNTS)
        np.testing.assert_array_equal(validation.logits, before.logits)
        np.testing.assert_array_equal(validation.labels, before.labels)
        other = Outputs(logits[:7], validation.features[:7], np.zeros(7, np.int64))
        predicted = rule(other)
        assert predicted.shape == (7,)
        # the labels of what it decides on are not for it to see
        again = rule(Outputs(logits[:7], validation.features[:7], np.ones(7, np.int64)))
        np.testing.assert_array_equal(predicted, again)


def test_keys_are_the_same_in_another_process():
    code = (
        "from tests.strategies.test_contract import NAMES, key_of\n"
        "print(*[key_of(name) for name in NAMES])"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert there == [key_of(name) for name in NAMES]
