"""Which classes a card calls unreliable."""

import pytest

from benchmark.inference.model_info import ClassInfo, Interval
from benchmark.report.card.trust import doubt


@pytest.mark.parametrize(
    ("images", "predicted", "interval", "expected"),
    [
        (20, 15, Interval(0.9, 0.7, 0.99), ""),
        (20, 0, Interval(0.0, 0.0, 0.17), "no: never predicted"),
        (20, 3, Interval(0.1, 0.01, 0.32), "no: at most .32 are found"),
        (5, 4, Interval(0.8, 0.28, 0.99), "not known: .28 to .99 by 5 test images"),
        (1, 1, Interval(1.0, 0.03, 1.0), "not known: .03 to 1.00 by 1 test image"),
        (0, 2, Interval(None), "not known: no test image"),
    ],
)
def test_a_class_is_trusted_if_more_than_half_is_surely_found(
    images, predicted, interval, expected
):
    assert doubt(ClassInfo("a", 10, images, interval, predicted)) == expected
