"""Further metrics: of labels, of probabilities, and of each class against the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.report.render.blocks import Details, Table
from benchmark.report.single.further_metrics import (
    further_section,
    has_grades,
    one_against_rest_tables,
)
from tests.report.fabricate import STRATEGIES, fabricate

GRADES = ("0 none", "1 mild", "2 severe")


def test_further_metrics_are_means_over_seeds() -> None:
    comparison = fabricate(seeds=(0, 1))
    labels, probabilities, classes = further_section(comparison)
    assert isinstance(labels, Table)
    assert isinstance(probabilities, Table)
    for table, name, title in (
        (labels, "g_mean", "Geometric mean ↑"),
        (probabilities, "macro_auroc", "Macro AUROC ↑"),
    ):
        mean = comparison.seed_rows.groupby("strategy")[name].mean()["focal_loss"]
        row = table.rows[STRATEGIES.index("focal_loss")]
        assert row.cells[table.columns.index(title)].text == f"{mean:.3f}".removeprefix("0")
    assert isinstance(classes, Details)
    assert not list(further_section(fabricate(failed=[(name, 0) for name in STRATEGIES])))


def test_a_strategy_that_corrects_probabilities_has_a_row_of_its_own() -> None:
    shared = {"threshold_moving": "no_change", "focal_loss": "no_change"}
    comparison = fabricate(shared=shared)
    corrected = replace(comparison.findings, calibrated=frozenset({"focal_loss"}))
    comparison = replace(comparison, findings=corrected)
    _, table, classes = further_section(comparison)
    assert isinstance(table, Table)
    texts = {row.cells[0].text: {c.text for c in row.cells[1:]} for row in table.rows}
    assert texts["threshold_moving"] == {"–"}
    assert texts["focal_loss"] != {"–"}
    assert "Those of focal_loss are corrected" in table.caption
    assert "threshold_moving uses the network of another row" in table.caption
    assert isinstance(classes, Details)
    (of_classes,) = classes.blocks
    assert isinstance(of_classes, Table)
    assert "focal_loss" in of_classes.columns
    assert "no_change (also threshold_moving)" in of_classes.columns


def test_numbers_of_probabilities_are_shown_once_a_network() -> None:
    _, table, _ = further_section(fabricate(shared={"threshold_moving": "no_change"}))
    assert isinstance(table, Table)
    row = table.rows[STRATEGIES.index("threshold_moving")]
    assert {cell.text for cell in row.cells[1:]} == {"–"}


@pytest.mark.parametrize(
    ("classes", "grades"),
    [
        (GRADES, True),
        (("grade 1", "grade 2", "grade 10"), True),
        (("grade 1", "grade 10", "grade 2"), False),
        (("mild", "none", "severe"), False),
        (("0", "0b", "1"), False),
        (("0", "1", "2"), True),
        (("class_00", "class_01", "class_02"), False),
        (("Class 1", "Class 2", "Class 3"), False),
    ],
)
def test_kappa_with_quadratic_weights_is_shown_for_grades(
    classes: tuple[str, ...], grades: bool
) -> None:
    comparison = fabricate(classes=classes)
    assert has_grades(comparison) == grades
    table = next(further_section(comparison))
    assert isinstance(table, Table)
    assert ("Quadratic kappa ↑" in table.columns) == grades
    assert ("takes the classes as grades, in the order" in table.caption) == grades
    assert comparison.seed_rows["quadratic_kappa"].notna().all()


def test_top_k_is_shown_for_more_classes_than_k() -> None:
    _, table, *_ = further_section(fabricate(classes=tuple("abcd")))
    assert isinstance(table, Table)
    assert "Top-3 accuracy ↑" in table.columns
    assert "Top-5 accuracy ↑" not in table.columns


def test_auroc_of_each_class_is_a_mean_over_seeds_and_missing_without_test_images() -> None:
    comparison = fabricate(seeds=(0, 1), test_images={"Blouse": 0})
    (table,) = one_against_rest_tables(comparison)
    assert table.columns[2:] == STRATEGIES
    rows = {row.cells[0].text: row.cells[2:] for row in table.rows}
    assert {cell.text for cell in rows["Blouse"]} == {"–"}
    mine = comparison.per_class.query("strategy == 'no_change' and `class` == 'Hat'")
    assert rows["Hat"][0].text == f"{mine['auroc'].mean():.3f}".removeprefix("0")
    assert rows["Hat"][0].note == f"{mine['average_precision'].mean():.3f}".removeprefix("0")


def test_records_of_an_earlier_version_have_no_auroc_by_class() -> None:
    comparison = fabricate()
    missing = comparison.per_class.assign(auroc=None, average_precision=None)
    assert not one_against_rest_tables(replace(comparison, per_class=missing))
