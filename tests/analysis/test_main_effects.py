"""Main effects and gains of a planted grid: depth × label noise."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.analysis.contrasts import Estimate
from benchmark.analysis.sweep import compare_sweep
from tests.analysis.test_contrasts import planted

SETTINGS = ("label_noise", "fine_tune")
VALUES = [("0", "half"), ("0", "head"), ("0.18", "half"), ("0.18", "head")]


def grid(base: list[float], gain: list[float], **how):
    """Return a grid of four runs with these accuracies and gains of a strategy."""
    runs = [
        planted({"no_change": accuracy, "remedy": accuracy + more}, **how)
        for accuracy, more in zip(base, gain, strict=True)
    ]
    return compare_sweep(Path("x"), SETTINGS, VALUES, runs)


def effect_of(sweep, setting: str, value: str, metric: str) -> Estimate:
    """Return one main effect."""
    table = sweep.main_effects.set_index(["setting", "value", "metric"])
    row = table.loc[(setting, value, metric)]
    return Estimate(row["effect"], row["low"], row["high"], row["seeds"])


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_effects_of_two_settings_add_up_to_the_whole_difference(noise):
    sweep = grid([0.9, 0.7, 0.8, 0.5], [0.0] * 4, noise=noise)
    of_noise = effect_of(sweep, "label_noise", "0.18", "accuracy")
    of_depth = effect_of(sweep, "fine_tune", "head", "accuracy")
    assert of_noise.value == pytest.approx(-0.15, abs=0.02)
    assert of_depth.value == pytest.approx(-0.25, abs=0.02)
    scores = [_accuracy(run, "no_change") + _accuracy(run, "remedy") for run in sweep.runs]
    assert of_noise.value + of_depth.value == pytest.approx((scores[3] - scores[0]) / 2)
    assert of_noise.direction == of_depth.direction == -1


def _accuracy(run, name):
    seeds = run.seed_predictions
    return sum((seed.predicted[name] == seed.labels).mean() for seed in seeds) / len(seeds)


def test_nothing_planted_is_no_effect():
    sweep = grid([0.7] * 4, [0.0] * 4, noise=0.02)
    table = sweep.main_effects
    assert len(table) == 2 * table["metric"].nunique()
    assert ((table["low"] <= 0) & (table["high"] >= 0)).all()
    assert (table["runs"] == 2).all()


def test_a_gain_that_depends_on_the_noise_is_a_change():
    sweep = grid([0.7, 0.7, 0.6, 0.6], [0.0, 0.0, 0.2, 0.2])
    gains = sweep.gains.set_index(["setting", "value"])
    assert gains.loc[("label_noise", "0.18"), "gain"] == pytest.approx(0.2, abs=0.01)
    assert gains.loc[("label_noise", "0.18"), "change_low"] > 0.1
    assert gains.loc[("label_noise", "0"), "gain"] == pytest.approx(0, abs=0.01)
    assert gains.loc[("label_noise", "0"), "change"] != gains.loc[("label_noise", "0"), "change"]
    change = gains.loc[("fine_tune", "head")]
    assert change["change_low"] < 0 < change["change_high"]
    assert change["gain"] == pytest.approx(0.1, abs=0.01)


def test_an_unfinished_grid_compares_what_is_whole():
    runs = [planted({"no_change": share, "remedy": share}) for share in (0.9, 0.7, 0.8)]
    sweep = compare_sweep(
        Path("x"), SETTINGS, VALUES[:3], runs, ["label-noise=0.18,fine-tune=head"]
    )
    assert effect_of(sweep, "label_noise", "0.18", "accuracy").value == pytest.approx(-0.1)
    assert effect_of(sweep, "fine_tune", "head", "accuracy").value == pytest.approx(-0.2)
    diagonal = compare_sweep(Path("x"), SETTINGS, [VALUES[0], VALUES[3]], runs[:2])
    assert diagonal.main_effects.empty
    assert diagonal.axes == ()
