from __future__ import annotations

import numpy as np
import pytest

from benchmark.data.imbalance import apply_imbalance
from benchmark.data.splits import Splits

CIFAR_LT_100 = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]


def made(spec: str, sizes: list[int], seed: int = 0) -> tuple[Splits, np.ndarray, str]:
    """Apply `spec` to `sizes` training images a class, and a tenth of it in each other split."""
    train = np.repeat(np.arange(len(sizes)), sizes)
    tenth = np.repeat(np.arange(len(sizes)), [size // 10 for size in sizes])
    labels = np.concatenate([train, tenth, tenth])
    cuts = [len(train), len(train) + len(tenth)]
    splits = Splits(*np.split(np.arange(len(labels)), cuts), messages=("kept",))
    after, message = apply_imbalance(spec, splits, labels, len(sizes), seed)
    assert after.messages == ("kept",)
    for split in ("train", "val", "test"):
        assert set(getattr(after, split)) <= set(getattr(splits, split))
        assert np.all(np.diff(getattr(after, split)) > 0)
    return after, labels, message


def counts(spec: str, sizes: list[int]) -> list[int]:
    splits, labels, _ = made(spec, sizes)
    return np.bincount(labels[splits.train], minlength=len(sizes)).tolist()


def test_the_published_profile_comes_out_exactly() -> None:
    assert counts("exp:100", [5000] * 10) == CIFAR_LT_100
    assert sum(counts("exp:50", [5000] * 10)) == 13996
    assert sum(counts("exp:10", [5000] * 10)) == 20431
    hundred = counts("exp:100", [500] * 100)
    assert (hundred[0], hundred[-1], sum(hundred)) == (500, 5, 10847)


def test_only_training_unless_all_is_asked() -> None:
    splits, labels, message = made("exp:100", [5000] * 10)
    assert np.bincount(labels[splits.test]).tolist() == [500] * 10
    assert "train 50000 → 12406 images, 5000 to 50 a class" in message
    assert "test" not in message
    splits, labels, message = made("exp:100@all", [5000] * 10)
    assert np.bincount(labels[splits.train]).tolist() == CIFAR_LT_100
    assert np.bincount(labels[splits.val]).tolist() == [n // 10 for n in CIFAR_LT_100]
    assert np.bincount(labels[splits.test]).tolist() == [n // 10 for n in CIFAR_LT_100]
    assert "test 5000 → 1236 images" in message


def test_order_is_that_of_size_and_no_class_gets_more_than_it_has() -> None:
    assert counts("exp:4", [20, 80, 45]) == [20, 80, 40]
    assert counts("exp:4", [10, 80, 30]) == [10, 80, 30]
    assert counts("exp:1000", [100, 90]) == [100, 1]


def test_the_message_counts_what_is_there() -> None:
    assert "train 40 → 40 images, 30 to 10 a class" in made("exp:1", [30, 10])[2]


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
