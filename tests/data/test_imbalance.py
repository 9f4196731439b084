from __future__ import annotations

import numpy as np
import pytest

from benchmark.data.imbalance import apply_imbalance
from benchmark.data.splits import Splits, make_splits

CIFAR_LT_100 = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]


def made(spec: str, sizes: list[int], seed: int = 0) -> tuple[Splits, np.ndarray, str]:
    """Apply `spec` to `sizes` training images a class, and a tenth of it in each other split."""
    train = np.repeat(np.arange(len(sizes)), sizes)
    tenth = np.repeat(np.arange(len(sizes)), [size // 10 for size in sizes])
    labels = np.concatenate([train, tenth, tenth])
    cuts = [len(train), len(train) + len(tenth)]
    splits = Splits(*np.split(np.arange(len(labels)), cuts), messages=("kept",))
    classes = [f"class{c}" for c in range(len(sizes))]
    after = apply_imbalance(spec, splits, labels, classes, seed)
    kept, *messages = after.messages
    assert kept == "kept"
    for split in ("train", "val", "test"):
        assert set(getattr(after, split)) <= set(getattr(splits, split))
        assert np.all(np.diff(getattr(after, split)) > 0)
    return after, labels, "".join(messages)


def counts(spec: str, sizes: list[int]) -> list[int]:
    splits, labels, _ = made(spec, sizes)
    return np.bincount(labels[splits.train], minlength=len(sizes)).tolist()


def test_the_published_profile_comes_out_exactly() -> None:
    assert counts("exp:100", [5000] * 10) == CIFAR_LT_100
    assert sum(counts("exp:50", [5000] * 10)) == 13996
    assert sum(counts("exp:10", [5000] * 10)) == 20431
    hundred = counts("exp:100", [500] * 100)
    assert (hundred[0], hundred[-1], sum(hundred)) == (500, 5, 10847)


TENTH = [n // 10 for n in CIFAR_LT_100]


@pytest.mark.parametrize(
    ("where", "val", "test", "sentence"),
    [
        ("", TENTH, [500] * 10, "val 5000 → 1236 images, 500 to 5 a class. Test keeps its images."),
        ("@train", [500] * 10, [500] * 10, "Validation and test keep their images."),
        ("@all", TENTH, TENTH, "test 5000 → 1236 images, 500 to 5 a class. The same"),
    ],
)
def test_validation_follows_training_and_test_if_asked(
    where: str, val: list[int], test: list[int], sentence: str
) -> None:
    splits, labels, message = made(f"exp:100{where}", [5000] * 10)
    assert np.bincount(labels[splits.train]).tolist() == CIFAR_LT_100
    assert np.bincount(labels[splits.val]).tolist() == val
    assert np.bincount(labels[splits.test]).tolist() == test
    assert "train 50000 → 12406 images, 5000 to 50 a class" in message
    assert sentence in message


def test_a_class_keeps_a_validation_image_where_it_had_one() -> None:
    splits, labels, message = made("exp:100", [100, 100, 9])
    assert np.bincount(labels[splits.train]).tolist() == [100, 10, 1]
    assert np.bincount(labels[splits.val]).tolist() == [10, 1]  # the third had none
    assert "val 20 → 11 images, 10 to 0 a class" in message


def test_a_balanced_validation_split_beside_a_long_tail_is_thinned_too() -> None:
    labels = np.concatenate([np.repeat([0, 1], [100, 10]), np.repeat([0, 1], [20, 20]), [0, 1]])
    splits = Splits(*np.split(np.arange(152), [110, 150]), given=("train", "val", "test"))
    after = apply_imbalance("exp:10", splits, labels, ("a", "b"), 0)
    assert np.bincount(labels[after.train]).tolist() == [100, 10]
    assert np.bincount(labels[after.val]).tolist() == [20, 2]


def test_the_same_classes_are_rare_for_every_seed_also_with_groups() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2, 3], 60)
    groups = rng.integers(0, 30, 240)  # groups of several classes: sizes of splits differ by seed
    sizes, rarest = set(), set()
    for seed in range(8):
        splits = make_splits(labels, "abcd", seed, groups=groups)
        sizes.add(tuple(np.bincount(labels[splits.train])))
        after = apply_imbalance("exp:8", splits, labels, "abcd", seed)
        rarest.add(after.messages[-1].partition("The same classes")[2])
        assert np.argsort(-np.bincount(labels[after.train])).tolist() == [0, 1, 2, 3]
    assert len(sizes) > 1
    assert rarest == {" are rare for every seed, the rarest first: d, c, b and 1 more."}


def test_order_is_that_of_size_and_no_class_gets_more_than_it_has() -> None:
    assert counts("exp:4", [20, 80, 45]) == [20, 80, 40]
    assert counts("exp:4", [10, 80, 30]) == [10, 80, 30]
    assert counts("exp:1000", [100, 90]) == [100, 1]


def test_the_message_counts_what_is_there() -> None:
    assert "train 40 images, all kept, 30 to 10 a class" in made("exp:1", [30, 10])[2]


def test_step() -> None:
    assert counts("step:49,0.5", [98, 98]) == [98, 2]  # 98 * (1 / 49) is below 2
    assert counts("step:10,0.5", [100] * 4) == [100, 100, 10, 10]
    assert counts("step:10,0.2", [100] * 5) == [100, 100, 100, 100, 10]


def test_natural_changes_nothing() -> None:
    splits, labels, message = made("natural", [30, 20])
    assert message == ""
    assert np.bincount(labels[splits.train]).tolist() == [30, 20]


def test_images_depend_on_the_seed_and_larger_ratios_are_nested() -> None:
    ten, hundred = made("exp:10", [100] * 5)[0], made("exp:100", [100] * 5)[0]
    assert set(hundred.train) < set(ten.train)
    assert np.array_equal(ten.train, made("exp:10", [100] * 5)[0].train)
    assert not np.array_equal(ten.train, made("exp:10", [100] * 5, seed=1)[0].train)


@pytest.mark.parametrize(
    "spec",
    [
        "exp",
        "exp:",
        "exp:0.5",
        "exp:x",
        "exp:10,2",
        "exp:inf",
        "exp:nan",
        "exp:10@test",
        "exp:10@",
        "exp:10@train@all",
        "step:10",
        "step:10,1",
        "linear:10",
        "natural:1",
        "natural@all",
    ],
)
def test_anything_else_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match="is not one of 'natural', 'exp:RATIO'"):
        made(spec, [10, 10])
