"""The page of a sweep: its tables, what it warns of, hostile names, the same bytes each time."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from benchmark.analysis.sweep import compare_sweep, load_sweep
from benchmark.report import notebook_html, write_sweep_report
from benchmark.report.multi.tables import comparable_settings
from benchmark.report.sweep.page import all_figures, build_page, headline
from benchmark.report.sweep.tables import agreement_table, difference_table, rank_tables
from tests.report.multi.runs import MISSING, cells, run
from tests.report.reader import HOSTILE, Reader
from tests.report.sweep.sweeps import two_recipes

A = {"c": 0.5, "a": 0.6, "b": 0.55}
B = {"c": 0.5, "a": 0.45, "b": 0.55}


def sweep(*scores, names=("forum", "strong"), folder=Path("x"), **how):
    runs = [run(name, own, **how) for name, own in zip(names, scores, strict=True)]
    return compare_sweep(folder, ("recipe",), [(name,) for name in names], runs)


def test_scores_differences_and_ranks_stand_side_by_side():
    (table,) = rank_tables(sweep(A, B))
    assert table.columns == (
        *("Strategy", "Macro-F1, forum ↑", "Rank ↓", "Macro-F1, strong ↑", "Rank ↓"),
        "Rank changes by",
    )
    rows = cells(table)
    assert rows["a"] == [(".600", "+.100"), ("1", ""), (".450", "−.050"), ("3", ""), ("2", "")]
    assert rows["c"] == [(".500", ""), ("3", ""), (".500", ""), ("2", ""), ("1", "")]
    (plain,) = rank_tables(sweep(A, B), plain=True)
    assert cells(plain)["a"][0] == (".600", "")


def test_what_failed_under_a_value_has_no_rank():
    comparison = sweep(A, {**B, "a": MISSING})
    (table,) = rank_tables(comparison)
    assert cells(table)["a"][2:] == [("failed", ""), ("–", ""), ("–", "")]
    assert "Failed under `strong`, so not ranked: `a`." in headline(comparison).warnings


def test_the_null_row_is_a_row_without_rank(tmp_path):
    comparison = two_recipes(tmp_path, null=True)
    (table,) = rank_tables(comparison)
    last = table.rows[-1]
    assert (last.cells[0].text, last.kind) == (comparison.runs[0].null, "null")
    assert [cell.text for cell in last.cells[2::2]] == ["–", "–"]
    assert "no rank" in table.caption


def test_every_value_has_its_interval_and_p(tmp_path):
    comparison = two_recipes(tmp_path)
    table = difference_table(comparison)
    assert table.columns == ("Strategy", "forum", "p", "strong", "p")
    paired = comparison.runs[1].paired.query("metric == 'macro_f1'").set_index("strategy")
    text, note = cells(table)["focal_loss"][2]
    assert text == f"+{paired.loc['focal_loss', 'difference']:.3f}".replace("+0", "+")
    assert " to " in note


def test_the_agreement_has_a_row_for_every_two_values():
    table = agreement_table(sweep(A, B, A, names=("x", "y", "z")).axes[0])
    assert [row.cells[0].text for row in table.rows] == ["x and y", "x and z", "y and z"]
    assert [row.cells[1].text for row in table.rows] == ["2 of 3", "0 of 3", "2 of 3"]


def test_many_values_are_split_into_tables_that_fit():
    names = tuple(f"r{k}" for k in range(9))
    tables = rank_tables(sweep(*[A] * 9, names=names))
    assert [len(table.columns) for table in tables] == [8, 8, 8]


def test_runs_and_their_reports_are_named(tmp_path):
    page = build_page(two_recipes(tmp_path))
    (runs,) = [section for section in page.sections if section.id == "runs"]
    assert "`forum/report.html`, `strong/report.html`" in runs.blocks[0].text
    columns = runs.blocks[1].columns
    assert len(set(columns)) == len(columns)
    assert (columns[0], columns[-1]) == ("Recipe", "Recipe, in full")
    assert runs.blocks[1].rows[0].cells[-1].text.startswith("forum (2 epochs of the head at ")


def test_strategies_that_are_equal_are_not_ranked_alike():
    equal = {**A, "a": 0.55}
    text = headline(sweep(A, equal)).verdict
    assert "change their order, but 1 of 3 pairs is equal under one of them or more." in text
    assert "alike" not in text
    text = headline(sweep(equal, equal)).verdict
    assert "change their order, but 1 of 3 pairs is equal under both recipes." in text


def test_one_epoch_is_singular():
    manifest = run("forum", A).manifest
    phases = ({"epochs": 1.0, "train_from": "head", "lr": 0.1},)
    recipe = replace(manifest.experiment.recipe, phases=phases)
    experiment = replace(manifest.experiment, recipe=recipe)
    once = replace(run("forum", A), manifest=replace(manifest, experiment=experiment))
    assert "(1 epoch of the head at 0.1)" in comparable_settings(once)["recipe"]


def test_different_baselines_and_seeds_are_told():
    comparison = sweep(A, B)
    runs = (comparison.runs[0], replace(comparison.runs[1], baseline="a"))
    assert any(
        "different baselines: c, a" in w for w in headline(replace(comparison, runs=runs)).warnings
    )
    runs = (comparison.runs[0], run("strong", B, seeds=(0, 1)))
    warnings = headline(replace(comparison, runs=runs)).warnings
    assert "Not all recipes have the same seeds: run the command again." in warnings


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    names = ["baseline", *HOSTILE]
    scores = [{n: 0.5 + (s * (k + 3) % 7) / 20 for s, n in enumerate(names)} for k in range(3)]
    folder = tmp_path_factory.mktemp("sweep")
    comparison = sweep(*scores, names=HOSTILE[:3], folder=folder, classes=HOSTILE, seeds=(0, 1))
    return comparison, write_sweep_report(comparison)


def test_names_from_outside_stay_text(hostile):
    _, written = hostile
    page = Reader(written["html"].read_text(encoding="utf-8"))
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    markdown = written["markdown"].read_text(encoding="utf-8")
    assert "<script" not in MarkdownIt("commonmark").enable("table").render(markdown)
    for name in ("scores.csv", "paired.csv", "agreement.csv", "runs.csv"):
        text = written[name].read_text(encoding="utf-8")
        assert not re.search(r'(^|,)"?=', text, flags=re.MULTILINE), name


def test_the_same_sweep_gives_the_same_bytes(hostile):
    comparison, written = hostile
    before = {name: path.read_bytes() for name, path in written.items()}
    again = write_sweep_report(comparison)
    assert {name: path.read_bytes() for name, path in again.items()} == before


def test_a_notebook_shows_the_ranks(hostile):
    assert "Rank changes by" in notebook_html(hostile[0])


def test_a_figure_without_content_is_left_out():
    multiples = {"macro-f1", "never-predicted", "gap"}
    assert set(all_figures(sweep(A, B))) == {"ranks", "differences"} | multiples
    assert set(all_figures(sweep({"c": 0.5}, {"c": 0.4}))) == multiples


def test_what_is_damaged_in_a_run_is_told(tmp_path):
    two_recipes(tmp_path)
    (file,) = (tmp_path / "strong" / "records").glob("focal_loss-*.json")
    file.write_text("{}")
    comparison = load_sweep(tmp_path)
    (sentence,) = comparison.runs[1].lacks
    assert f"--out {tmp_path / 'strong'}: it is made again" in sentence
    assert f"Under `strong`: {sentence}" in headline(comparison).warnings
