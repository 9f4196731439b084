"""What training once more moves is said, marked, and never taken for a result."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.noise_floor import noise_floor
from benchmark.report import write_report
from benchmark.report.single.confidence import differences_table
from benchmark.report.single.metric_tables import main_table
from benchmark.report.single.noise_floor import MARK, mark_sentence, noise_floor_sentence
from benchmark.report.single.notices import highlights
from benchmark.report.single.page import headline
from benchmark.report.single.recall import class_changes_tables
from benchmark.report.single.seeds import ranges_table
from benchmark.result import Result
from tests.report.fabricate import fabricate, fabricate_run

AGAIN = "no_change again"


def null_with(comparison: Comparison, macro_f1: float) -> Comparison:
    """Return the comparison with another macro-F1 of the null row, in every seed."""
    null_row = comparison.null_row
    assert null_row is not None
    rows = null_row.seed_rows.copy()
    rows.loc[rows["strategy"] == AGAIN, "macro_f1"] = macro_f1
    return replace(comparison, null_row=replace(null_row, seed_rows=rows))


def row_of(table, name):
    return next(row for row in table.rows if row.cells[0].text == name)


def test_the_first_screen_says_what_training_once_more_moved() -> None:
    run = fabricate(null=True)
    floor = noise_floor(run)
    assert floor is not None
    moved = f"{floor.of_seed('macro_f1'):.3f}".removeprefix("0")
    text = noise_floor_sentence(run)
    assert text.startswith(f"Plain fine-tuning trained twice differs by {moved} in macro-F1: small")
    assert "smaller differences are noise, and larger ones may be." in text
    assert next(highlights(run)) == text
    assert noise_floor_sentence(fabricate()) == ""


def test_several_seeds_have_a_root_mean_square_and_a_mean() -> None:
    run = fabricate(seeds=(0, 1, 2), null=True)
    text = noise_floor_sentence(run)
    assert re.search(r"by \.\d{3} in macro-F1 \(root mean square over 3 seeds\), so means", text)
    assert re.search(r"so means over them may differ by \.\d{3}: smaller", text)
    assert "in the mean, or by the seeds' root mean square over √3, so" in mark_sentence(run)
    assert "differs from `no_change`, so perhaps chance." in mark_sentence(fabricate(null=True))


def test_strategies_that_differ_no_more_are_named_and_many_are_counted() -> None:
    run = fabricate(null=True)
    means = run.summary.set_index("strategy")["macro_f1"]
    others = means.drop("no_change")
    closest = abs(others - means["no_change"]).idxmin()
    just = null_with(run, others[closest])
    assert noise_floor_sentence(just).endswith(f"No larger: the difference of `{closest}`.")
    second = abs(others - means["no_change"]).nsmallest(2).index[-1]
    two = noise_floor_sentence(null_with(run, others[second]))
    assert re.search("No larger: the differences of `.*` and `.*`", two)
    assert noise_floor_sentence(null_with(run, 2.0)).endswith("No larger: 5 of 5 strategies.")
    assert "No larger" not in noise_floor_sentence(null_with(run, means["no_change"] + 1e-9))


def test_the_terminal_and_a_notebook_have_it_too(tmp_path) -> None:
    fabricate_run(null=True).write(tmp_path)
    result = Result.load(tmp_path, None)
    assert result.noise_floor is not None
    assert noise_floor_sentence(result.comparison) in main_table(result.comparison, True).caption
    for table in (result.summary, result.seeds, result.per_class, result.predictions):
        assert table["strategy"].iloc[-1] == AGAIN
    assert AGAIN not in result.recall
    assert AGAIN in repr(result)
    assert "null row" in result._repr_html_()


def test_another_baseline_is_said_not_to_have_been_trained_twice() -> None:
    run = replace(fabricate(null=True), baseline="focal_loss")
    assert "`focal_loss` was trained only once" in noise_floor_sentence(run)


def test_differences_no_larger_than_the_floor_are_marked() -> None:
    run = fabricate(null=True)
    means = run.summary.set_index("strategy")["macro_f1"]
    floor = noise_floor(run)
    assert floor is not None
    table = main_table(run)
    assert f"{MARK}: no larger than what `{AGAIN}` differs" in table.caption
    for name in run.strategies[1:]:
        within = abs(means[name] - means["no_change"]) <= floor.of_mean("macro_f1")
        assert row_of(table, name).cells[1].note.startswith(MARK) == within
    assert MARK not in "".join(cell.note for cell in row_of(table, AGAIN).cells)
    assert MARK not in main_table(fabricate()).caption


def test_the_null_row_is_the_best_of_no_column() -> None:
    run = null_with(fabricate(null=True), 0.999)
    table = main_table(run)
    row = row_of(table, AGAIN)
    assert (row.kind, row.cells[0].note, row.cells[1].text) == ("null", "null row", ".999")
    assert all(not cell.mark for cell in row.cells)
    best = [[cell.mark for cell in row_of(table, name).cells] for name in run.strategies]
    without = main_table(fabricate())
    assert best == [[cell.mark for cell in row_of(without, n).cells] for n in run.strategies]


@pytest.mark.parametrize("seeds", [(0,), tuple(range(8))])
def test_the_headline_is_the_same_with_a_null_row_and_never_names_it(
    seeds: tuple[int, ...],
) -> None:
    without, with_null = (headline(fabricate(seeds=seeds, null=n)) for n in (False, True))
    for name in ("title", "subtitle", "warnings"):
        assert getattr(with_null, name) == getattr(without, name)
    assert AGAIN not in with_null.verdict + with_null.follow_up
    assert all(AGAIN not in text for text in with_null.highlights)


def test_it_has_a_row_among_intervals_and_seeds_and_a_column_of_changes_without_a_colour() -> None:
    run = fabricate(seeds=(0, 1, 2), null=True)
    assert row_of(differences_table(run), AGAIN).kind == "null"
    assert row_of(ranges_table(run), AGAIN).kind == "null"
    table = class_changes_tables(run)[0]
    assert table.columns[2] == AGAIN
    assert not any(row.cells[2].mark for row in table.rows)


def test_one_strategy_alone_has_a_noise_floor(tmp_path) -> None:
    run = fabricate(strategies=("no_change",), null=True)
    assert noise_floor_sentence(run).startswith("Plain fine-tuning trained twice differs by")
    assert class_changes_tables(run) == []
    assert AGAIN in write_report(run, tmp_path)["markdown"].read_text()


def test_a_null_row_that_failed_is_a_row_with_its_error_and_no_floor() -> None:
    run = fabricate(null=True, failed=[(AGAIN, 0)])
    assert noise_floor_sentence(run) == ""
    assert row_of(main_table(run), AGAIN).kind == "failed"
    assert any(f"Failed: `{AGAIN}`." in text for text in headline(run).warnings)
