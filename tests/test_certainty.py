"""From predictions to intervals and differences: which rows there are, and over which seeds."""

import numpy as np
import pandas as pd
import pytest

from benchmark.certainty import (
    CHANGES,
    INTERVALS,
    PAIRED,
    biggest,
    class_changes,
    intervals,
    paired,
    seeds_of,
)
from benchmark.certainty import Tested as OneSeed
from benchmark.statistics.cells import METRICS
from benchmark.statistics.over_seeds import over_seeds
from benchmark.statistics.proportion import change_of_share

CLASSES = ["common", "rare", "absent"]
RIGHT = {"no_change": 0.5, "helps": 0.95}  # share of test images


def predictions(seeds=(0,), missing=(), same_files=False, images=60, group_of=None):
    """Rows of predictions.csv; `helps` is right more often. `group_of` maps image to group."""
    frames, groups = [], {}
    for seed in seeds:
        rng = np.random.default_rng(0 if same_files else seed)
        labels = np.array(CLASSES)[(np.arange(images) % 6 == 0).astype(int)]
        other = np.where(labels == "common", "rare", "common")
        files = [f"{0 if same_files else seed}-{i}.jpg" for i in range(images)]
        if group_of:
            groups[seed] = {file: group_of(i) for i, file in enumerate(files)}
        for name, share in RIGHT.items():
            if (name, seed) in missing:
                continue
            predicted = np.where(rng.random(images) < share, labels, other)
            for split in ("val", "test"):
                # validation is all wrong: whoever reads it is found out
                called = predicted if split == "test" else other
                rows = {"strategy": name, "seed": seed, "split": split, "file": files}
                frames.append(pd.DataFrame({**rows, "label": labels, "predicted": called}))
    return seeds_of(pd.concat(frames), CLASSES, groups)


def row(table, strategy, metric="macro_f1"):
    (found,) = table[(table["strategy"] == strategy) & (table["metric"] == metric)].to_dict(
        "records"
    )
    return found


def test_one_seed_has_intervals_over_its_images_and_no_test_over_seeds():
    seeds = predictions()
    table = intervals(seeds)
    assert list(table) == INTERVALS
    assert len(table) == 2 * len(METRICS)
    for found in table.to_dict("records"):
        assert found["low"] < found["value"] < found["high"]
    differences = paired(seeds, "no_change")
    assert list(differences) == PAIRED
    assert set(differences["strategy"]) == {"helps"}
    found = row(differences, "helps")
    assert found["difference"] == pytest.approx(
        row(table, "helps")["value"] - row(table, "no_change")["value"]
    )
    assert 0 < found["low"] < found["difference"] < found["high"]
    assert found["p_images"] == found["p_images_holm"] < 0.01
    assert np.isnan(found["p_seeds"])
    assert np.isnan(row(differences, "helps", "accuracy")["p_images"]), "macro-F1 is tested"


def test_an_absent_class_counts_in_macro_f1():
    found = row(intervals(predictions()), "helps")
    assert found["high"] <= 2 / 3


def test_several_seeds_are_averaged_and_their_signs_tested():
    seeds = predictions(range(8))
    found = row(paired(seeds, "no_change"), "helps")
    each = [row(paired([one], "no_change"), "helps")["difference"] for one in seeds]
    assert found["difference"] == pytest.approx(np.mean(each))
    assert found["seeds"] == 8
    assert found["p_seeds_holm"] == pytest.approx(2 / 2**8)
    half = 2.365 * np.std(each, ddof=1) / np.sqrt(8)  # Student's t, 7 degrees of freedom
    assert found["high"] - found["difference"] == pytest.approx(half, rel=1e-3)


def test_seeds_that_share_their_test_images_are_not_as_sure():
    apart, shared = (
        row(intervals(predictions(range(3), same_files=same)), "no_change")
        for same in (False, True)
    )
    assert shared["low"] < shared["value"] < shared["high"], "though all seeds say the same"
    assert apart["seeds"] == shared["seeds"] == 3


def test_an_interval_stays_within_what_a_score_can_be():
    seeds = predictions(range(2), images=12)
    for table, lowest in ((intervals(seeds), 0), (paired(seeds, "no_change"), -1)):
        assert (table["low"] >= lowest).all()
        assert (table["high"] <= 1).all()
    assert (intervals(seeds)["low"] == 0).any(), "two seeds say little"


def test_a_difference_is_over_the_seeds_that_both_finished():
    seeds = predictions(range(3), missing=[("helps", 1), ("no_change", 2)])
    assert row(paired(seeds, "no_change"), "helps")["seeds"] == 1
    assert row(intervals(seeds), "helps")["seeds"] == 2


