"""The share of a loss that is due to depth, noise and training: right where it is planted."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from benchmark.analysis.shares import cell, shares
from benchmark.analysis.sweep import compare_sweep
from tests.analysis.test_contrasts import planted

SETTINGS = ("fine_tune", "label_noise")
START = {"fine_tune": "head", "label_noise": "0.18"}
END = {"fine_tune": "half", "label_noise": "0"}
VALUES = list(product(("head", "half"), ("0.18", "0")))


def grid(accuracies: list[float], seeds: int = 6, noise: float = 0.0):
    runs = [planted({"no_change": share}, seeds, noise=noise) for share in accuracies]
    return compare_sweep(Path("x"), SETTINGS, VALUES, runs)


@pytest.mark.parametrize(
    ("accuracies", "depth", "labels"),
    [
        ([0.5, 0.7, 0.8, 1.0], 0.6, 0.4),  # what each adds does not depend on the other
        ([0.5, 0.5, 0.9, 0.9], 1.0, 0.0),  # depth alone
        ([0.5, 0.9, 0.5, 0.9], 0.0, 1.0),  # labels alone
        ([0.5, 0.5, 0.5, 0.9], 0.5, 0.5),  # only both together
        ([0.5, 0.6, 0.9, 0.8], 1.0, 0.0),  # right labels help one depth and harm the other
    ],
)
@pytest.mark.parametrize(("seeds", "noise"), [(1, 0.0), (6, 0.0), (6, 0.01)])
def test_shares_are_those_that_were_planted(accuracies, depth, labels, seeds, noise):
    total, parts = shares(grid(accuracies, seeds, noise), "no_change", START, END, "accuracy")
    assert total.value == pytest.approx(accuracies[3] - accuracies[0], abs=noise * 2 + 1e-9)
    by_setting = {part.setting: part for part in parts}
    for setting, share in (("fine_tune", depth), ("label_noise", labels)):
        estimate = by_setting[setting].share
        assert estimate.value == pytest.approx(share, abs=0.1 if noise else 0.01)
        assert estimate.low <= share + 1e-3
        assert estimate.high >= share - 1e-3
        assert estimate.high - estimate.low < 0.5
    assert sum(part.effect.value for part in parts) == pytest.approx(total.value)
    assert sum(part.share.value for part in parts) == pytest.approx(1)


def test_the_interval_of_a_share_covers_it():
    """95 % of noisy repetitions of one grid hold the planted share; some miss it."""
    hits = 0
    for repetition in range(60):
        noise = 0.004 * (1 + repetition % 3)
        runs = [
            planted({"no_change": share}, 5, noise=noise, first_seed=97 * repetition + 11 * k)
            for k, share in enumerate([0.5, 0.7, 0.8, 1.0 - 0.03])
        ]
        for run in runs[1:]:  # other errors on the same images
            for seed, first in zip(run.seed_predictions, runs[0].seed_predictions, strict=True):
                object.__setattr__(seed, "files", first.files)
        sweep = compare_sweep(Path("x"), SETTINGS, VALUES, runs)
        _, parts = shares(sweep, "no_change", START, END, "accuracy")
        planted_share = (0.3 + 0.27) / 2 / 0.47
        hits += parts[0].share.low <= planted_share <= parts[0].share.high
    assert hits >= 54


def test_a_total_that_may_be_0_has_no_shares():
    total, parts = shares(
        grid([0.7, 0.7, 0.7, 0.7], noise=0.02), "no_change", START, END, "accuracy"
    )
    assert total.direction == 0
    assert [part.share for part in parts] == [None, None]


def test_three_causes_add_up():
    settings = (*SETTINGS, "epochs")
    values = list(product(("head", "half"), ("0.18", "0"), ("2", "6")))
    accuracies = [0.40, 0.45, 0.50, 0.58, 0.60, 0.72, 0.75, 0.90]
    runs = [planted({"no_change": share}) for share in accuracies]
    sweep = compare_sweep(Path("x"), settings, values, runs)
    start, end = START | {"epochs": "2"}, END | {"epochs": "6"}
    total, parts = shares(sweep, "no_change", start, end, "accuracy")
    assert sum(part.effect.value for part in parts) == pytest.approx(total.value)
    by_setting = {part.setting: part.effect.value for part in parts}
    # the mean over all six orders of the gain by more depth
    assert by_setting["fine_tune"] == pytest.approx(
        (2 * 0.20 + 0.25 + 0.27 + 2 * 0.32) / 6, abs=0.005
    )


def test_a_run_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="no run fine-tune=full,label-noise=0 in x: the command"):
        cell(grid([0.5] * 4), {"fine_tune": "full", "label_noise": "0"}, "no_change")


def test_one_setting_is_the_whole_and_has_no_share():
    total, parts = shares(
        grid([0.5, 0.7, 0.8, 1.0]), "no_change", START, START | {"fine_tune": "half"}, "accuracy"
    )
    (part,) = parts
    assert part.effect.value == pytest.approx(total.value)
    assert part.share is None
