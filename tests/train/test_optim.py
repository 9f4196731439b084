"""Optimizer groups, learning rates and the steps at which a phase is validated."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.plan.recipes import Phase, Recipe
from benchmark.plan.schedule import Budget
from benchmark.train.optim import learning_rate_factor, set_learning_rates, validation_steps


def test_learning_rate_factor():
    plain = Phase(1, "rest", 1e-4)
    assert {learning_rate_factor(plain, progress) for progress in (0.0, 0.5, 0.99)} == {1.0}
    phase = Phase(1, "rest", 1e-4, warmup=0.1, cosine=True)
    factors = [learning_rate_factor(phase, progress) for progress in np.linspace(0, 1, 101)]
    assert 0 < factors[0] < 0.15
    assert max(factors) == factors[10] == 1.0
    assert factors[55] == pytest.approx(0.5, abs=1e-9)
    assert factors[100] == pytest.approx(0, abs=1e-9)
    stepped = Phase(1, "rest", 0.1, warmup=0.1, lr_milestones=(0.8, 0.9))
    factors = [learning_rate_factor(stepped, at) for at in (0.05, 0.79, 0.8, 0.89, 0.95)]
    assert factors == pytest.approx([0.06 / 0.11, 1, 0.01, 0.01, 0.0001])


def test_head_and_rest_have_their_own_rates(setup):
    phase = Phase(1, "rest", 1e-4, head_lr=1e-2)
    recipe = Recipe("own", "", (phase,), batch_size=4, weight_decay=0.1)
    training = replace(setup, recipe=recipe, budget=Budget(4, (1,))).trained()
    groups = {
        (group["lr"], group["weight_decay"]): {p.ndim for p in group["params"]}
        for group in training.optimizer.param_groups
    }
    assert groups == {
        (1e-4, 0.1): {4},
        (1e-4, 0.0): {1},
        (1e-2, 0.1): {2},
        (1e-2, 0.0): {1},
    }


def test_a_stage_multiplies_all_rates(setup):
    phase = Phase(1, "rest", 1e-4, head_lr=1e-2)
    recipe = Recipe("own", "", (phase,), batch_size=4)
    training = replace(setup, recipe=recipe, budget=Budget(4, (1,))).trained()
    set_learning_rates(training.optimizer, phase, 0.5, lr_factor=3)
    rates = sorted({group["lr"] for group in training.optimizer.param_groups})
    assert rates == pytest.approx([3e-4, 3e-2])


@pytest.mark.parametrize(
    ("epochs", "expected"),
    [(2, {15, 20}), (1, {20}), (0.5, {20}), (2.5, {13, 17, 20})],
)
def test_a_phase_is_validated_about_once_an_epoch_and_at_its_end(epochs, expected):
    assert validation_steps(10, 20, epochs) == expected