@pytest.mark.parametrize("control", [None, "unknown"])
def test_without_a_control_nothing_is_compared(control):
    table = paired(predictions(), control)
    assert list(table) == PAIRED
    assert table.empty


def test_without_predictions_there_is_nothing():
    frame = pd.DataFrame(columns=["strategy", "seed", "split", "file", "label", "predicted"])
    assert intervals(seeds_of(frame, CLASSES)).empty
    assert paired([], "no_change").empty


def one_seed(labels, seed=0, files=None, groups=None, **right):
    """One seed of three classes; where a strategy is not right, it says the next class."""
    labels = np.array(labels)
    predicted = {
        name: np.where(np.array(is_right, bool), labels, (labels + 1) % 3)
        for name, is_right in right.items()
    }
    files = files or tuple(f"{seed}-{i}" for i in range(len(labels)))
    return OneSeed(seed, tuple(files), labels, predicted, ("a", "b", "c"), groups)


def of_class(table, name):
    (found,) = table[table["class"] == name].to_dict("records")
    return found


def test_changes_of_recall_by_hand():
    seed = one_seed([0, 0, 0, 0, 1, 1], no=[1, 0, 0, 0, 1, 1], yes=[0, 1, 1, 1, 1, 1])
    table = class_changes([seed], "no")
    assert list(table) == CHANGES
    assert table[["strategy", "control"]].to_numpy().tolist() == [["yes", "no"]] * 3
    a, b, c = (of_class(table, name) for name in "abc")
    assert a["difference"] == pytest.approx(0.75 - 0.25)
    bounds = change_of_share(np.array([3]), np.array([1]), np.array([4]))
    assert (a["low"], a["high"]) == pytest.approx([bound[0] for bound in bounds])
    assert (a["images"], a["seeds"], b["images"]) == (4, 1, 2)
    assert b["difference"] == 0
    assert b["low"] < 0 < b["high"], "nothing changed on 2 images, and little is known"
    assert np.isnan([c["difference"], c["low"], c["high"]]).all()
    assert (c["images"], c["seeds"], c["beyond_chance"]) == (0, 0, False)


def test_changes_of_several_seeds_reach_as_far_as_trainings_and_images_say():
    seeds = [
        one_seed([0] * 10 + [1], s, no=[0] * 10 + [0], yes=[1] * k + [0] * (10 - k) + [0])
        for s, k in enumerate((2, 5, 8))
    ]
    a, b = (of_class(class_changes(seeds, "no"), name) for name in "ab")
    assert a["difference"] == pytest.approx(0.5)
    students = over_seeds(np.array([0.2, 0.5, 0.8]))
    images = [bound[0] for bound in change_of_share(*(np.array([k]) for k in (15, 0, 30)))]
    assert a["low"] == pytest.approx(min(students[0], images[0])) == max(students[0], -1)
    assert a["high"] == pytest.approx(min(students[1], 1))
    assert (a["images"], a["seeds"]) == (30, 3)
    images = [bound[0] for bound in change_of_share(*(np.array([k]) for k in (0, 0, 3)))]
    assert (b["low"], b["high"]) == pytest.approx(images), "though all seeds agree"


def test_a_class_missing_from_a_seed_is_averaged_over_the_others():
    seeds = [
        one_seed([0, 0], 0, no=[0, 0], yes=[1, 1]),
        one_seed([0, 1], 1, no=[0, 1], yes=[1, 0]),
        one_seed([0, 1], 2, no=[0, 0], other=[0, 0]),
    ]
    table = class_changes(seeds, "no")
    yes = table[table["strategy"] == "yes"]
    assert (of_class(yes, "a")["difference"], of_class(yes, "a")["seeds"]) == (1, 2)
    assert (of_class(yes, "b")["difference"], of_class(yes, "b")["seeds"]) == (-1, 1)
    assert len(table) == 6


def test_the_same_image_in_every_seed_is_one_image():
    def width(files):
        seeds = [
            one_seed([0] * 20, s, files and files[:20], no=[0] * 20, yes=[1] * 10 + [0] * 10)
            for s in range(8)
        ]
        found = of_class(class_changes(seeds, "no"), "a")
        return found["high"] - found["low"]

    names = [f"{i}.jpg" for i in range(20)]
    once = change_of_share(np.array([10]), np.array([0]), np.array([20]))
    assert width(names) == pytest.approx((once[1] - once[0])[0], rel=0.05)
    assert width(None) < 0.5 * width(names)


