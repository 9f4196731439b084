import hashlib

import numpy as np
import pytest

from benchmark.data.group_assignment import TEST, TRAIN, VAL, assign_groups
from tests.data.plain_assignment import assign_one_by_one

FRACTIONS = (0.8, 0.1, 0.1)


def test_single_images_reach_the_wanted_counts_exactly():
    labels = np.repeat([0, 1], [50, 20])
    splits = assign_groups(labels, np.arange(70), 2, FRACTIONS, seed=0)
    counts = [np.bincount(labels[splits == s]).tolist() for s in (TRAIN, VAL, TEST)]
    assert counts == [[40, 16], [5, 2], [5, 2]]


def test_a_unit_is_never_divided():
    labels = np.repeat([0, 1], 30)
    units = np.arange(60) // 4
    splits = assign_groups(labels, units, 2, FRACTIONS, seed=0)
    assert all(len(set(splits[units == unit])) == 1 for unit in range(15))


def test_a_fraction_of_0_leaves_a_split_empty():
    splits = assign_groups(np.repeat([0, 1], 20), np.arange(40), 2, (0.8, 0.0, 0.2), seed=0)
    assert np.bincount(splits, minlength=3).tolist() == [32, 0, 8]


def draw_units(kind, labels, rng):
    n = len(labels)
    if kind == "single images":
        return np.arange(n)
    if kind == "some copies":
        return np.where(rng.random(n) < 0.1, rng.integers(0, n, n), np.arange(n))
    groups = rng.integers(0, max(1, n // 3), n)
    return groups if kind == "groups" else labels * n + groups


@pytest.mark.parametrize(
    "kind", ["single images", "some copies", "groups", "groups of a class each"]
)
def test_units_are_assigned_as_one_after_another(kind):
    rng = np.random.default_rng(len(kind))
    for seed in range(60):
        classes = rng.integers(2, 12)
        sizes = rng.integers(1, rng.choice([6, 40, 150]), classes)
        labels = rng.permutation(np.repeat(np.arange(classes), sizes))
        units = draw_units(kind, labels, rng)
        fractions = [FRACTIONS, (0.34, 0.33, 0.33), (0.7, 0.0, 0.3), (0.9, 0.1, 0.0)][seed % 4]
        arguments = (labels, units, classes, fractions, seed)
        np.testing.assert_array_equal(assign_groups(*arguments), assign_one_by_one(*arguments))


def test_splits_stay_those_of_earlier_versions():
    """Networks are known by their splits: another order would train all of them again."""
    labels = np.arange(3000) % 37
    units = np.where(np.arange(3000) % 7, np.arange(3000), np.arange(3000) // 29)
    splits = assign_groups(labels, units, 37, FRACTIONS, seed=5)
    assert hashlib.sha256(splits.astype(np.uint8).tobytes()).hexdigest()[:16] == "b8e9a253dc880372"
