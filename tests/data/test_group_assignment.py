import numpy as np

from benchmark.data.group_assignment import TEST, TRAIN, VAL, assign_groups

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
