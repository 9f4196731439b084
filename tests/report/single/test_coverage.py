"""The section on abstention: it says what is left of the rare classes."""

from dataclasses import replace

import pandas as pd
import pytest

from benchmark.analysis.coverage import COVERAGE
from benchmark.report.render.canvas import PAGE_WIDTH
from benchmark.report.single.coverage import (
    abstention_sentence,
    coverage_section,
    coverage_table,
    draw_coverage,
)
from benchmark.report.single.csv_files import frames_of
from tests.report.fabricate import fabricate, with_confidence


@pytest.fixture(scope="module")
def comparison():
    return with_confidence(strategies=("no_change", "focal_loss"), null=True)


def with_coverage(comparison, rows):
    findings = replace(comparison.findings, coverage=pd.DataFrame(rows, columns=COVERAGE))
    return replace(comparison, findings=findings, null_row=None)


def fitted(group, coverage, error, high=1.0, seed=0):
    numbers = (100, coverage, 0.0, high, error, 0.0, 1.0)
    return ("no_change", seed, "max_error", 0.05, 0.8, group, *numbers)


def test_the_sentence_says_that_rare_classes_are_left_out(comparison):
    rows = [fitted("all", 0.6, 0.052), fitted("rare", 0.1, 0.4, high=0.3)]
    assert abstention_sentence(with_coverage(comparison, rows)) == (
        "Where `no_change` abstains below the confidence that left 5 % errors on validation "
        "images, it keeps 60 % of the test images, of which 5 % are wrong, but 10 % of those of "
        "classes of the third with the fewest training images (40 % wrong). To abstain leaves out "
        "the rare classes most: few errors among the images that are kept do not mean that these "
        "classes are found."
    )


def test_it_does_not_say_so_where_chance_explains_it(comparison):
    rows = [fitted("all", 0.6, 0.052), fitted("rare", 0.1, 0.4, high=0.7)]
    sentence = abstention_sentence(with_coverage(comparison, rows))
    assert sentence.endswith("; it keeps 10 % of those of classes of the third with the fewest "
                             "training images (40 % wrong).")  # fmt: skip


def test_it_says_that_no_confidence_is_enough(comparison):
    rows = [fitted("all", 0.0, float("nan")), fitted("rare", 0.0, float("nan"))]
    sentence = abstention_sentence(with_coverage(comparison, rows))
    assert sentence.startswith("No confidence of `no_change` keeps the errors of validation images")


def test_without_a_baseline_or_a_threshold_there_is_no_sentence(comparison):
    assert not abstention_sentence(replace(comparison, baseline=None))
    assert not abstention_sentence(with_confidence(is_cross_fitted=False))


def test_the_table_has_a_row_for_each_strategy_and_the_null_row(comparison):
    table = coverage_table(comparison)
    assert [row.cells[0].text for row in table.rows] == comparison.rows
    frame = frames_of(comparison)[table.csv]
    assert set(frame["strategy"]) == set(comparison.rows)
    mine = frame[(frame["strategy"] == "focal_loss") & (frame["group"] == "all")]
    half = mine[(mine["kept_by"] == "coverage") & (mine["target"] == 0.5)]["error"].item()
    cells = {row.cells[0].text: row.cells for row in table.rows}["focal_loss"]
    assert cells[table.columns.index("50 % kept")].text == f"{half:.3f}".removeprefix("0")


def test_of_several_seeds_it_has_means_and_their_range(comparison):
    rows = [fitted("all", share, 0.1, seed=seed) for seed, share in enumerate((0.4, 0.5, 0.9))]
    three = with_coverage(with_confidence(strategies=("no_change",), seeds=(0, 1, 2)), rows)
    table = coverage_table(three)
    (row,) = table.rows
    cell = row.cells[table.columns.index("Kept at threshold")]
    assert (cell.text, cell.note) == (".600", ".40 to .90")
    assert "the lowest and highest of the seeds" in table.caption
    assert "Rare images kept" not in table.columns


@pytest.mark.parametrize("strategies", [1, 2, 7])
def test_the_figure_fits_the_page(strategies):
    names = ("no_change", *(f"s{k}" for k in range(1, strategies)))
    figure = draw_coverage(fabricate(strategies=names))
    assert figure.get_figwidth() * 72 <= PAGE_WIDTH
    assert len(figure.axes) == strategies


def test_lines_lie_where_the_numbers_say(comparison):
    axes = draw_coverage(comparison).axes[0]
    frame = comparison.findings.coverage
    frame = frame[(frame["strategy"] == "no_change") & (frame["kept_by"] == "coverage")]
    _, rare_error, rare_kept, error = axes.lines
    for line, group, column in (
        (error, "all", "error"),
        (rare_error, "rare", "error"),
        (rare_kept, "rare", "coverage"),
    ):
        expected = frame[frame["group"] == group].sort_values("target")
        assert line.get_xdata() == pytest.approx(expected["target"].to_numpy())
        assert line.get_ydata() == pytest.approx(expected[column].to_numpy(float), nan_ok=True)


def test_a_run_in_which_all_failed_has_no_section():
    comparison = fabricate(strategies=("no_change",), failed=(("no_change", 0),))
    assert not list(coverage_section(comparison))
    assert draw_coverage(comparison) is None
