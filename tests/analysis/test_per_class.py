"""Recall of a class and its difference, with intervals over images, groups and seeds."""

import numpy as np
import pytest

from benchmark.analysis.confidence import SeedPredictions
from benchmark.analysis.per_class import (
    CHANGES,
    RECALLS,
    class_changes,
    class_recalls,
)
from benchmark.evaluation.per_class import class_scores
from benchmark.evaluation.statistics.across_seeds import t_interval_corrected
from benchmark.evaluation.statistics.proportions import (
    clopper_pearson,
    paired_proportion_difference_ci,
)


def make_seed(labels, seed=0, files=None, groups=None, **right):
    """One seed of three classes; a strategy that is not right predicts the next class."""
    labels = np.array(labels)
    predicted = {
        name: np.where(np.array(is_right, bool), labels, (labels + 1) % 3)
        for name, is_right in right.items()
    }
    files = files or tuple(f"{seed}-{i}" for i in range(len(labels)))
    return SeedPredictions(seed, tuple(files), labels, predicted, ("a", "b", "c"), groups)


def of_class(table, name):
    (record,) = table[table["class"] == name].to_dict("records")
    return record


def test_changes_of_recall_by_hand():
    seed = make_seed([0, 0, 0, 0, 1, 1], no=[1, 0, 0, 0, 1, 1], yes=[0, 1, 1, 1, 1, 1])
    table = class_changes([seed], "no")
    assert list(table) == CHANGES
    assert table[["strategy", "baseline"]].to_numpy().tolist() == [["yes", "no"]] * 3
    a, b, c = (of_class(table, name) for name in "abc")
    assert a["difference"] == pytest.approx(0.75 - 0.25)
    bounds = paired_proportion_difference_ci(np.array([3]), np.array([1]), np.array([4]))
    assert (a["low"], a["high"]) == pytest.approx([bound[0] for bound in bounds])
    assert (a["images"], a["seeds"], b["images"]) == (4, 1, 2)
    assert b["difference"] == 0
    assert b["low"] < 0 < b["high"], "nothing changed on 2 images, and little is known"
    assert np.isnan([c["difference"], c["low"], c["high"]]).all()
    assert (c["images"], c["seeds"], c["significant_bonferroni"]) == (0, 0, False)


def test_an_interval_of_changes_over_seeds_is_made_of_trainings_and_images():
    seeds = [
        make_seed([0] * 10 + [1], s, no=[0] * 10 + [0], yes=[1] * k + [0] * (10 - k) + [0])
        for s, k in enumerate((2, 5, 8))
    ]
    a, b = (of_class(class_changes(seeds, "no"), name) for name in "ab")
    assert a["difference"] == pytest.approx(0.5)
    students = t_interval_corrected(np.array([0.2, 0.5, 0.8]))
    images = [
        bound[0] for bound in paired_proportion_difference_ci(*(np.array([k]) for k in (15, 0, 30)))
    ]
    low = 0.5 - np.hypot(0.5 - students[0], 0.5 - images[0])
    assert low < min(students[0], images[0])
    assert a["low"] == pytest.approx(low)
    assert a["high"] == 1
    assert (a["images"], a["seeds"]) == (30, 3)
    images = [
        bound[0] for bound in paired_proportion_difference_ci(*(np.array([k]) for k in (0, 0, 3)))
    ]
    assert (b["low"], b["high"]) == pytest.approx(images), "though all seeds agree"


def test_a_class_missing_from_a_seed_is_averaged_over_the_others():
    seeds = [
        make_seed([0, 0], 0, no=[0, 0], yes=[1, 1]),
        make_seed([0, 1], 1, no=[0, 1], yes=[1, 0]),
        make_seed([0, 1], 2, no=[0, 0], other=[0, 0]),
    ]
    table = class_changes(seeds, "no")
    yes = table[table["strategy"] == "yes"]
    assert (of_class(yes, "a")["difference"], of_class(yes, "a")["seeds"]) == (1, 2)
    assert (of_class(yes, "b")["difference"], of_class(yes, "b")["seeds"]) == (-1, 1)
    assert len(table) == 6


def test_an_image_that_all_seeds_test_counts_once():
    def width(files):
        seeds = [
            make_seed([0] * 20, s, files and files[:20], no=[0] * 20, yes=[1] * 10 + [0] * 10)
            for s in range(8)
        ]
        row = of_class(class_changes(seeds, "no"), "a")
        return row["high"] - row["low"]

    names = [f"{i}.jpg" for i in range(20)]
    once = paired_proportion_difference_ci(np.array([10]), np.array([0]), np.array([20]))
    assert width(names) == pytest.approx((once[1] - once[0])[0], rel=0.05)
    assert width(None) < 0.5 * width(names)


