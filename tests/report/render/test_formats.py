"""Numbers are formatted the same way in every table and sentence."""

from __future__ import annotations

from benchmark.report.render import formats


def test_a_duration_has_one_decimal_below_ten() -> None:
    written = [formats.format_seconds(value) for value in (0.024, 0.96, 9.94, 9.96, 100.4)]
    assert written == ["0.0", "1.0", "9.9", "10", "100"]


def test_a_number_has_three_decimals() -> None:
    assert formats.format_number(1.23456) == "1.235"
    assert formats.format_number(float("nan")) == "–"
