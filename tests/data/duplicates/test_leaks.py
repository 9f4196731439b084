from __future__ import annotations

import numpy as np
import pytest

from benchmark.data.duplicates.leaks import count_leaks, look_alike_messages
from benchmark.data.duplicates.look_alikes import LookAlikes
from benchmark.data.splits import Splits

LABELS = np.array([0, 1, 0, 1, 0, 1, 0, 1])
NONE = np.empty(0, np.int64)


def split_as(train: list[int], val: list[int], test: list[int]) -> Splits:
    return Splits(*(np.array(indices, np.int64) for indices in (train, val, test)))


def linked(*pairs: tuple[int, int]) -> LookAlikes:
    sets = np.arange(8)
    for a, b in pairs:
        sets[b] = sets[a]
    return LookAlikes(np.array(pairs, np.int64).reshape(-1, 2), sets, NONE, NONE)


def test_validation_and_test_images_with_a_look_alike_elsewhere_are_counted() -> None:
    splits = split_as([0, 1, 2, 3], [4, 5], [6, 7])
    assert count_leaks(linked().sets, splits, LABELS) == (0, 0)
    assert count_leaks(linked((0, 1)).sets, splits, LABELS) == (0, 0)
    assert count_leaks(linked((0, 6)).sets, splits, LABELS) == (1, 0)
    assert count_leaks(linked((1, 6)).sets, splits, LABELS) == (1, 1)
    assert count_leaks(linked((4, 6)).sets, splits, LABELS) == (2, 0)
    assert count_leaks(linked((0, 4), (0, 7)).sets, splits, LABELS) == (2, 2)


def test_an_image_that_is_left_out_is_no_leak() -> None:
    assert count_leaks(linked((0, 6)).sets, split_as([1, 2, 3], [4, 5], [6, 7]), LABELS) == (0, 0)


def test_the_message_says_what_to_do() -> None:
    splits = split_as([0, 1, 2, 3], [4, 5], [6, 7])
    (message,) = look_alike_messages(linked((1, 6)), [splits], LABELS, False)
    assert message.startswith("1 validation or test image looks the same as an image in another")
    assert "1 of them as one of another class" in message
    assert "--keep-duplicates-together" in message
    assert look_alike_messages(linked((0, 1)), [splits], LABELS, False) == []


def test_several_seeds_have_one_message_with_the_most() -> None:
    seeds = [split_as([0, 1, 2, 3], [4, 5], [6, 7]), split_as([0, 1, 4, 6], [2, 5], [3, 7])]
    (message,) = look_alike_messages(linked((0, 6)), seeds, LABELS, False)
    assert message.startswith("Up to 1 validation or test image looks")
    assert "in the split of a seed" in message


def test_what_is_kept_together_is_counted() -> None:
    splits = split_as([0, 1, 2, 3], [4, 5], [6, 7])
    (message,) = look_alike_messages(linked((0, 1), (0, 2)), [splits], LABELS, True)
    assert message == "3 images look the same as another one: kept in the same split."


@pytest.mark.parametrize("kept_together", [False, True])
def test_images_that_can_not_be_told_apart_are_said_with_those_evaluated(
    kept_together: bool,
) -> None:
    alike = LookAlikes(linked().pairs, linked().sets, np.arange(5), NONE)
    splits = split_as([0, 1, 2, 3], [4, 5], [6, 7])
    (message,) = look_alike_messages(alike, [splits], LABELS, kept_together)
    assert message.startswith("5 images look like many others (1 of them for validation or test)")
    treated = "kept in one split" if kept_together else "counted as copies"
    assert f"Only the closest are {treated}." in message
    assert "groups.csv" in message
    (without_a_split,) = look_alike_messages(alike, [], LABELS, kept_together)
    assert without_a_split.startswith("5 images look like many others, and can't be told")


@pytest.mark.parametrize("kept_together", [False, True])
def test_images_that_were_flat_or_small_are_said(kept_together: bool) -> None:
    alike = LookAlikes(linked().pairs, linked().sets, NONE, np.array([4, 6]))
    seeds = [split_as([0, 1, 2, 3], [4, 5], [6, 7]), split_as([4, 6, 2, 3], [0, 1], [5, 7])]
    (message,) = look_alike_messages(alike, seeds, LABELS, kept_together)
    assert message.startswith(
        "2 images are too small, too dark or too flat to be compared reliably (up to 2 of them for "
    )
    treated = "kept in one split" if kept_together else "counted as copies"
    assert f"copies that are not byte-identical may not be {treated}" in message
