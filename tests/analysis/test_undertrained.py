"""Whether a loss was still falling at the end: fabricated curves of known shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from benchmark.analysis.undertrained import loss_trend
from benchmark.plan.recipes import Phase
from benchmark.train.optim import learning_rate_factor

CLASSES, STEPS = 10, 200
CONSTANT = Phase(4, "rest", 1e-3)
COSINE = Phase(4, "rest", 1e-3, warmup=0.1, cosine=True)
Loss = Callable[[np.ndarray], np.ndarray]


def trend(
    validation: Loss,
    training: Loss | None = None,
    phase: Phase = CONSTANT,
    points: int = 4,
    over_classes: Loss | None = None,
    start: int = 0,
    schedule_start: int = 0,
):
    """Return the trend of losses that are functions of the learning, from 0 to 1, of one phase."""
    factors = [learning_rate_factor(phase, step / STEPS) for step in range(STEPS)]
    learning = np.cumsum(factors) / np.sum(factors)
    ends = np.arange(STEPS // 20, STEPS + 1, STEPS // 20)
    losses = pd.DataFrame(
        {"step": ends, "start": start, "loss": (training or validation)(learning[ends - 1])}
    )
    losses["schedule_start"] = schedule_start
    losses["learning"] = np.diff(learning[ends - 1], prepend=0.0) * np.sum(factors)
    at = np.arange(1, points + 1) * STEPS // points
    curve = pd.DataFrame({"step": at, "phase": 0, "val_loss": validation(learning[at - 1])})
    curve["val_loss_over_classes"] = (over_classes or validation)(learning[at - 1])
    return loss_trend(curve, losses, CLASSES)


def exponential(rate: float, floor: float = 0.3) -> Loss:
    """Return a loss that falls from guessing toward `floor`."""
    return lambda learning: floor + (np.log(CLASSES) - floor) * np.exp(-rate * learning)


@pytest.mark.parametrize(("phase", "points"), [(CONSTANT, 2), (CONSTANT, 4), (COSINE, 10)])
def test_a_loss_that_falls_steeply_is_falling_and_a_plateau_is_not(phase, points):
    for rate in (0.05, 0.5, 1.5):
        assert trend(exponential(rate), phase=phase, points=points).is_falling
    for rate in (8, 20):
        assert not trend(exponential(rate), phase=phase, points=points).is_falling


def test_a_schedule_to_zero_hides_no_fall():
    """By steps, the last third of a cosine does a tenth of the learning."""
    slow = trend(exponential(0.5), phase=COSINE, points=10).over_images
    expected = trend(exponential(0.5), points=10).over_images.second_half
    assert slow.second_half == pytest.approx(expected, abs=0.01)
    assert expected > 0.4


def test_a_loss_that_large_rates_held_up_and_small_ones_brought_down_is_no_fall():
    """Noise that goes with the rate, on a floor that was reached long ago."""
    factors = np.array([learning_rate_factor(COSINE, step / STEPS) for step in range(STEPS)])
    learning = np.cumsum(factors) / factors.sum()

    def held_up(at):
        return exponential(12)(at) + 0.3 * np.interp(at, learning, factors) ** 2

    last = trend(held_up, phase=COSINE, points=10)
    assert last.over_images.second_half > 0.1
    assert not last.is_falling


@pytest.mark.parametrize("rate", [2, 4, 6])
def test_the_share_says_what_is_left_of_an_exponential(rate):
    share = trend(exponential(rate), points=20).over_images.second_half
    left = np.exp(-rate) / (1 - np.exp(-rate))  # of the whole fall
    assert left == pytest.approx(share**2 / (1 - 2 * share), rel=0.05)


def test_a_loss_that_fell_until_it_reached_its_floor_is_no_fall():
    """Most of the second half it is flat."""

    def early(learning):
        return 0.4 + 1.9 * np.clip(1 - learning / 0.65, 0, 1)

    assert not trend(early, points=20).is_falling
    assert trend(lambda learning: 2.3 - 1.9 * learning, points=20).is_falling


def test_overfitting_is_no_fall():
    """Training falls to the end, validation turns."""
    rising = lambda learning: exponential(12)(learning) + 0.5 * learning**2  # noqa: E731
    assert not trend(rising, training=exponential(2)).is_falling


@pytest.mark.parametrize("points", [2, 4, 10])
def test_a_noisy_plateau_is_no_fall(points):
    rng = np.random.default_rng(0)

    def noisy(learning):
        return exponential(12)(learning) + rng.normal(0, 0.04, np.shape(learning))

    assert np.mean([trend(noisy, points=points).is_falling for _ in range(60)]) <= 0.02


def test_rare_classes_that_get_no_better_than_guessing_are_no_fall():
    """Plain training on an imbalanced set: their loss rises beyond guessing and wobbles there."""

    def rare(learning):
        return np.log(CLASSES) + 0.4 * np.sqrt(learning) + 0.02 * np.cos(40 * learning)

    for points in (2, 4, 10):
        assert not trend(exponential(12), over_classes=rare, points=points).is_falling


def test_a_noisy_training_loss_hides_no_fall():
    rng = np.random.default_rng(0)

    def weighted(learning):
        return exponential(1)(learning) + rng.normal(0, 0.4, np.shape(learning))

    falls = [trend(exponential(1), training=weighted).is_falling for _ in range(60)]
    assert np.mean(falls) >= 0.95


def test_a_validation_loss_that_falls_while_training_rises_is_chance():
    assert not trend(exponential(1), training=lambda learning: 1 + learning).is_falling


def test_rare_classes_that_are_learnt_last_count():
    assert trend(exponential(12), over_classes=exponential(1)).is_falling


def test_a_head_that_was_initialised_again_begins_above_guessing():
    """As in two-stage strategies: validation jumps, and the fall is what came after."""

    def reset(learning):
        return np.where(learning < 0.55, 1.1, 2.4 - 0.4 * learning)

    assert not trend(reset, points=10).is_falling, "it is higher than at the half"
    assert trend(reset, points=10, schedule_start=STEPS * 55 // 100).is_falling
