"""The largest gain and loss in a sentence, and every difference in tables that stay small."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.per_class import CHANGES
from benchmark.report.single.csv_files import frames_of
from benchmark.report.single.recall import (
    MOST_CLASSES,
    class_changes_tables,
    largest_changes_sentence,
)
from tests.report.fabricate import CLASSES, STRATEGIES, fabricate


def with_changes(comparison: Comparison, *rows: tuple[object, ...]) -> Comparison:
    """Rows of strategy, class, difference, low, high, significant_bonferroni."""
    filled = [
        (strategy, "no_change", name, difference, low, high, 12, 1, beyond)
        for strategy, name, difference, low, high, beyond in rows
    ]
    comparison.__dict__["class_changes"] = pd.DataFrame(filled, columns=CHANGES)
    return comparison


def test_the_largest_gain_and_loss_are_a_sentence_each() -> None:
    comparison = with_changes(
        fabricate(),
        ("focal_loss", "Blazer", 0.6, 0.22, 0.81, True),
        ("class_weights", "Body", 1.0, -0.2, 1.0, False),
        ("class_weights", "T-shirt", -0.37, -0.453, -0.268, False),
    )
    assert largest_changes_sentence(comparison) == (
        "Largest gain: `focal_loss` has higher recall of “Blazer”, by .60 (95 %: +.22 to +.81 for "
        "these networks). Largest loss: `class_weights` has lower recall of “T-shirt”, by .37 (95 "
        "%: −.45 to −.27 for these networks, but it is one of 3 intervals)."
    )


def test_over_seeds_a_gain_that_is_told_apart_is_the_strategys() -> None:
    comparison = with_changes(fabricate(), ("focal_loss", "Blazer", 0.6, 0.22, 0.81, True))
    comparison.__dict__["class_changes"]["seeds"] = 8
    assert largest_changes_sentence(comparison).startswith(
        "Largest gain: `focal_loss` raises the recall of “Blazer” by .60 (95 %: +.22 to +.81). No"
    )


def test_where_nothing_is_lost_it_says_so() -> None:
    comparison = with_changes(fabricate(), ("focal_loss", "Hat", 0.5, -0.1, 0.8, False))
    assert largest_changes_sentence(comparison) == (
        "Largest gain: `focal_loss` has higher recall of “Hat”, by .50 (95 %: −.10 to +.80 for "
        "these networks, which includes 0). No class has lower recall than with `no_change`."
    )


def test_a_backtick_in_a_class_starts_no_code() -> None:
    comparison = with_changes(
        fabricate(classes=("a `b` c", "d")), ("focal_loss", "a `b` c", 0.5, -0.1, 0.8, False)
    )
    assert "of “a 'b' c”, by" in largest_changes_sentence(comparison)


def test_without_a_baseline_nothing_is_compared() -> None:
    comparison = fabricate(baseline=None)
    assert largest_changes_sentence(comparison) == ""
    assert class_changes_tables(comparison) == []
    failed = fabricate(failed=(("no_change", 0),))
    assert largest_changes_sentence(failed) == ""
    assert class_changes_tables(failed) == []


def test_every_class_and_strategy_has_its_change_and_marks_what_is_told_apart() -> None:
    comparison = fabricate(images=20_000)
    (table,) = class_changes_tables(comparison)
    assert table.columns == ("Class", "Test images", *STRATEGIES[1:])
    assert [row.cells[0].text for row in table.rows] == list(CLASSES)
    changes = comparison.class_changes.set_index(["strategy", "class"])
    for row in table.rows:
        for strategy, cell in zip(STRATEGIES[1:], row.cells[2:], strict=True):
            change = changes.loc[(strategy, row.cells[0].text)]
            claim = comparison.class_claims[strategy, row.cells[0].text]
            assert cell.mark == {1: "gain", -1: "loss", 0: ""}[claim.direction]
            written = cell.text.translate(str.maketrans("−±", "- ")).replace("+", "")
            assert float(written) == pytest.approx(change["difference"], abs=0.0051)
    assert {cell.mark for row in table.rows for cell in row.cells} == {"", "gain", "loss"}
    simulated = "about 3 % of rows where nothing changes, as simulated: in 2.5 of these 85."
    assert simulated in table.caption


def test_many_strategies_are_laid_out_in_equal_tables() -> None:
    strategies = ("no_change", *(f"s{k}" for k in range(13)))
    tables = class_changes_tables(fabricate(strategies=strategies))
    assert [len(table.columns) - 2 for table in tables] == [4, 4, 5]


def test_of_many_classes_only_clear_changes_are_listed() -> None:
    names = tuple(f"class {c}" for c in range(200))
    comparison = fabricate(classes=names, images=40_000)
    (table,) = class_changes_tables(comparison)
    assert len(table.rows) == MOST_CLASSES
    assert (
        "Of 200 classes, the table lists the 30 clearest whose interval excludes 0, among them up "
        "to 15 that fall; it leaves out 170: see class_changes.csv." in table.caption
    )
    assert table.csv == "class_changes.csv"
    listed = [row.cells[0].text for row in table.rows]
    assert listed == [name for name in comparison.classes if name in set(listed)]
    changes = comparison.class_changes
    distance = np.maximum(changes["low"], -changes["high"]).groupby(changes["class"]).max()
    assert set(listed) == set(distance.nlargest(MOST_CLASSES).index)


def test_classes_without_a_clear_change_are_left_out() -> None:
    names = tuple(f"class {c}" for c in range(40))
    rows = [("focal_loss", name, 0.1, -0.2, 0.4, False) for name in names]
    rows[3] = ("focal_loss", "class 3", 0.3, 0.1, 0.5, False)
    (table,) = class_changes_tables(with_changes(fabricate(classes=names), *rows))
    assert [row.cells[0].text for row in table.rows] == ["class 3"]
    assert (
        "Of 40 classes, the table lists the only one whose interval excludes 0; it leaves out 39"
        in table.caption
    )


def test_the_csv_holds_every_change(tmp_path) -> None:
    comparison = fabricate()
    table = frames_of(comparison)["class_changes.csv"]
    assert list(table) == CHANGES
    assert len(table) == 85
    np.testing.assert_allclose(table["low"], comparison.class_changes["low"], rtol=1e-9)
