"""Rows between two neighbours of a class are told from others."""

import numpy as np
import torch

from benchmark.train.sample_pool import SamplePool
from benchmark.train.synthetic_rows import describe_synthetic_rows

IMAGES = np.random.default_rng(0).normal(size=(40, 300)).astype(np.float32)
LABELS = np.repeat([0, 1], 20)


def described(rows, label=0):
    """What is said of rows of one class."""
    rows = np.atleast_2d(np.asarray(rows, np.float32))
    return describe_synthetic_rows(
        SamplePool(
            np.r_[LABELS, np.full(len(rows), label)],
            40,
            torch.from_numpy(np.concatenate((IMAGES, rows))),
            np.r_[np.zeros(40, bool), np.ones(len(rows), bool)],
        )
    )


def test_a_row_between_two_images_of_its_class():
    distances = np.linalg.norm(IMAGES[:20] - IMAGES[3], axis=1)
    for rank in (1, 5, 19):
        partner = np.argsort(distances)[rank]
        for u in (0.01, 0.4, 0.97):
            ((label, detour, neighbour, position, is_copy),) = described(
                IMAGES[3] + np.float32(u) * (IMAGES[partner] - IMAGES[3])
            )
            assert (label, is_copy) == (0, 0)
            assert detour < 1e-4
            assert neighbour <= rank
            assert min(abs(position - u), abs(position - (1 - u))) < 1e-3


def test_other_rows_lie_beside_all_segments():
    across = (IMAGES[3] + IMAGES[30]) / 2
    beyond = IMAGES[3] + 1.5 * (IMAGES[4] - IMAGES[3])
    for row in (across, beyond, IMAGES[:20].mean(0)):
        ((_, detour, *_),) = described(row)
        assert detour > 0.05
    ((_, detour, *_),) = described((IMAGES[3] + IMAGES[4]) / 2, label=1)
    assert detour > 0.05


def test_the_same_row_again_is_a_copy():
    row = (IMAGES[3] + IMAGES[4]) / 2
    assert [each[-1] for each in described([row, row, row])] == [0, 1, 1]
    assert not described(np.empty((0, 300)))
