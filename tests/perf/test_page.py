"""The page of a bench, on fabricated rows."""

from tests.perf.journal_rows import ABOUT, CONFIG, full_rows
from tests.perf.page import render


def test_the_page_shows_ratios_with_bars_and_what_was_extrapolated():
    page = render(ABOUT, CONFIG, full_rows())
    assert "| 3 strategies, one seed, against *plain* | 35.00 × | 10.00 × to 60.00 × (2) |" in page
    assert "≥ 5.00 × | yes |" in page
    assert "not every *tuned* script ran" in page
    assert "not every *plain* script ran" not in page
    assert "The bars were set for 6 strategies" in page
    assert "+0.100 ± 0.000" in page
    assert "Unreliable" not in page
    # 3 trainings x 250 steps x 64 images in a median of 5.5 seconds
    assert "| harness, 3 strategies, one seed | 5.5 | 5.0 to 6.0 | 2 | 8727 |" in page


def test_the_page_warns_of_a_busy_machine_and_of_missed_bars():
    rows = full_rows()
    rows[0]["others"] = 1.5
    for measured in rows:
        measured["seconds"] *= 1 if measured["kind"] == "harness" else 0.01
    page = render(ABOUT, CONFIG, rows)
    assert "**Unreliable:** during 1 of 13 runs" in page
    assert "| **no** |" in page


def test_the_page_can_be_written_after_each_measurement():
    rows = full_rows()
    for count in range(len(rows) + 1):
        assert render(ABOUT, CONFIG, rows[:count]).startswith("# Cost: toys, 96 px")
