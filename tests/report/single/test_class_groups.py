"""Groups of many classes: all of them, of about equal size; and the worst and the best of each."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.analysis.comparison import Comparison, compare_records
from benchmark.analysis.scores import recall_table
from benchmark.report.single import class_groups
from benchmark.report.single.class_groups import (
    DRAWN,
    LISTED,
    by_shots,
    drawn_sentence,
    judge,
    listed_classes,
    listed_sentence,
    means,
    neighbour_names,
    neighbours,
    sums,
)
from tests.report.fabricate import fabricate
from tests.report.fabricate_many import STRATEGIES, Sizes, fabricate_many, sizes


def many(size: Sizes) -> Comparison:
    run = fabricate_many(len(size.train), STRATEGIES[:2], (0,), size, null=False)
    return compare_records("m", run.manifest, run.splits, run.records, run.manifest.baseline)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return many(sizes(210, test_images=3))


def test_groups_hold_every_class_once_and_cross_no_cut(comparison: Comparison) -> None:
    groups = neighbours(comparison)
    assert np.concatenate(groups).tolist() == list(range(210))
    assert abs(len(groups) - DRAWN) <= 2
    for group in groups:
        assert sum(bool(set(group) & set(own)) for own in by_shots(comparison).values()) == 1
    assert len(set(neighbour_names(comparison))) == len(groups)
    assert neighbour_names(comparison)[0].startswith("1–")


def test_classes_of_one_size_are_named_by_their_ranks() -> None:
    equal = Sizes(*(np.full(120, n) for n in (50, 2, 3)))
    comparison = many(equal)
    assert list(by_shots(comparison)) == ["medium"]
    assert neighbour_names(comparison)[:2] == ["1–5: 50", "6–10: 50"]
    assert len(listed_classes(comparison)) == 2 * LISTED


def test_the_worst_and_the_best_of_each_group_are_listed(comparison: Comparison) -> None:
    recall = recall_table(comparison)["no_change"].to_numpy()
    listed = listed_classes(comparison)
    assert judge(comparison) == "no_change"
    assert len(listed) == 2 * LISTED * len(by_shots(comparison))
    for classes in by_shots(comparison).values():
        own = np.intersect1d(classes, listed)
        others = np.setdiff1d(classes, listed)
        assert sorted(recall[own])[LISTED - 1] <= recall[others].min()
        assert sorted(recall[own])[LISTED] >= recall[others].max()
    assert "The other 180 are in recalls.csv." in listed_sentence(comparison, "recalls.csv")


def test_few_classes_are_all_listed() -> None:
    few = fabricate()
    assert listed_classes(few).tolist() == list(range(17))
    assert listed_sentence(few, "recalls.csv") == drawn_sentence(few) == ""


def test_means_and_sums_are_over_the_classes_of_a_group(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = [np.arange(0, 200), np.arange(200, 210)]
    monkeypatch.setattr(class_groups, "neighbours", lambda _: groups)
    values = np.arange(420.0).reshape(210, 2)
    values[:200, 0] = np.nan
    values[205, 1] = np.nan
    expected = [[np.nan, values[:200, 1].mean()], [values[200:, 0].mean(), 0]]
    expected[1][1] = np.nanmean(values[200:, 1])
    np.testing.assert_allclose(means(comparison, values), expected)
    matrix = np.arange(210 * 210).reshape(210, 210)
    assert sums(comparison, matrix).sum() == matrix.sum()
    assert sums(comparison, matrix)[1, 0] == matrix[200:, :200].sum()
