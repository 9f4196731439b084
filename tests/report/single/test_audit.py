"""The audit in the report: results, shares of the rare third, and every check."""

import numpy as np
import pandas as pd
import pytest

from benchmark.analysis.findings import logit_shift
from benchmark.report.render.canvas import PAGE_WIDTH, to_svg
from benchmark.report.single.audit import (
    audit_section,
    audit_table,
    audit_warning,
    checks_table,
    effect_panels,
)
from benchmark.report.single.page import headline
from benchmark.report.single.strategies import heading_cell
from tests.report.fabricate import STRATEGIES, fabricate


def row_of(table, strategy):
    (row,) = [row for row in table.rows if row.cells[0].text == strategy]
    return dict(zip(table.columns, row.cells, strict=True))


@pytest.fixture(scope="module")
def comparison():
    return fabricate(failed_audit=("class_weights",), seeds=(0, 1))


def test_a_strategy_that_fails_a_check_is_flagged_in_every_place(comparison):
    assert list(comparison.failed_checks) == ["class_weights"]
    page = headline(comparison)
    (warning,) = [text for text in page.warnings if "Failed the audit" in text]
    assert "`class_weights` (expected: the gradient is that of cross-entropy)" in warning
    (main,) = page.lead
    (row,) = [row for row in main.rows if row.cells[0].text == "class_weights"]
    assert (row.cells[0].note, row.cells[0].mark) == ("failed its audit", "failed")
    assert heading_cell(comparison, "focal_loss").note == ""
    result = row_of(audit_table(comparison), "class_weights")["Passed the audit"]
    assert (result.text, result.mark) == ("no: the gradient is that of cross-entropy", "failed")
    first = checks_table(comparison).rows[0]
    assert [cell.text for cell in first.cells][::3] == ["class_weights", "0 of 2 seeds"]


def test_nothing_is_flagged_where_all_checks_pass():
    assert not fabricate().failed_checks
    assert audit_warning(fabricate()) == ""


def test_a_check_without_a_result_is_unknown():
    comparison = fabricate(failed_audit=("class_weights",))
    checks = comparison.findings.checks
    checks["passed"] = checks["passed"].astype(object)
    loss = checks["strategy"].eq("focal_loss") & checks["component"].eq("loss")
    checks.loc[loss, "passed"] = None
    assert list(comparison.failed_checks) == ["class_weights"]
    result = row_of(audit_table(comparison), "focal_loss")["Passed the audit"].text
    assert result == "undecided (from 0.031 to 7.4 times)"
    results = {(row.cells[0].text, row.cells[3].text) for row in checks_table(comparison).rows}
    assert {("focal_loss", "undecided"), ("focal_loss", "yes"), ("class_weights", "no")} <= results


def test_shares_are_of_the_rarest_third(comparison):
    rows = comparison.findings.training_effects
    mine = rows[(rows["strategy"] == "random_oversampling") & (rows["seed"] == 0)]
    rare = mine.nsmallest(5, "train_count")  # of 17 classes; the middle third takes the odd ones
    share = rare["drawn"].sum() / mine["drawn"].sum()
    cell = row_of(audit_table(comparison), "random_oversampling")["Share of draws"].text
    assert cell == f"{share:.3f}".removeprefix("0")


def test_logits_are_measured_from_the_baseline(comparison):
    rows = comparison.findings.training_effects
    shifted = logit_shift(rows, "no_change").set_index("strategy")
    assert (shifted.loc["no_change", "logit_shift"] == 0).all()
    assert shifted.loc["focal_loss", "logit_shift"].iloc[0] == -0.6
    assert logit_shift(rows, None)["logit_shift"].isna().all()


def test_a_shared_network_is_said_to_be_shared():
    comparison = fabricate(shared={"threshold_moving": "no_change"})
    table = audit_table(comparison)
    assert row_of(table, "threshold_moving")["Network"].text == "shared with no_change"
    assert row_of(table, "focal_loss")["Network"].text == "its own"


def test_a_run_of_which_nothing_finished_has_no_audit():
    bare = fabricate(failed=[(name, 0) for name in STRATEGIES])
    assert list(audit_section(bare)) == []
    assert audit_warning(bare) == ""


CLASSES = ["large", "middling", "rare"]
NAMES = ["plain", "balanced"]
TITLES = {"plain": "plain (also moved)", "balanced": "balanced"}


def training_effects(strategies=("plain", "balanced"), seeds=(0, 1)):
    rows = []
    for strategy in strategies:
        for seed in seeds:
            for index, name in enumerate(CLASSES):
                count = (80, 16, 4)[index]
                drawn = 100 if strategy == "balanced" else 3 * count
                rows.append((strategy, seed, name, count, drawn, 2.0 * drawn, index - 1.0))
    columns = ["strategy", "seed", "class", "train_count", "drawn", "gradient", "logit_shift"]
    return pd.DataFrame(rows, columns=columns)


def lines_of(figure, panel):
    """Natural, drawn and gradient shares of one strategy."""
    axes = figure.axes[2 * panel]
    return [line.get_ydata() for line in axes.lines]


def test_shares_are_over_the_classes_of_each_seed():
    figure = effect_panels(training_effects(), NAMES, CLASSES, TITLES)
    natural, drawn, gradient = lines_of(figure, 0)
    np.testing.assert_allclose(natural, [0.8, 0.16, 0.04])
    np.testing.assert_allclose(drawn, natural)
    np.testing.assert_allclose(gradient, natural)
    natural, drawn, _ = lines_of(figure, 1)
    np.testing.assert_allclose(natural, [0.8, 0.16, 0.04])
    np.testing.assert_allclose(drawn, [1 / 3] * 3)
    heights = [bar.get_height() for bar in figure.axes[1].patches]
    assert heights == [-1.0, 0.0, 1.0]


@pytest.mark.parametrize("number", [1, 3, 7])
def test_it_fits_the_page_and_is_drawn_alike(number):
    names = [f"s{k}" for k in range(number)]
    first, second = (
        to_svg(
            effect_panels(
                training_effects(names), names, CLASSES, dict(zip(names, names, strict=True))
            ),
            "x",
        )
        for _ in range(2)
    )
    assert first == second
    width = float(first.split(' width="', 1)[1].split('"', 1)[0])
    assert width <= PAGE_WIDTH


def test_without_a_baseline_no_shift_is_drawn():
    table = training_effects().assign(logit_shift=np.nan)
    assert to_svg(effect_panels(table, NAMES, CLASSES, TITLES), "x")
