from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.data.imbalance import apply_imbalance
from benchmark.data.splits import LeakError, Splits, check_splits, make_splits


def names(labels: np.ndarray) -> list[str]:
    return [f"class{c}" for c in range(int(labels.max()) + 1)]


def indices(splits: Splits) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return splits.train, splits.val, splits.test


def table(splits: Splits, labels: np.ndarray) -> list[list[int]]:
    """Images of each class in each split, (3, C)."""
    n = int(labels.max()) + 1
    return [np.bincount(labels[part], minlength=n).tolist() for part in indices(splits)]


def split(labels: np.ndarray, seed: int = 0, **known: object) -> Splits:
    return make_splits(labels, names(labels), seed, **known)


def same(a: Splits, b: Splits) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(indices(a), indices(b), strict=True))


@st.composite
def populations(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Labels, groups and digests of a small set, with every class present."""
    sizes = draw(st.lists(st.integers(1, 12), min_size=2, max_size=6))
    labels = np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = len(labels)
    groups = rng.integers(0, draw(st.integers(1, 2 * n)), n)
    digests = [f"d{value}" for value in rng.integers(0, draw(st.integers(1, 20 * n)), n)]
    digests = ["" if rng.random() < 0.1 else digest for digest in digests]
    shuffle = rng.permutation(n)
    return labels[shuffle], groups, digests


@settings(max_examples=150, deadline=None)
@given(populations(), st.integers(0, 3), st.booleans(), st.booleans())
def test_no_leak_nothing_lost_every_class_trained_and_repeatable(
    population: tuple, seed: int, grouped: bool, digested: bool
) -> None:
    labels, groups, digests = population
    known = {"groups": groups if grouped else None, "digests": digests if digested else None}
    splits = split(labels, seed, **known)
    check_splits(splits, **known)
    everything = np.sort(np.concatenate(indices(splits)))
    np.testing.assert_array_equal(everything, np.arange(len(labels)))
    assert min(table(splits, labels)[0]) >= 1
    for split_indices in indices(splits):
        assert split_indices.dtype == np.int64
        assert np.all(np.diff(split_indices) > 0)
    np.random.seed(seed)  # noqa: NPY002  # the global state must not matter
    assert same(splits, split(labels, seed, **known))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=2, max_size=6), st.integers(0, 3))
def test_without_groups_the_counts_are_exact(sizes: list[int], seed: int) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    train, val, test = table(split(labels, seed), labels)
    for c, n in enumerate(sizes):
        tenth = max(1, (n + 5) // 10)
        expected = {1: (1, 0, 0), 2: (1, 0, 1)}.get(n, (n - 2 * tenth, tenth, tenth))
        assert (train[c], val[c], test[c]) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(3, 9), min_size=2, max_size=5), st.integers(0, 1000))
def test_three_groups_of_a_class_are_enough_for_every_split(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, groups = [], []
    for c, n_groups in enumerate(sizes):
        for group in range(n_groups):
            images = int(rng.integers(1, 30))
            labels += [c] * images
            groups += [100 * c + group] * images
    splits = split(np.array(labels), groups=np.array(groups))
    assert np.min(table(splits, np.array(labels))) >= 1


@pytest.mark.parametrize("seed", [0, 1, 2, 5])
def test_uneven_groups_of_many_classes_come_near_the_fractions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tail = 2.0 ** -np.arange(8)
    labels = np.concatenate([np.arange(8), rng.choice(8, 3000, p=tail / tail.sum())])
    groups = np.floor(100 * rng.random(len(labels)) ** 2).astype(int)  # 10 % are in the first
    counts = np.array(table(split(labels, groups=groups), labels))
    assert np.abs(counts / counts.sum(axis=0) - [[0.8], [0.1], [0.1]]).max() < 0.07


def test_fifty_thousand_groups_take_seconds() -> None:
    labels = np.repeat(np.arange(17), 3000)
    groups = np.random.default_rng(0).permutation(len(labels)) // 2
    start = time.process_time()
    check_splits(split(labels, groups=groups), groups=groups)
    assert time.process_time() - start < 5


def test_another_seed_gives_other_images() -> None:
    labels = np.repeat([0, 1], 50)
    assert not same(split(labels, 0), split(labels, 1))


def test_impossible_splits_are_reported_with_class_names() -> None:
    labels = np.array([0] * 30 + [1] * 20 + [2])
    groups = np.arange(51)
    groups[30:50] = 30
    splits = split(labels, groups=groups)
    assert table(splits, labels) == [[24, 20, 1], [3, 0, 0], [3, 0, 0]]
    text = "\n".join(splits.messages)
    assert "No val image of 2 classes: class1 (1), class2 (1)" in text
    assert "No test image of 2 classes: class1 (1), class2 (1)" in text
    assert "the splits have 88/6/6 % of the images, not 80/10/10 %" in text
    assert split(np.repeat([0, 1], 30)).messages == ()


def test_identical_files_stay_together_and_are_reported() -> None:
    labels = np.repeat([0, 1], 20)
    digests = [str(index) for index in range(40)]
    digests[1] = digests[2] = digests[0]
    digests[20] = digests[5]
    splits = split(labels, digests=digests)
    check_splits(splits, digests=digests)
    assert "3 images are byte-identical copies" in splits.messages[0]
    assert "1 content appears under more than one class" in splits.messages[1]


def test_groups_and_digests_chain() -> None:
    labels = np.repeat([0, 1], 10)
    groups = np.arange(20)
    groups[1] = groups[0]
    digests = [str(index) for index in range(20)]
    digests[2] = digests[1]
    for seed in range(10):
        splits = split(labels, seed, groups=groups, digests=digests)
        holder = next(split_indices for split_indices in indices(splits) if 0 in split_indices)
        assert {0, 1, 2} <= set(holder.tolist())


def test_unusable_images_are_in_no_split() -> None:
    labels = np.repeat([0, 1], 10)
    usable = np.ones(20, dtype=bool)
    usable[[3, 4]] = False
    splits = split(labels, usable=usable, digests=[""] * 20)
    assert not {3, 4} & set(np.concatenate(indices(splits)).tolist())
    assert splits.messages == ("2 unreadable images are left out.",)
    with pytest.raises(ValueError, match="No image to train on for 1 of 2 classes: class0"):
        split(labels, usable=labels > 0)


def test_a_given_split_is_kept() -> None:
    labels = np.array([0, 1] * 10)
    owner_split = np.array((["train"] * 4 + ["val"] * 3 + [""] + ["test"] * 2) * 2)
    splits = split(labels, given=owner_split)
    assert owner_split[splits.val].tolist() == ["val"] * 6
    assert owner_split[splits.test].tolist() == ["test"] * 4
    assert len(splits.train) == 10
    assert splits.messages == ()
    assert same(splits, split(labels, 7, given=owner_split))


def test_leaks_of_a_given_split_are_taken_out_of_training_first() -> None:
    labels = np.array([0, 1] * 6)
    owner_split = np.array(["train"] * 6 + ["val"] * 3 + ["test"] * 3)
    groups = np.arange(12)
    groups[[0, 11]] = 50  # train and test
    groups[[6, 10]] = 60  # val and test
    digests = [str(index) for index in range(12)]
    digests[1] = digests[7]  # train and val
    splits = split(labels, given=owner_split, groups=groups, digests=digests)
    assert splits.train.tolist() == [2, 3, 4, 5]
    assert splits.val.tolist() == [7, 8]
    assert splits.test.tolist() == [9, 10, 11]
    assert "2 train and 1 val images share their group or content" in "".join(splits.messages)
    check_splits(splits, groups=groups, digests=digests)


def test_a_class_that_a_given_split_lacks_needs_no_more_images() -> None:
    labels = np.array([0, 1] * 9 + [0, 0])
    owner_split = np.array(["train"] * 12 + ["val"] * 6 + ["test"] * 2)
    (message,) = split(labels, given=owner_split).messages
    assert message == (
        "No test image of 1 class: class1 (9). The brackets hold the number of independent images "
        "or groups; the test split came with the data."
    )


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ({"test": 20}, {"train": 71, "val": 9, "test": 20}),
        ({"val": 20}, {"train": 71, "val": 20, "test": 9}),
        ({}, {"train": 80, "val": 10, "test": 10}),
    ],
)
def test_a_split_the_owner_left_out_comes_from_training(owner: dict, expected: dict) -> None:
    labels = np.repeat([0, 1], 100)
    names = [name for name, n in owner.items() for _ in range(n)]
    owner_split = np.array((["train"] * (100 - len(names)) + names) * 2)
    splits = split(labels, given=owner_split)
    check_splits(splits)
    for name, n in expected.items():
        assert np.bincount(labels[getattr(splits, name)]).tolist() == [n, n]
    for name in owner:
        assert set(owner_split[getattr(splits, name)]) == {name}
    assert "taken from the training part" in splits.messages[0]


@pytest.mark.parametrize(
    ("owner", "title"),
    [
        ([], "Default split, seed 3"),
        (["", ""], "Default split, seed 3"),
        (["train"], "Train given with the data; val and test taken from train, seed 3"),
        (["train", ""], "Train given with the data; val and test taken from train, seed 3"),
        (["train", "test"], "Train and test given with the data; val taken from train, seed 3"),
        (["", "test"], "Test given with the data; val taken from the rest, seed 3"),
        (["train", "val", "test"], "Split given with the data"),
        (["", "val", "test"], "Split given with the data"),
    ],
)
def test_the_title_says_which_splits_were_given(owner: list[str], title: str) -> None:
    labels = np.array([0, 1] * 30)
    owner_split = np.repeat(np.array(owner), 60 // len(owner)) if owner else None
    splits = split(labels, 3, given=owner_split)
    assert splits.title(3) == title
    assert apply_imbalance("exp:2", splits, labels, ("a", "b"), 3).title(3) == title


def test_a_given_split_of_which_nothing_is_left_is_not_given() -> None:
    labels, groups = np.array([0, 1] * 30), np.arange(60) // 4
    owner_split = np.array((["train"] * 4 + ["val", "val", "test", "test"]) * 7 + ["train"] * 4)
    splits = split(labels, given=owner_split, groups=groups)
    assert splits.given == ("train", "test")
    assert any("without usable val images" in message for message in splits.messages)


def test_a_class_only_in_the_given_test_part_is_refused() -> None:
    labels = np.array([0, 0, 1, 1, 2])
    with pytest.raises(ValueError, match="classes: class2"):
        split(labels, given=np.array(["train", "test", "train", "test", "test"]))


@pytest.mark.parametrize("fractions", [(0.8, 0.1, 0.2), (1.0, 0.0, 0.0), (0.9, 0.2, -0.1)])
def test_impossible_fractions(fractions: tuple) -> None:
    with pytest.raises(ValueError, match="must be positive with sum 1"):
        split(np.array([0, 1]), fractions=fractions)


def test_images_that_look_the_same_stay_together_on_request_with_groups_and_copies() -> None:
    labels = np.repeat([0, 1], 20)
    groups, digests, look_alikes = np.arange(40), [str(i) for i in range(40)], np.arange(40)
    groups[1], digests[2], look_alikes[[3, 21]] = groups[0], digests[1], (look_alikes[2], 20)
    for seed in range(5):
        splits = split(labels, seed, groups=groups, digests=digests, look_alikes=look_alikes)
        check_splits(splits, groups=groups, digests=digests, look_alikes=look_alikes)
        assert max(np.isin([0, 1, 2, 3], part).sum() for part in indices(splits)) == 4
        assert max(np.isin([20, 21], part).sum() for part in indices(splits)) == 2


def test_of_a_given_split_the_copies_in_training_are_left_out() -> None:
    labels = np.repeat([0, 1], 20)
    given = np.array((["train"] * 14 + ["val"] * 3 + ["test"] * 3) * 2)
    look_alikes = np.arange(40)
    look_alikes[[19, 15]] = look_alikes[[0, 1]]
    splits = split(labels, given=given, look_alikes=look_alikes)
    assert splits.messages[0].startswith("The given split leaks: 2 train images share their group,")
    assert not {0, 1} & set(splits.train.tolist())
    assert {19, 15} <= set(splits.test.tolist()) | set(splits.val.tolist())


def test_other_fractions_leave_something_to_train() -> None:
    labels = np.repeat([0, 1], [4, 40])
    assert table(split(labels, fractions=(0.2, 0.4, 0.4)), labels) == [[1, 8], [1, 16], [2, 16]]


@pytest.mark.parametrize(
    ("train", "known", "message"),
    [
        ([0, 1, 2], {}, "Image 2 is in the split twice"),
        ([0, 0], {}, "Image 0 is in the split twice"),
        ([0, 1], {"groups": np.array([5, 6, 7, 5])}, "1 groups are .*group 5 in train and test"),
        ([0, 1], {"digests": ["a", "b", "b", ""]}, "file content b in train and val"),
        ([0, 1], {"look_alikes": np.array([5, 6, 7, 5])}, "look-alike 5 in train and test"),
    ],
)
def test_a_leak_is_found(train: list[int], known: dict, message: str) -> None:
    with pytest.raises(LeakError, match=message):
        check_splits(Splits(np.array(train), np.array([2]), np.array([3])), **known)


def test_no_leak_no_error() -> None:
    splits = Splits(np.array([0, 1]), np.array([2]), np.array([3]))
    check_splits(splits, groups=np.array([4, 4, 2, 3]), digests=["a", "a", "", ""])
