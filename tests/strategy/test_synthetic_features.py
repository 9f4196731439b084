"""A synthesizer is tried on features that are alike in all classes."""

import numpy as np
import pytest

from benchmark.strategy import FeaturesInterpolated, find
from benchmark.strategy.measurements import SyntheticRow
from benchmark.strategy.synthetic_features import COUNTS, MOST_ROWS, interpolate_overlapping
from tests.evaluation.planted.outsider import WrongSmote
from tests.strategy.test_strengths import measured

ROWS = tuple(SyntheticRow(3, 1e-6, 1 + k % 5, (k + 0.5) / 100, 0) for k in range(100))
RIGHT = [WrongSmote(), *(find(f"smote:neighbors={k}").stages[-1].synthesizer for k in (1, 5, 10))]


@pytest.mark.parametrize("synthesizer", RIGHT)
def test_rows_of_a_class_lie_between_two_of_its_images(synthesizer):
    detours = interpolate_overlapping(synthesizer)
    assert len(detours) == 5 * COUNTS[0] - sum(COUNTS)
    assert detours.max() < 1e-5
    result = FeaturesInterpolated(5).check(measured(synthetic_rows=ROWS, detours=detours))
    assert result.passed is True


def test_neighbours_among_all_images_are_those_of_other_classes():
    detours = interpolate_overlapping(WrongSmote("all classes"))
    assert 0.05 < (detours < 0.01).mean() < 0.3
    result = FeaturesInterpolated(5).check(measured(synthetic_rows=ROWS, detours=detours))
    assert result.passed is False
    assert "where classes are alike" in result.observed


def test_an_image_is_between_two_and_no_row_tells_nothing():
    def repeat(features, labels, rng):
        return np.repeat(features, 4, axis=0), np.repeat(labels, 4)

    detours = interpolate_overlapping(repeat)
    assert len(detours) == MOST_ROWS
    np.testing.assert_allclose(detours, 0, atol=1e-6)
    nothing = interpolate_overlapping(lambda features, labels, rng: (features[:0], labels[:0]))
    result = FeaturesInterpolated(5).check(measured(synthetic_rows=ROWS, detours=nothing))
    assert result.passed is True
