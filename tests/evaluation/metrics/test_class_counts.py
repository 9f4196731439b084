"""Groups of the classes by training images: the cuts of the literature, or thirds."""

import numpy as np
import pytest

from benchmark.evaluation.metrics.class_counts import shot_groups, shot_groups_by_cuts
from benchmark.evaluation.metrics.registry import evaluate


@pytest.mark.parametrize(
    ("counts", "thirds"),
    [
        ([60, 50, 40, 30, 20, 10], [0, 0, 1, 1, 2, 2]),
        ([10, 20, 30, 40], [2, 1, 0, 0]),
        ([7, 7, 7, 7, 7, 7], [1] * 6),
        ([9, 5, 5, 5, 5, 1], [0, 1, 1, 1, 1, 2]),
        ([9, 9, 9, 1], [0, 0, 0, 2]),
        ([3, 1], [0, 1]),
    ],
)
def test_classes_of_one_size_are_in_one_third(counts, thirds):
    assert shot_groups(np.array(counts)).tolist() == thirds


def test_groups_are_those_of_liu_et_al_2019_where_none_is_empty():
    counts = np.array([5000, 101, 100, 20, 19, 0])
    assert shot_groups_by_cuts(counts)
    assert shot_groups(counts).tolist() == [0, 0, 1, 1, 2, 2]
    for without in ([5000, 19], [100, 20, 19], [500, 400, 20]):
        assert not shot_groups_by_cuts(np.array(without))
    assert shot_groups(np.array([500, 400, 20])).tolist() == [0, 1, 2], "thirds"


def test_on_balanced_data_no_class_is_rare():
    labels = np.arange(6)
    log_p = np.log(np.full((6, 6), 1 / 6))
    metrics = evaluate(labels, labels, log_p, np.full(6, 40))
    assert metrics["medium_recall"] == 1
    assert np.isnan([metrics["many_recall"], metrics["few_recall"]]).all()


def test_thirds_without_ties_are_as_numpy_splits_them():
    rng = np.random.default_rng(0)
    for classes in range(1, 40):
        counts = rng.permutation(classes) + 1
        parts = np.array_split(np.argsort(-counts), 3)
        for third, part in enumerate(parts):
            assert set(np.flatnonzero(shot_groups(counts) == third)) == set(part)
