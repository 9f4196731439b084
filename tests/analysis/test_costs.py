"""Mean costs of test images against hand-worked cases, and their intervals."""

import numpy as np
import pytest

from benchmark.analysis.confidence import SeedPredictions, interval
from benchmark.analysis.costs import mean_costs
from benchmark.evaluation.metrics.registry import interval_metrics

CLASSES = ("common", "rare")
MATRIX = np.array([[0.0, 1.0], [10.0, 0.5]])


def seed(number, labels, groups=None, **predicted):
    files = tuple(f"{number}/{k}.png" for k in range(len(labels)))
    predicted = {name: np.array(values) for name, values in predicted.items()}
    groups = None if groups is None else np.array(groups)
    return SeedPredictions(number, files, np.array(labels), predicted, CLASSES, groups)


def row(frame, strategy, baseline=None):
    same = frame["baseline"].isna() if baseline is None else frame["baseline"].eq(baseline)
    (wanted,) = frame[frame["strategy"].eq(strategy) & same].to_dict("records")
    return wanted


def test_the_mean_is_worked_out_by_hand():
    seeds = [
        seed(0, [0, 0, 0, 1], a=[0, 1, 0, 0], b=[0, 0, 0, 1]),
        seed(1, [0, 0, 1, 1], a=[0, 0, 1, 0], b=[1, 0, 1, 1]),
    ]
    frame = mean_costs(seeds, {"given": MATRIX}, "b")
    a = [(0 + 1 + 0 + 10) / 4, (0 + 0 + 0.5 + 10) / 4]
    b = [0.5 / 4, (1 + 0 + 0.5 + 0.5) / 4]
    assert row(frame, "a")["value"] == pytest.approx(np.mean(a), abs=1e-12)
    assert row(frame, "b")["value"] == pytest.approx(np.mean(b), abs=1e-12)
    difference = row(frame, "a", "b")
    assert difference["value"] == pytest.approx(np.mean(a) - np.mean(b), abs=1e-12)
    assert difference["low"] < difference["value"] < difference["high"]
    assert difference["seeds"] == 2
    assert set(frame["costs_of"]) == {"given"}


def random_seeds(seeds, images=80, groups=None):
    made = []
    for number in range(seeds):
        rng = np.random.default_rng(number)
        labels = np.repeat([0, 1], [images - 12, 12])
        right = rng.random(images) < np.where(labels, 0.4, 0.9)
        predicted = {"a": np.where(right, labels, 1 - labels), "b": labels * 0}
        own = None if groups is None else np.arange(images) // groups
        made.append(seed(number, labels, own, **predicted))
    return made


@pytest.mark.parametrize("groups", [None, 3])
@pytest.mark.parametrize("seeds", [1, 4])
def test_with_equal_costs_it_is_the_share_of_errors(seeds, groups):
    """Its interval is that of accuracy, turned; of one seed accuracy has an exact one."""
    runs = random_seeds(seeds, groups=groups)
    frame = mean_costs(runs, {"equal": 1 - np.eye(2)}, None)
    accuracy = list(interval_metrics()).index("accuracy")
    value, low, high, _ = (np.atleast_1d(part) for part in interval(runs, "a"))
    cost = row(frame, "a")
    assert cost["value"] == pytest.approx(1 - value[accuracy], abs=1e-12)
    near = 1e-2 if seeds == 4 else 5e-2
    assert cost["low"] == pytest.approx(1 - high[accuracy], abs=near)
    assert cost["high"] == pytest.approx(1 - low[accuracy], abs=near)


def test_ten_times_the_costs_are_ten_times_the_interval():
    runs = random_seeds(3)
    frame = mean_costs(runs, {"one": MATRIX, "ten": 10 * MATRIX}, "b")
    for _, rows in frame.groupby(["strategy", frame["baseline"].fillna("")]):
        single, ten = (rows[rows["costs_of"].eq(name)] for name in ("one", "ten"))
        columns = ["value", "low", "high"]
        np.testing.assert_allclose(10 * single[columns].astype(float), ten[columns].astype(float))


def test_no_bound_lies_outside_of_the_costs():
    runs = [seed(0, [0, 0, 1], a=[0, 0, 1])]
    cost = row(mean_costs(runs, {"given": MATRIX}, None), "a")
    assert 0 <= cost["low"] < cost["value"] < cost["high"] <= 10


def test_intervals_hold_what_is_true():
    """One seed of 300 images with a class of 30, drawn 300 times: the mean cost of all of them."""
    held, truth = 0, (270 * 0.1 * 1 + 30 * (0.5 * 10 + 0.5 * 0.5)) / 300
    labels = np.repeat([0, 1], [270, 30])
    for number in range(300):
        rng = np.random.default_rng(number)
        right = rng.random(300) < np.where(labels, 0.5, 0.9)
        runs = [seed(0, labels, a=np.where(right, labels, 1 - labels))]
        cost = row(mean_costs(runs, {"given": MATRIX}, None), "a")
        held += cost["low"] <= truth <= cost["high"]
    assert 0.92 <= held / 300 <= 1


def test_without_costs_there_is_nothing():
    assert mean_costs(random_seeds(2), {}, "a").empty
