"""Intervals and paired differences: which rows there are, and over which seeds."""

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import f1_score

from benchmark.analysis.confidence import (
    INTERVALS,
    PAIRED,
    SeedPredictions,
    interval,
    intervals,
    paired,
)
from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.statistics.proportions import clopper_pearson
from benchmark.evaluation.statistics.sampling_variance import variance

MACRO_F1 = list(interval_metrics()).index("macro_f1")
CLASSES = ("common", "rare", "absent")
RIGHT = {"no_change": 0.5, "helps": 0.95}  # share of test images


def predictions(seeds=(0,), missing=(), same_files=False, images=60, group_of=None):
    """One `SeedPredictions` a seed; `helps` is right more often. `group_of` maps image to group."""
    result = []
    for seed in seeds:
        rng = np.random.default_rng(0 if same_files else seed)
        labels = (np.arange(images) % 6 == 0).astype(np.int64)
        predicted = {
            name: np.where(rng.random(images) < share, labels, 1 - labels)
            for name, share in RIGHT.items()
            if (name, seed) not in missing
        }
        files = tuple(f"{0 if same_files else seed}-{i}.jpg" for i in range(images))
        groups = np.array([group_of(i) for i in range(images)]) if group_of else None
        result.append(SeedPredictions(seed, files, labels, predicted, CLASSES, groups))
    return result


def row(table, strategy, metric="macro_f1"):
    rows = table[(table["strategy"] == strategy) & (table["metric"] == metric)]
    (record,) = rows.to_dict("records")
    return record


def macro_f1(seed, name):
    predicted = seed.predicted[name]
    return f1_score(seed.labels, predicted, labels=range(3), average="macro", zero_division=0)


def test_one_seed_has_intervals_over_its_images_and_no_test_over_seeds():
    seeds = predictions()
    table = intervals(seeds)
    assert list(table) == INTERVALS
    assert len(table) == 2 * len(interval_metrics())
    for numbers in table.to_dict("records"):
        assert numbers["low"] < numbers["value"] < numbers["high"]
    differences = paired(seeds, "no_change")
    assert list(differences) == PAIRED
    assert set(differences["strategy"]) == {"helps"}
    helps = row(differences, "helps")
    assert helps["difference"] == pytest.approx(
        row(table, "helps")["value"] - row(table, "no_change")["value"]
    )
    assert 0 < helps["low"] < helps["difference"] < helps["high"]
    assert helps["p_test_set"] == helps["p_test_set_adj"] < 0.01
    assert np.isnan(helps["p_seeds"])
    assert row(differences, "helps", "accuracy")["p_test_set"] < 0.01, "every metric is tested"


def test_an_absent_class_counts_in_macro_f1():
    helps = row(intervals(predictions()), "helps")
    assert helps["high"] <= 2 / 3


def test_several_seeds_are_averaged_and_their_signs_are_tested():
    seeds = predictions(range(8))
    helps = row(paired(seeds, "no_change"), "helps")
    each = [macro_f1(seed, "helps") - macro_f1(seed, "no_change") for seed in seeds]
    assert helps["difference"] == pytest.approx(np.mean(each))
    assert helps["seeds"] == 8
    assert helps["p_seeds_adj"] == pytest.approx(2 / 2**8)
    half = 2.365 * np.std(each, ddof=1) / np.sqrt(8)  # Student's t, 7 degrees of freedom
    images = [
        variance(seed.influences_of("helps", "no_change"), seed.units)[MACRO_F1] for seed in seeds
    ]
    at_least = 1.96 * np.sqrt(np.mean(images) / 8)
    assert helps["high"] - helps["difference"] == pytest.approx(max(half, at_least), rel=1e-3)


def test_seeds_that_share_their_test_images_have_wider_intervals():
    apart, shared = (
        row(intervals(predictions(range(3), same_files=same)), "no_change")
        for same in (False, True)
    )
    assert shared["low"] < shared["value"] < shared["high"], "though all seeds have the same value"
    assert apart["seeds"] == shared["seeds"] == 3


def test_an_interval_stays_within_the_range_of_a_score():
    seeds = predictions(range(2), images=12)
    for table, lowest in ((intervals(seeds), 0), (paired(seeds, "no_change"), -1)):
        assert (table["low"] >= lowest).all()
        assert (table["high"] <= 1).all()
    assert (intervals(seeds)["low"] == 0).any(), "two seeds say little"


