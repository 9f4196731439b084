"""From predictions to intervals and differences: which rows there are, and over which seeds."""

import numpy as np
import pandas as pd
import pytest

from benchmark.analysis.confidence import (
    INTERVALS,
    PAIRED,
    intervals,
    paired,
    seeds_of,
)
from benchmark.evaluation.metrics.registry import interval_metrics

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
    assert len(table) == 2 * len(interval_metrics())
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


@pytest.mark.parametrize("baseline", [None, "unknown"])
def test_without_a_control_nothing_is_compared(baseline):
    table = paired(predictions(), baseline)
    assert list(table) == PAIRED
    assert table.empty


def test_without_predictions_there_is_nothing():
    frame = pd.DataFrame(columns=["strategy", "seed", "split", "file", "label", "predicted"])
    assert intervals(seeds_of(frame, CLASSES)).empty
    assert paired([], "no_change").empty


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
