"""What a run may claim: an interval, a test and the null row must all agree."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmark.analysis.claims import (
    Doubt,
    claims,
    class_claims,
    largest_changes,
    noise_size,
    primary_claims,
    seeds_needed,
)
from benchmark.analysis.confidence import PAIRED
from benchmark.analysis.per_class import CHANGES
from benchmark.evaluation.metrics.metric import Metric
from benchmark.evaluation.metrics.registry import METRICS

NAN = float("nan")


def run(*rows, null=None, changes=(), null_classes=None, images=None, seeds=None):
    """Return what claims read of a `Comparison`, of as many seeds as a row has unless given.

    The null row moves a metric by `null`, one number a seed, and classes by `null_classes`.
    """
    null_row = None
    if null is not None or null_classes is not None:
        null, null_classes = null or {}, null_classes or {}
        null_changes = pd.DataFrame(
            [
                ("null", "base", name, moved, -1, 1, 9, 1, False)
                for name, moved in null_classes.items()
            ],
            columns=CHANGES,
        )
        null_row = SimpleNamespace(
            paired_differences=lambda name, metric: np.array(null.get(metric, ())),
            class_changes=null_changes,
        )
    comparison = SimpleNamespace(
        paired=pd.DataFrame(rows, columns=PAIRED),
        class_changes=pd.DataFrame(changes, columns=CHANGES),
        seeds=list(range(seeds or max((entry[6] for entry in rows), default=1))),
        null_row=null_row,
        null="null",
        classes=list(images or {}),
        test_counts=list((images or {}).values()),
    )
    comparison.claims = claims(comparison)
    comparison.class_claims = class_claims(comparison)
    return comparison


def row(low=0.1, high=0.3, seeds=1, p=0.01, strategy="s", metric="macro_f1", difference=0.2):
    p_test, p_seeds = (p, NAN) if seeds == 1 else (NAN, p)
    return (
        strategy,
        "base",
        metric,
        difference,
        low,
        high,
        seeds,
        p_test,
        p_test,
        p_seeds,
        p_seeds,
    )


def only(comparison):
    (claim,) = comparison.claims.values()
    return claim


@pytest.mark.parametrize(
    ("changed", "doubts"),
    [
        ({}, set()),
        ({"low": -0.1}, {Doubt.INCLUDES_0}),
        ({"low": 0.0004}, {Doubt.INCLUDES_0}),  # written +.000
        ({"p": 0.051}, {Doubt.TEST}),
        ({"p": NAN}, {Doubt.TEST}),
        ({"low": -0.1, "p": 0.5}, {Doubt.INCLUDES_0, Doubt.TEST}),
        ({"seeds": 8}, set()),
        ({"seeds": 7}, {Doubt.FEW_SEEDS}),
        ({"seeds": 8, "p": 0.06}, {Doubt.TEST}),
    ],
)
def test_each_reason_to_doubt_a_difference_is_named(changed, doubts):
    claim = only(run(row(**changed)))
    assert set(claim.doubts) == doubts
    assert claim.direction == (0 if doubts else 1)
    assert claim.excludes_0 == (Doubt.INCLUDES_0 not in doubts)


def test_of_one_seed_a_claim_is_about_networks():
    assert only(run(row(seeds=1))).about_networks
    assert only(run(row(seeds=1))).direction == 1
    assert not only(run(row(seeds=8))).about_networks


def test_a_run_of_several_seeds_claims_nothing_of_a_strategy_that_finished_one():
    comparison = run(row(seeds=1), row(seeds=8, strategy="t"))
    failed, finished = comparison.claims.values()
    assert failed.doubts == (Doubt.FEW_SEEDS,)
    assert finished.direction == 1
    assert only(run(row(seeds=1), seeds=8)).doubts == (Doubt.FEW_SEEDS,), "nor if all failed"


@pytest.mark.parametrize("seeds", [1, 8])
def test_a_difference_no_larger_than_the_null_rows_is_no_claim(seeds):
    for moved, doubted in ((0.2, True), (0.19, False), (-0.25, True), (0.0, False)):
        claim = only(run(row(seeds=seeds), null={"macro_f1": [moved] * seeds}))
        assert (Doubt.NOISE in claim.doubts) == doubted
        assert claim.noise == pytest.approx(abs(moved))


def test_a_null_row_that_is_0_by_chance_is_as_large_as_its_seeds_are_apart():
    comparison = run(null={"macro_f1": [0.1, -0.1, 0.1, -0.1]})
    assert noise_size(comparison, "macro_f1") == pytest.approx(0.05)
    assert noise_size(run(), "macro_f1") == 0
    assert noise_size(run(null={}), "macro_f1") == 0, "it failed"


def test_a_lower_number_can_be_a_gain():
    error = Metric("error", "Error", "Wrong.", lambda split: 0.0, better="lower")
    saved = METRICS.copy()
    METRICS.register("error", error, error.compute)
    try:
        claim = only(run(row(metric="error", difference=-0.2, low=-0.3, high=-0.1)))
    finally:
        METRICS.restore(saved)
    assert claim.direction == -1
    assert claim.is_gain
    assert not claim.is_loss


def test_many_strategies_need_more_seeds():
    assert [seeds_needed(n) for n in (0, 1, 5, 6, 7, 13)] == [8, 8, 8, 8, 9, 10]
    rows = [row(seeds=8, strategy=f"s{k}") for k in range(7)]
    assert {claim.doubts for claim in primary_claims(run(*rows))} == {(Doubt.FEW_SEEDS,)}


def change(strategy, label, difference, low, high, beyond):
    return (strategy, "base", label, difference, low, high, 12, 1, beyond)


def test_a_class_is_claimed_after_correction_for_all_rows_and_beyond_the_null_row():
    comparison = run(
        changes=[
            change("s", "sure", 0.5, 0.2, 0.8, True),
            change("s", "one of many", 0.5, 0.2, 0.8, False),
            change("s", "open", 0.5, -0.2, 0.8, False),
            change("s", "noisy", -0.3, -0.5, -0.1, True),
            change("s", "absent", NAN, NAN, NAN, False),
        ],
        null_classes={"noisy": 0.4, "sure": 0.1},
    )
    doubts = {label: set(c.doubts) for (_, label), c in comparison.class_claims.items()}
    assert doubts == {
        "sure": set(),
        "one of many": {Doubt.MANY_ROWS},
        "open": {Doubt.INCLUDES_0},
        "noisy": {Doubt.NOISE},
    }


def test_the_largest_gain_is_the_surest_and_not_a_single_image_that_flips():
    images = {"one": 1, "rare": 12, "common": 400, "lucky": 5, "hurt": 9, "slightly": 400}
    comparison = run(
        changes=[
            change("s", "one", 1.0, -0.29, 1.0, False),
            change("s", "rare", 0.6, 0.22, 0.81, True),
            change("t", "common", 0.3, 0.25, 0.35, True),
            change("t", "lucky", 0.9, 0.4, 1.0, False),
            change("t", "hurt", -0.5, -0.8, 0.1, False),
            change("s", "slightly", -0.1, -0.15, -0.05, False),
        ],
        images=images,
    )
    gain, loss = largest_changes(comparison)
    assert gain.subject == "common", "the highest lower bound of those that are told apart"
    assert loss.subject == "slightly", "none is told apart, but one excludes 0"
    unsure = run(
        changes=[
            change("s", "one", 0.5, -0.2, 0.9, False),
            change("s", "rare", 0.5, -0.1, 0.8, False),
        ],
        images=images,
    )
    gain, loss = largest_changes(unsure)
    assert gain.subject == "rare", "of equal changes the one with more images"
    assert loss is None
    assert largest_changes(run()) == (None, None)
