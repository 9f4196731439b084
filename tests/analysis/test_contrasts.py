"""Contrasts of planted predictions: values, intervals, and what can't be contrasted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmark.analysis.confidence import SeedPredictions, interval
from benchmark.analysis.contrasts import Estimate, Term, contrast, difference
from tests.report.multi.runs import run

IMAGES = 300


def planted(
    accuracy: dict[str, float],
    seeds: int = 4,
    files: str = "image",
    noise: float = 0.0,
    first_seed: int = 0,
):
    """Return a run whose strategies are right for these shares of the test images."""
    parts = []
    for seed in range(seeds):
        labels = np.arange(IMAGES) % 3
        rng, predicted = np.random.default_rng([first_seed, seed]), {}
        for name, share in accuracy.items():
            wrong = max(0, round((1 - share + noise * rng.normal()) * IMAGES))
            chosen = labels.copy()
            chosen[:wrong] = (labels[:wrong] + 1) % 3
            predicted[name] = chosen
        names = tuple(f"{files}{seed}-{k}" for k in range(IMAGES))
        train = tuple(f"train{seed}-{k}" for k in range(9 * IMAGES))
        parts.append(SeedPredictions(seed, names, labels, predicted, ("a", "b", "c"), None, train))
    base = run("x", dict.fromkeys(accuracy, 0.5), seeds=tuple(range(seeds)))
    return replace(base, seed_predictions=parts)


def test_the_value_is_the_weighted_sum():
    first, second = planted({"a": 0.6, "b": 0.7}), planted({"a": 0.8, "b": 0.9})
    terms = difference([(second, "a"), (second, "b")], [(first, "a"), (first, "b")])
    estimate = contrast(terms)["accuracy"]
    assert estimate.value == pytest.approx(0.2)
    assert estimate.seeds == 4
    assert estimate.low < 0.2 < estimate.high
    assert estimate.direction == 1


@pytest.mark.parametrize("seeds", [2, 5])
def test_a_difference_of_two_strategies_has_the_interval_of_a_run(seeds):
    both = planted({"a": 0.6, "b": 0.7}, seeds, noise=0.02)
    estimates = contrast([Term(1, both, "b"), Term(-1, both, "a")])
    value, low, high, _ = interval(both.seed_predictions, "b", "a")
    for m, estimate in enumerate(estimates.values()):
        assert (estimate.value, estimate.low, estimate.high) == pytest.approx(
            (value[m], low[m], high[m])
        )


def test_no_interval_leaves_what_scores_can_be():
    both = planted({"a": 0.5, "b": 0.6}, seeds=2, noise=0.3)
    difference_of = contrast([Term(1, both, "b"), Term(-1, both, "a")])["accuracy"]
    assert -1 <= difference_of.low < difference_of.high <= 1
    alone = contrast([Term(1, both, "b")])["accuracy"]
    assert (alone.low, alone.high) == (0, 1)


def test_terms_of_one_cell_are_added_up():
    both = planted({"a": 0.6, "b": 0.7})
    terms = [Term(1, both, "b"), Term(-1, both, "a"), Term(-1, both, "b"), Term(1, both, "a")]
    assert contrast([*terms, Term(1, both, "b")])["accuracy"].value == pytest.approx(0.7)
    assert contrast(terms) == {}, "nothing is left"


def test_one_seed_has_an_interval_over_its_images():
    estimate = contrast(
        difference([(planted({"a": 0.8}, 1), "a")], [(planted({"a": 0.7}, 1), "a")])
    )
    assert estimate["accuracy"].seeds == 1
    assert 0 < estimate["accuracy"].low < 0.1 < estimate["accuracy"].high < 0.2


def test_seeds_that_a_run_lacks_are_left_out():
    whole, short = planted({"a": 0.7}), planted({"a": 0.8}, seeds=2)
    assert contrast(difference([(short, "a")], [(whole, "a")]))["accuracy"].seeds == 2
    other = replace(short, seed_predictions=[])
    assert contrast(difference([(other, "a")], [(whole, "a")])) == {}


def test_other_test_images_are_refused():
    with pytest.raises(ValueError, match="tested on different images under seed 0"):
        contrast(difference([(planted({"a": 0.8}), "a")], [(planted({"a": 0.7}, 4, "x"), "a")]))


def test_an_interval_with_0_has_no_direction():
    assert Estimate(0.1, -0.1, 0.3, 4).direction == 0
    assert Estimate(-0.2, -0.3, -0.1, 4).direction == -1