def test_images_in_groups_tell_less_about_a_class():
    apart = one_seed([0] * 12, no=[0] * 12, yes=[1] * 6 + [0] * 6)
    groups = np.repeat([0, 1, 2, 3], 3)
    together = one_seed([0] * 12, groups=groups, no=[0] * 12, yes=[1] * 6 + [0] * 6)
    found = [of_class(class_changes([one], "no"), "a") for one in (apart, together)]
    four = change_of_share(np.array([2]), np.array([0]), np.array([4]))
    assert (found[1]["low"], found[1]["high"]) == pytest.approx([bound[0] for bound in four])
    assert found[0]["low"] > found[1]["low"]


def test_without_a_control_no_class_changes():
    assert list(class_changes(predictions(), None)) == CHANGES
    assert class_changes(predictions(), "unknown").empty
    assert class_changes([], "no").empty
    assert biggest(class_changes([], "no")) == (None, None)


def changes(*rows):
    columns = ["strategy", "class", "difference", "low", "high", "images", "beyond_chance"]
    return pd.DataFrame(rows, columns=columns)


def test_the_biggest_gain_is_the_surest_and_not_a_single_image_that_flips():
    table = changes(
        ("s", "one image", 1.0, -0.29, 1.0, 1, False),
        ("s", "rare", 0.6, 0.22, 0.81, 12, True),
        ("t", "common", 0.3, 0.25, 0.35, 400, True),
        ("t", "lucky", 0.9, 0.4, 1.0, 5, False),
        ("t", "hurt", -0.5, -0.8, 0.1, 9, False),
        ("s", "slightly", -0.1, -0.15, -0.05, 400, False),
    )
    gain, loss = biggest(table)
    assert gain["class"] == "common", "of those beyond chance the highest lower bound"
    assert loss["class"] == "slightly", "none beyond chance, but one that excludes 0"
    unsure = changes(
        ("s", "much", 0.5, -0.2, 0.9, 4, False), ("s", "more", 0.5, -0.1, 0.8, 8, False)
    )
    assert biggest(unsure)[0]["class"] == "more", "of equal changes the one with more images"
    assert biggest(unsure)[1] is None


def test_where_nothing_changes_some_interval_excludes_0_and_none_is_beyond_chance():
    """Five strategies and 17 classes: 400 of these are counted in test_simulations.py."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(17), [60] * 9 + [12] * 8)
    names, some, any_ = tuple(map(str, range(17))), 0, 0
    for _ in range(40):
        right = rng.random((6, len(labels))) < 0.7
        called = np.where(right, labels, (labels + 1) % 17)
        predicted = {f"s{k}": called[k] for k in range(6)}
        files = tuple(map(str, range(len(labels))))
        table = class_changes([OneSeed(0, files, labels, predicted, names)], "s0")
        some += ((table["low"] > 0) | (table["high"] < 0)).sum()
        any_ += table["beyond_chance"].any()
    assert 0 < some / (40 * 85) < 0.05
    assert any_ <= 4


def test_groups_reach_intervals_and_the_test():
    """Six images a group that agree: the same numbers, and less certainty."""
    apart, together = predictions(), predictions(group_of=lambda i: i // 6)
    for one in (*apart, *together):
        one.predicted["helps"][:] = one.predicted["no_change"]
        moved = np.arange(60) // 6 % 4 == 0  # whole groups
        one.predicted["helps"][moved] = one.labels[moved]
    for make in (lambda seeds: intervals(seeds), lambda seeds: paired(seeds, "no_change")):
        single, grouped = (row(make(seeds), "helps") for seeds in (apart, together))
        number = "value" if "value" in single else "difference"
        assert single[number] == grouped[number]
        assert grouped["high"] - grouped["low"] != single["high"] - single["low"]
    assert grouped["p_images"] > 2 * single["p_images"]
    assert grouped["high"] - grouped["low"] > 1.2 * (single["high"] - single["low"])


def test_a_seed_without_groups_has_independent_images():
    frame = predictions()[0]
    assert frame.groups is None
    assert predictions(group_of=lambda i: i)[0].groups.tolist() == list(range(60))


def test_seeds_that_share_their_images_are_no_further_evidence():
    """The same images and predictions three times over say as much as once, not more."""
    once, thrice = (
        row(paired(predictions(seeds, same_files=True, images=24), "no_change"), "helps")
        for seeds in ((0,), (0, 1, 2))
    )
    other_images = row(paired(predictions((0, 1, 2), images=24), "no_change"), "helps")
    assert thrice["p_images"] == pytest.approx(once["p_images"], rel=0.5)
    assert other_images["p_images"] < once["p_images"] / 2
