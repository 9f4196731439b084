"""Rows between two neighbours of a class are told from others."""

import numpy as np
import pytest
import torch

from benchmark.train.sample_pool import SamplePool
from benchmark.train.synthetic_rows import describe_synthetic_rows

IMAGES = np.random.default_rng(0).normal(size=(40, 300)).astype(np.float32)
LABELS = np.repeat([0, 1], 20)
ALL = np.ones(40, bool)  # images that may be drawn


def described(rows, label=0):
    """What is said of rows of one class."""
    rows = np.atleast_2d(np.asarray(rows, np.float32))
    return describe_synthetic_rows(
        SamplePool(
            np.r_[LABELS, np.full(len(rows), label)],
            40,
            torch.from_numpy(np.concatenate((IMAGES, rows))),
            np.r_[np.zeros(40, bool), np.ones(len(rows), bool)],
            ALL,
        )
    )


def test_a_row_between_two_images_of_its_class():
    distances = np.linalg.norm(IMAGES[:20] - IMAGES[3], axis=1)
    for rank in (1, 5, 19):
        partner = np.argsort(distances)[rank]
        for u in (0.01, 0.4, 0.97):
            ((label, detour, neighbour, position, is_copy, *ends),) = described(
                IMAGES[3] + np.float32(u) * (IMAGES[partner] - IMAGES[3])
            )
            assert (label, is_copy) == (0, 0)
            assert detour < 1e-4
            assert neighbour <= rank
            assert min(abs(position - u), abs(position - (1 - u))) < 1e-3
            assert set(ends) == {3, partner}


def test_other_rows_lie_beside_all_segments():
    far_pair = (IMAGES[3] + IMAGES[30]) / 2
    beyond = IMAGES[3] + 1.5 * (IMAGES[4] - IMAGES[3])
    for row in (far_pair, beyond, IMAGES[:20].mean(0)):
        ((_, detour, *_),) = described(row)
        assert detour > 0.05
    ((_, detour, *_),) = described((IMAGES[3] + IMAGES[4]) / 2, label=1)
    assert detour > 0.05


def test_the_same_row_again_is_a_copy():
    row = (IMAGES[3] + IMAGES[4]) / 2
    assert [each[4] for each in described([row, row, row])] == [0, 1, 1]
    assert not described(np.empty((0, 300)))


def test_a_row_that_is_an_image_is_at_its_end_and_one_that_is_several_is_nowhere():
    ((_, detour, _, position, *_),) = described(IMAGES[3])
    assert (detour, min(position, 1 - position)) == pytest.approx((0, 0), abs=1e-6)
    twice = IMAGES.copy()
    twice[4] = IMAGES[3]
    features = torch.from_numpy(np.concatenate((twice, IMAGES[[3, 3]])))
    known = np.r_[np.zeros(40, bool), np.zeros(2, bool)]  # equal to images: not synthetic
    rows = describe_synthetic_rows(SamplePool(np.r_[LABELS, 0, 0], 40, features, known, ALL))
    assert [row[3:] for row in rows] == [[-1, 0, -1, -1]] * 2


def test_the_end_of_a_row_is_not_told_from_its_copy():
    twice = IMAGES.copy()
    twice[4] = IMAGES[3]
    row = (IMAGES[3] + IMAGES[6]) / 2
    features = torch.from_numpy(np.concatenate((twice, row[None])))
    pool = SamplePool(np.r_[LABELS, 0], 40, features, np.r_[np.zeros(40, bool), True], ALL)
    assert describe_synthetic_rows(pool)[0][-2:] == [-1, -1]
    assert set(described(row)[0][-2:]) == {3, 6}