def test_a_difference_is_over_the_seeds_that_both_finished():
    seeds = predictions(range(3), missing=[("helps", 1), ("no_change", 2)])
    assert row(paired(seeds, "no_change"), "helps")["seeds"] == 1
    assert row(intervals(seeds), "helps")["seeds"] == 2


@pytest.mark.parametrize("baseline", [None, "unknown"])
def test_without_a_baseline_nothing_is_compared(baseline):
    table = paired(predictions(), baseline)
    assert list(table) == PAIRED
    assert table.empty


def test_without_predictions_there_is_nothing():
    assert intervals([]).empty
    assert paired([], "no_change").empty


def test_groups_widen_intervals_and_raise_p():
    """Six images a group that agree: the same numbers, and less certainty."""
    apart, together = predictions(), predictions(group_of=lambda i: i // 6)
    for seed in (*apart, *together):
        seed.predicted["helps"][:] = seed.predicted["no_change"]
        corrected = np.arange(60) // 6 % 4 == 0  # whole groups
        seed.predicted["helps"][corrected] = seed.labels[corrected]
    for make in (lambda seeds: intervals(seeds), lambda seeds: paired(seeds, "no_change")):
        single, grouped = (row(make(seeds), "helps") for seeds in (apart, together))
        number = "value" if "value" in single else "difference"
        assert single[number] == grouped[number]
        assert grouped["high"] - grouped["low"] != single["high"] - single["low"]
    assert grouped["p_test_set"] > 2 * single["p_test_set"]
    assert grouped["high"] - grouped["low"] > 1.2 * (single["high"] - single["low"])


def test_seeds_that_share_their_images_are_no_more_evidence_than_one():
    """The same images and predictions three times over say as much as once, not more."""
    once, thrice = (
        row(paired(predictions(seeds, same_files=True, images=24), "no_change"), "helps")
        for seeds in ((0,), (0, 1, 2))
    )
    other_images = row(paired(predictions((0, 1, 2), images=24), "no_change"), "helps")
    assert thrice["p_test_set"] == pytest.approx(once["p_test_set"], rel=0.5)
    assert other_images["p_test_set"] < once["p_test_set"] / 2


def test_accuracy_has_the_interval_of_a_proportion():
    (seed,) = predictions()
    right = (seed.predicted["helps"] == seed.labels).sum()
    helps = row(intervals([seed]), "helps", "accuracy")
    bounds = clopper_pearson(np.array([right]), np.array([60]))
    assert (helps["low"], helps["high"]) == pytest.approx(tuple(bound[0] for bound in bounds))


def test_nothing_collapses_where_two_strategies_predict_the_same():
    """A class with one image, or seeds that agree: other images would show a difference."""
    for seeds in (predictions(), predictions(range(3)), predictions(range(3), same_files=True)):
        for seed in seeds:
            seed.predicted["helps"] = seed.predicted["no_change"]
        table = paired(seeds, "no_change")
        assert (table["difference"] == 0).all()
        assert (table["low"] < -0.01).all()
        assert (table["high"] > 0.01).all()


@pytest.mark.parametrize("images", [8, 15, 30])
def test_of_one_seed_a_rare_class_beside_a_common_one_is_held_at_every_recall(images):
    """Counted exactly. With half an image of either kind in a class, .78 at 30 images, .05."""
    labels, files = np.repeat([0, 1], [200, images]), tuple(map(str, range(200 + images)))
    hits, bounds = np.arange(images + 1), []
    for recognised in hits:
        some = np.where(np.arange(len(labels)) < 200 + recognised, labels, 0)
        predicted = {"none": np.zeros_like(labels), "some": some}
        seed = SeedPredictions(0, files, labels, predicted, ("common", "rare"))
        bounds.append([interval([seed], "some", against)[1:3] for against in (None, "none")])
    low, high = np.moveaxis(np.array(bounds), 2, 0)[..., MACRO_F1]  # (hits, score or difference)
    for recall in (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 0.95):
        common, before = 400 / (400 + (1 - recall) * images), 200 / (400 + images)
        score = recall / (recall + 1) + common / 2
        truth = np.array([score, score - before])
        held = (low <= truth) & (truth <= high)
        assert (binom.pmf(hits, images, recall) @ held >= 0.925).all(), recall
