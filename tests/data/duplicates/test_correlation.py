from __future__ import annotations

import numpy as np

from benchmark.data.duplicates.correlation import (
    LOCAL,
    MOST_ALIKE,
    MOST_COPIES,
    SMALL,
    compare_thumbnails,
)
from benchmark.data.pixels.thumbnail import SIDE

RNG = np.random.default_rng(0)


def draw_thumbnails(number: int) -> np.ndarray:
    return RNG.uniform(0, 255, (number, SIDE, SIDE)).astype(np.float32)


def sides_of(thumbnails: np.ndarray, side: int = SMALL) -> np.ndarray:
    return np.full(len(thumbnails), side)


def repeat(thumbnail: np.ndarray, number: int, noise: float) -> np.ndarray:
    copies = np.repeat(thumbnail[None], number, axis=0)
    return (copies + RNG.normal(0, noise, copies.shape)).astype(np.float32)


def test_a_pair_is_found_among_others() -> None:
    thumbnails = draw_thumbnails(20)
    thumbnails[7] = thumbnails[3] / 2 + 20
    comparison = compare_thumbnails(thumbnails, sides_of(thumbnails))
    assert comparison.pairs.tolist() == [[3, 7]]
    assert len(comparison.too_alike) == len(comparison.flat) == 0


def test_many_copies_are_a_tree() -> None:
    first, *others = draw_thumbnails(10)
    thumbnails = np.concatenate([repeat(first, 3 * MOST_ALIKE, 0.5), np.array(others)])
    comparison = compare_thumbnails(thumbnails, sides_of(thumbnails))
    assert len(comparison.pairs) == 3 * MOST_ALIKE - 1
    assert set(comparison.pairs.ravel().tolist()) == set(range(3 * MOST_ALIKE))
    assert len(comparison.too_alike) == 0


def test_among_many_what_differs_much_in_one_place_is_no_copy() -> None:
    thumbnails = repeat(draw_thumbnails(1)[0], 2 * MOST_ALIKE, 0.5)
    deviation = np.diff(thumbnails[0]).std()
    for number, each in enumerate(thumbnails):
        each[2 + number % 10, 2 + number // 10] += 2 * LOCAL * deviation
    comparison = compare_thumbnails(thumbnails, sides_of(thumbnails))
    assert len(comparison.pairs) == 0
    assert len(comparison.too_alike) == len(thumbnails)


def test_more_copies_than_a_picture_has_are_a_scene_unless_they_are_few_of_all() -> None:
    copies = repeat(draw_thumbnails(1)[0], MOST_COPIES + 1, 0.5)
    comparison = compare_thumbnails(copies, sides_of(copies))
    assert len(comparison.pairs) == 0
    assert len(comparison.too_alike) == len(copies)
    thumbnails = np.concatenate([copies, draw_thumbnails(10 * len(copies))])
    comparison = compare_thumbnails(thumbnails, sides_of(thumbnails))
    assert len(comparison.pairs) == MOST_COPIES
    assert len(comparison.too_alike) == 0


def test_copies_are_found_among_frames_that_each_differ_little_from_the_next() -> None:
    first = draw_thumbnails(1)[0]
    frames = np.repeat(first[None], MOST_COPIES + 50, axis=0)
    shades = frames.reshape(len(frames), -1)  # a view
    for number in range(1, len(frames)):
        shades[number:, number] += 0.7 * LOCAL * np.diff(first).std()
    copies = repeat(frames[100], 30, 0.2)
    thumbnails = np.concatenate([frames, copies])
    comparison = compare_thumbnails(thumbnails, sides_of(thumbnails))
    linked = set(comparison.pairs.ravel().tolist())
    assert linked == {100, *range(len(frames), len(thumbnails))}
    assert len(comparison.pairs) == len(copies)


def test_no_thumbnail_and_flat_ones_are_no_error() -> None:
    comparison = compare_thumbnails(np.empty((0, SIDE, SIDE), np.float32), np.empty(0, np.int64))
    assert len(comparison.pairs) == len(comparison.flat) == 0
    flat = np.full((3, SIDE, SIDE), 7, np.float32)
    assert compare_thumbnails(flat, sides_of(flat)).flat.tolist() == [0, 1, 2]