def test_images_in_groups_widen_the_interval_of_a_class():
    apart = make_seed([0] * 12, no=[0] * 12, yes=[1] * 6 + [0] * 6)
    groups = np.repeat([0, 1, 2, 3], 3)
    together = make_seed([0] * 12, groups=groups, no=[0] * 12, yes=[1] * 6 + [0] * 6)
    single, grouped = (of_class(class_changes([seed], "no"), "a") for seed in (apart, together))
    four = paired_proportion_difference_ci(np.array([2]), np.array([0]), np.array([4]))
    assert (grouped["low"], grouped["high"]) == pytest.approx([bound[0] for bound in four])
    assert single["low"] > grouped["low"]


def test_without_a_baseline_there_are_no_changes():
    seed = make_seed([0, 1], no=[0, 1], yes=[1, 1])
    assert list(class_changes([seed], None)) == CHANGES
    assert class_changes([seed], "unknown").empty
    assert class_changes([], "no").empty


def test_where_nothing_changes_some_intervals_exclude_0_and_none_is_significant():
    """Five strategies and 17 classes: 400 of these are counted in test_simulations.py."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(17), [60] * 9 + [12] * 8)
    names, excluding_0, with_significant = tuple(map(str, range(17))), 0, 0
    for _ in range(40):
        right = rng.random((6, len(labels))) < 0.7
        predicted_class = np.where(right, labels, (labels + 1) % 17)  # (6, N)
        predicted = {f"s{k}": predicted_class[k] for k in range(6)}
        files = tuple(map(str, range(len(labels))))
        table = class_changes([SeedPredictions(0, files, labels, predicted, names)], "s0")
        excluding_0 += ((table["low"] > 0) | (table["high"] < 0)).sum()
        with_significant += table["significant_bonferroni"].any()
    assert 0 < excluding_0 / (40 * 85) < 0.05
    assert with_significant <= 4


def bounds_of(hits, images):
    return [bound[0] for bound in clopper_pearson(np.array([hits]), np.array([images]))]


@pytest.mark.parametrize("groups", [None, np.repeat(np.arange(12), 5)])
def test_recall_and_interval_of_one_seed_are_those_of_per_class_csv(groups):
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [50, 10])
    seed = make_seed(labels, groups=groups, good=rng.random(60) < 0.6, bad=rng.random(60) < 0.2)
    table = class_recalls([seed])
    assert list(table) == RECALLS
    for name in ("good", "bad"):
        mine = table[table["strategy"] == name]
        record = class_scores(labels, seed.predicted[name], 3, groups)
        for ours, theirs in (("recall", "recall"), ("low", "recall_low"), ("high", "recall_high")):
            np.testing.assert_allclose(mine[ours], record[theirs], rtol=1e-12)
        assert mine["images"].tolist() == [50, 10, 0]
        assert mine["seeds"].tolist() == [1, 1, 0]


def test_an_interval_of_recall_over_seeds_is_made_of_trainings_and_images():
    seeds = [
        make_seed([0] * 10 + [1], s, us=[1] * k + [0] * (10 - k) + [0])
        for s, k in enumerate((4, 5, 6))
    ]
    a, b = (of_class(class_recalls(seeds), name) for name in "ab")
    assert (a["recall"], a["hits"], a["images"], a["seeds"]) == (pytest.approx(0.5), 15, 30, 3)
    students, images = t_interval_corrected(np.array([0.4, 0.5, 0.6])), bounds_of(15, 30)
    half = np.hypot(0.5 - students[0], 0.5 - images[0])
    assert (a["low"], a["high"]) == pytest.approx((0.5 - half, 0.5 + half))
    assert (b["low"], b["high"]) == pytest.approx(bounds_of(0, 3)), "though all seeds agree"


def test_ten_seeds_on_the_same_images_know_no_more_than_one():
    files = [f"{i}.jpg" for i in range(10)]
    same = [make_seed([0] * 10, s, files, us=[0] * 10) for s in range(10)]
    other = [make_seed([0] * 10, s, us=[0] * 10) for s in range(10)]
    shared, distinct = (of_class(class_recalls(seeds), "a")["high"] for seeds in (same, other))
    assert shared == pytest.approx(bounds_of(0, 10)[1])
    assert distinct == pytest.approx(bounds_of(0, 100)[1])


def test_without_predictions_no_class_has_a_recall():
    assert list(class_recalls([])) == RECALLS
