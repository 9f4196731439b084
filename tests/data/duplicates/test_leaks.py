from __future__ import annotations

import numpy as np

from benchmark.data.duplicates.leaks import count_leaks, look_alike_messages
from benchmark.data.duplicates.look_alikes import MOST_ALIKE, LookAlikes
from benchmark.data.splits import Splits

LABELS = np.array([0, 1, 0, 1, 0, 1, 0, 1])
NONE = np.empty(0, np.int64)


def split_as(train: list[int], val: list[int], test: list[int]) -> Splits:
    return Splits(*(np.array(indices, np.int64) for indices in (train, val, test)))


def linked(*pairs: tuple[int, int]) -> LookAlikes:
    sets = np.arange(8)
    for a, b in pairs:
        sets[b] = sets[a]
    return LookAlikes(np.array(pairs, np.int64).reshape(-1, 2), sets, NONE)


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


def test_images_of_a_kind_have_a_message_of_their_own() -> None:
    alike = LookAlikes(linked().pairs, linked().sets, np.arange(5))
    (message,) = look_alike_messages(alike, [], LABELS, False)
    assert message.startswith(f"5 images look like more than {MOST_ALIKE} others each")
    assert "groups.csv" in message
