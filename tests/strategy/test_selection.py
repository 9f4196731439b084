"""What is expected of a selection of the training images, compared with what was measured."""

import numpy as np
import pytest

from benchmark.strategy import ExpectSelection, StageMeasurement
from benchmark.strategy.expectations.selection import NoImageLeftOut

COUNTS = np.array([100, 20, 12])


def measured(left_out, draws=0):
    left_out, norms = np.array(left_out), np.zeros((3, 10, 2))
    empty = np.zeros(3, np.int64)
    return StageMeasurement(
        COUNTS - left_out, COUNTS, empty, (0, 0), (0, 0), 0, norms,
        left_out=left_out, left_out_draws=draws,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("left_out", "draws", "passed"),
    [
        ([30, 6, 2], 0, True),
        ([1, 0, 0], 0, True),
        ([31, 0, 0], 0, False),  # more than 30 %
        ([0, 0, 3], 0, False),  # fewer than 10 are left
        ([30, 6, 2], 1, False),  # shown all the same
        ([0, 0, 0], 0, None),
    ],
)
def test_no_class_loses_more_than_declared(left_out, draws, passed):
    assert ExpectSelection(0.3, 10).check(measured(left_out, draws)).passed is passed


def test_what_was_observed_is_said():
    check = ExpectSelection(0.3, 10).check(measured([30, 3, 0]))
    assert check.observed == (
        "33 of 132 images are left out, from 0% to 30% of a class; none of them was shown"
    )
    assert "they were shown 4 times" in NoImageLeftOut().check(measured([30, 3, 0], 4)).observed
    assert NoImageLeftOut().check(measured([0, 0, 0])) == (
        True,
        "none of 132 images is left out",
    )
    assert NoImageLeftOut().check(measured([0, 1, 0])).passed is False
