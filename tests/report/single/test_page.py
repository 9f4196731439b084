"""The page of a run: its sections, and what is marked on it."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from benchmark.report.render.blocks import Table
from benchmark.report.single.page import build_page, headline
from benchmark.report.single.recall import recall_tables
from tests.report.fabricate import STRATEGIES, fabricate

SECTIONS = [
    "Confidence intervals and tests",
    "Recall by class, against the baseline",
    "Why classes are ignored",
    "Implementation audit",
    "Post-hoc adjustment",
    "Results by seed",
    "Recall by class",
    "Confusion matrices",
    "Calibration and class priors",
    "Error against coverage",
    "Learning curves",
    "Training against test",
    "Further metrics",
    "Strategies",
    "Glossary",
    "Data",
    "Recipe, weights and machine",
    "Files",
]


def test_sections_have_the_headings_of_the_field() -> None:
    page = build_page(fabricate(strategies=STRATEGIES[:2], seeds=(0, 1)))
    assert [section.title for section in page.sections] == SECTIONS


def test_never_predicted_classes_and_the_best_of_a_column_are_marked() -> None:
    comparison = fabricate()
    (main,) = headline(comparison).lead
    assert isinstance(main, Table)
    best = comparison.summary["macro_f1"].idxmax()
    marked = [row.cells[0].text for row in main.rows if row.cells[1].mark == "best"]
    assert marked == [comparison.strategies[best]]
    ignored = {
        (row["class"], row["strategy"])
        for row in comparison.per_class.to_dict("records")
        if row["predicted"] == 0
    }
    never = {
        (row.cells[0].text, table.columns[column])
        for table in recall_tables(comparison)
        for row in table.rows
        for column, cell in enumerate(row.cells)
        if cell.mark == "never" and cell.text == "never"
    }
    assert ignored
    assert never == ignored


def test_numbers_may_be_missing() -> None:
    comparison = fabricate(strategies=STRATEGIES[:2], seeds=(0, 1))
    rows = comparison.seed_rows.astype({"few_recall": object})
    rows.loc[0, "few_recall"] = None
    curves = comparison.curves.assign(val_loss=float("nan"))
    per_class = comparison.per_class.assign(
        recall_low=pd.NA, recall=comparison.per_class["recall"].mask(comparison.per_class.index < 1)
    )
    build_page(replace(comparison, seed_rows=rows, curves=curves, per_class=per_class))


def test_the_subtitle_counts_strategies_seeds_and_classes() -> None:
    page = headline(fabricate())
    assert page.title == "clothes"
    assert page.subtitle.startswith("6 strategies · 1 seed · clothes: 17 classes with 8")
