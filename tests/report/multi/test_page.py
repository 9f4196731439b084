"""The page of several runs: its tables and figures, hostile names, the same bytes each time."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

import benchmark
from benchmark.analysis.multi_dataset import MultiDatasetComparison, merge
from benchmark.evaluation.metrics.registry import main_metrics
from benchmark.report import write_multi_dataset_report
from benchmark.report.multi.page import build_page, headline
from benchmark.report.render.blocks import Heading, Table
from benchmark.report.render.formats import format_share
from benchmark.report.render.html import inline_drawing
from tests.report.fabricate import fabricate
from tests.report.multi.runs import MISSING, cells, run, several
from tests.report.reader import HOSTILE, Reader


def test_what_failed_is_shown_and_has_no_difference() -> None:
    numbers = {"c": 0.5, "a": 0.6, "b": 0.7}
    comparison = merge(
        [
            run("x", numbers),
            run("y", {**numbers, "a": MISSING}),
            run("z", numbers, seeds=(0, 1), partly=("b",)),
            run("u", {**numbers, "c": MISSING}),
        ]
    )
    table, _ = headline(comparison).lead
    assert isinstance(table, Table)
    rows = cells(table)
    assert rows["a"][:4] == [(".600", "+.100"), ("failed", ""), (".600", "+.100"), (".600", "")]
    assert [note for _, note in rows["b"][:4]] == ["+.200", "+.200", "1 of 2 seeds", ""]
    assert rows["a"][4:] == [("2 of 2", ""), ("2.00", "")]


def test_a_strategy_of_some_runs_only_is_shown_without_a_rank() -> None:
    comparison = merge([run("x", {"c": 0.5, "a": 0.6, "new": 0.9}), run("y", {"c": 0.5, "a": 0.6})])
    table, _ = headline(comparison).lead
    assert isinstance(table, Table)
    assert cells(table)["new"] == [(".900", "+.400"), ("not run", ""), ("1 of 1", ""), ("–", "")]
    assert "best" in [row.cells[1].mark for row in table.rows if row.cells[0].text == "new"]
    assert "`new`" not in headline(comparison).verdict


def test_different_baselines_are_marked_in_the_table() -> None:
    x, y = run("x", {"c": 0.5, "a": 0.6}), run("y", {"c": 0.5, "a": 0.6})
    comparison = merge([x, replace(y, baseline="a")])
    table, _ = headline(comparison).lead
    assert isinstance(table, Table)
    assert cells(table)["a"] == [(".600", "+.100"), (".600", "baseline"), ("1.00", "")]
    assert cells(table)["c"] == [(".500", "baseline"), (".500", "−.100"), ("2.00", "")]
    without = merge([replace(x, baseline=None), replace(y, baseline=None)])
    assert not {"differences"} & {figure.name for figure in build_page(without).figures()}


def test_every_main_metric_has_a_table() -> None:
    x, y = run("x", {"c": 0.5, "a": 0.6}), run("y", {"c": 0.5, "a": 0.6})
    page = build_page(merge([x, y]))
    (section,) = [section for section in page.sections if section.id == "further"]
    headings = [block.text for block in section.blocks if isinstance(block, Heading)]
    lead = [table.caption for table in page.lead if isinstance(table, Table)]
    assert [caption.split(",")[0] for caption in lead] == ["Macro-F1", "Never predicted"]
    assert headings == [m.title for m in main_metrics()][2:]
    accuracy = section.blocks[headings.index("Accuracy") * 2 + 1]
    assert isinstance(accuracy, Table)
    means = x.summary.set_index("strategy")["accuracy"]
    assert cells(accuracy)["a"][0][0] == format_share(means["a"])


def titles(lead: tuple[Any, ...]) -> list[str]:
    return [title for table in lead for title in table.columns[1:]]


def test_many_data_sets_are_split_into_tables_that_fit() -> None:
    tables = headline(several(14)).lead
    assert [len(table.columns) for table in tables] == [7, 8, 8, 6, 7, 7]
    assert titles(tables)[:4] == [f"d{k}" for k in range(4)]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    names = ["baseline", *HOSTILE]
    runs = [
        run(
            f"{HOSTILE[k]}{k}",
            {name: 0.5 + (s * (k + 3) % 7) / 20 for s, name in enumerate(names)},
            classes=HOSTILE,
            seeds=(0, 1),
        )
        for k in range(len(HOSTILE))
    ]
    return write_multi_dataset_report(merge(runs), tmp_path_factory.mktemp("comparison"))


def test_names_from_outside_stay_text(hostile: dict[str, Path]) -> None:
    page = Reader(hostile["html"].read_text(encoding="utf-8"))
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert "<script>alert(1)</script>" in page.text
    markdown = hostile["markdown"].read_text(encoding="utf-8")
    rendered = MarkdownIt("commonmark").enable("table").render(markdown)
    assert "<script" not in rendered
    assert rendered.count("<img ") == markdown.count("](figures/") == 2
    for path in hostile.values():
        assert "\x00" not in path.read_text(encoding="utf-8") or path.suffix == ".csv"
    widths: list[int] = []
    for line in markdown.splitlines():
        widths = [*widths, len(re.findall(r"(?<!\\)\|", line))] if line.startswith("|") else []
        assert len(set(widths)) < 2, line
    for name in ("scores.csv", "leaderboard.csv", "pairs.csv", "runs.csv"):
        text = hostile[name].read_text(encoding="utf-8")
        assert not re.search(r'(^|,)"?=', text, flags=re.MULTILINE), name
    assert "'=HYPERLINK" in hostile["scores.csv"].read_text(encoding="utf-8")


def test_links_lead_somewhere(hostile: dict[str, Path]) -> None:
    folder = hostile["html"].parent
    page = Reader(hostile["html"].read_text(encoding="utf-8"))
    ids = {f"#{a['id']}" for _, a in page.tags if "id" in a}
    for link in (a["href"] or "" for tag, a in page.tags if tag == "a"):
        assert link in ids or (folder / link).exists(), link
    for link in re.findall(r"\]\(([^)#]+)\)", hostile["markdown"].read_text(encoding="utf-8")):
        assert (folder / link).exists(), link


def test_the_same_runs_give_the_same_bytes(tmp_path: Path) -> None:
    first = write_multi_dataset_report(several(6), tmp_path / "first")
    again = write_multi_dataset_report(several(6), tmp_path / "again")
    assert first.keys() == again.keys()
    for kind, path in first.items():
        assert path.read_bytes() == again[kind].read_bytes(), kind


def test_ranks_are_drawn_from_five_data_sets_on(tmp_path: Path) -> None:
    assert "figures/ranks.svg" in write_multi_dataset_report(several(5), tmp_path)
    assert "figures/ranks.svg" not in write_multi_dataset_report(several(4), tmp_path)
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["differences.svg"]


def test_drawings_take_the_page_colours_and_say_what_is_missing() -> None:
    numbers = {"c": 0.5, "a": 0.6, "b": 0.4}
    runs = [run(f"d{k}", numbers) for k in range(5)]
    runs.append(run("d5", {"c": 0.5, "a": 0.4, "$new$": 0.2, "b": MISSING}))
    figures = {figure.name: figure.svg for figure in build_page(merge(runs)).figures()}
    assert sorted(figures) == ["differences", "ranks"]
    for svg in figures.values():
        inline = str(inline_drawing(svg, "name"))
        assert not re.findall(r"#[0-9a-f]{6}\b", inline)
        assert "<metadata" not in svg
    texts = re.findall(r">([^<>\n]+)</text>", figures["differences"])
    assert texts.count("failed") == 1
    assert texts.count("not run") == 5
    assert "$new$" in texts


def test_bars_of_the_rank_axis_join_strategies_that_do_not_differ() -> None:
    def bars(comparison: MultiDatasetComparison) -> int:
        (svg,) = (f.svg for f in build_page(comparison).figures() if f.name == "ranks")
        return len(re.findall(r"stroke-width: 3\.2", svg))

    assert bars(several(9)) == 1  # nothing can differ
    assert bars(several(10)) == 0  # all pairs differ


def test_a_notebook_gets_verdict_and_table() -> None:
    result = benchmark.MultiDatasetResult(several(3), {"html": Path("report.html")})
    fragment = result._repr_html_()
    assert "a higher macro-F1 than the baseline" in Reader(fragment).text
    assert "d2" in fragment
    assert "too few for a test" in repr(result)
    runs = [fabricate(Path("a"), quick=True), fabricate(Path("b"))]
    quick = benchmark.MultiDatasetResult(merge(runs), result.reports)
    assert (
        "\nwarning: These runs are quick looks and no evidence: `clothes (a)`.\n" in quick.table()
    )
    assert list(result.figures) == ["differences"]
    assert result.pairs.shape == (15, 8)
