"""Several runs side by side: numbers by hand, words that fit them, files that stay the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fabricate import fabricate
from markdown_it import MarkdownIt
from test_write_report import HOSTILE, Reader

import benchmark
from benchmark.analysis.comparison import Comparison
from benchmark.analysis.multi_dataset import (
    SCORES,
    STRATEGIES,
    MultiDatasetComparison,
    default_folder,
    load_multi_dataset,
    merge,
)
from benchmark.cli import main
from benchmark.report import write_multi_dataset_report
from benchmark.report.multi.page import build_page, headline
from benchmark.report.multi.settings import warnings
from benchmark.report.multi.verdict import follow_up, verdict
from benchmark.report.render.blocks import Table
from benchmark.report.render.formats import format_share
from benchmark.report.render.html import _drawing as into_page

MISSING = float("nan")


@cache
def fabricated(
    strategies: tuple[str, ...], seeds: tuple[int, ...], classes: tuple[str, ...]
) -> Any:
    return fabricate(Path("x"), classes, strategies, seeds, baseline=strategies[0], images=18_000)


def run(
    name: str,
    macro_f1: dict[str, float],
    folder: str = "",
    never: dict[str, float] | None = None,
    seeds: tuple[int, ...] = (0,),
    classes: tuple[str, ...] = ("a", "b", "c"),
    partly: tuple[str, ...] = (),
    **said: Any,
) -> Comparison:
    """Return a run with these numbers, the same for each seed; NaN is a failure."""
    whole = fabricated(tuple(macro_f1), seeds, classes)
    numbers = {"macro_f1": macro_f1, "never_predicted": never or dict.fromkeys(macro_f1, 0.0)}

    def numbered(table: pd.DataFrame) -> pd.DataFrame:
        columns = {metric: table["strategy"].map(of) for metric, of in numbers.items()}
        return table.assign(**columns)

    status = [
        "partly failed" if one in partly else "failed" if np.isnan(value) else "ok"
        for one, value in macro_f1.items()
    ]
    failed = [(one, 0, "Error: e", "") for one, value in macro_f1.items() if np.isnan(value)]
    failed += [(one, seeds[0], "Error: e", "") for one in partly]
    data = {"name": name, "spec": name, "counts": {"train": [ord(letter) for letter in name]}}
    return replace(
        whole,
        folder=Path(folder or f"results/{name}-forum"),
        manifest={**whole.manifest, "data": {**whole.manifest["data"], **data}, **said},
        summary=numbered(whole.summary).assign(status=status),
        seed_rows=numbered(whole.seed_rows),
        failures=pd.DataFrame(failed, columns=whole.failures.columns),
    )


@cache
def several(number: int, strategies: int = 6) -> MultiDatasetComparison:
    """Every strategy beats the next one on every data set, by more on each."""
    names = ["baseline", *(f"s{k}" for k in range(1, strategies))]
    return merge(
        [
            run(f"d{d}", {n: 0.5 + (k - strategies) * 0.001 * (d + 1) for k, n in enumerate(names)})
            for d in range(number)
        ]
    )


def cells(table: Table) -> dict[str, list[tuple[str, str]]]:
    return {row.cells[0].text: [(c.text, c.note) for c in row.cells[1:]] for row in table.rows}


def test_changes_ranks_and_counts_by_hand() -> None:
    one = run("x", {"c": 0.5, "a": 0.6, "b": 0.5}, never={"c": 2, "a": 0, "b": 0})
    two = run("y", {"c": 0.4, "a": 0.3, "b": 0.45}, never={"c": 1, "a": 1, "b": 0})
    across = merge([one, two])
    assert across.baseline == "c"
    scores = across.scores.set_index(["dataset", "strategy"])
    assert list(across.scores) == SCORES
    assert scores["change"].tolist() == pytest.approx([0, 0.1, 0, 0, -0.1, 0.05])
    assert scores["rank"].tolist() == [2.5, 1, 2.5, 2, 3, 1]
    assert scores["never_predicted_change"].tolist() == [0, -2, -2, 0, 0, -1]
    assert scores["never_predicted_rank"].tolist() == [3, 1.5, 1.5, 2.5, 2.5, 1]
    leaderboard = across.leaderboard.set_index("strategy")
    assert list(across.leaderboard) == STRATEGIES
    assert leaderboard["higher"].to_dict() == {"c": 0, "a": 1, "b": 1}
    assert leaderboard["lower"].to_dict() == {"c": 0, "a": 1, "b": 0}
    assert leaderboard["mean_rank"].to_dict() == {"c": 2.25, "a": 2, "b": 1.75}
    assert leaderboard["never_predicted_mean_rank"].to_dict() == {"c": 2.75, "a": 2, "b": 1.25}


def test_what_failed_is_shown_and_not_compared() -> None:
    numbers = {"c": 0.5, "a": 0.6, "b": 0.7}
    across = merge(
        [
            run("x", numbers),
            run("y", {**numbers, "a": MISSING}),
            run("z", numbers, seeds=(0, 1), partly=("b",)),
            run("u", {**numbers, "c": MISSING}),
        ]
    )
    main_table, _ = headline(across).lead
    assert isinstance(main_table, Table)
    shown = cells(main_table)
    assert shown["a"][:4] == [(".600", "+.100"), ("failed", ""), (".600", "+.100"), (".600", "")]
    assert [note for _, note in shown["b"][:4]] == ["+.200", "+.200", "1 of 2 seeds", ""]
    assert shown["a"][4:] == [("2 of 2", ""), ("2.00", "")]
    ranked = across.scores.pivot(index="dataset", columns="strategy", values="rank")
    np.testing.assert_array_equal(ranked.loc["y"], [MISSING, 1, 2])  # a, b, c
    np.testing.assert_array_equal(ranked.loc["z"], [1, MISSING, 2])
    leaderboard = across.leaderboard.set_index("strategy")
    assert leaderboard["ranked"].tolist() == [1, 1, 1]  # only x ranks all
    assert [pair.datasets for pair in across.pair_tests] == [2, 2, 2]  # c-a, c-b, a-b
    said = list(warnings(across))
    assert "`a` failed on `y`: there it is not compared." in said
    assert "`b` failed for some seeds on `z`: there it is not compared." in said
    assert "macro-F1 is higher than under `c` on 2 of 2 under `a` and `b`" in verdict(across)


def test_a_strategy_of_some_runs_only_is_shown_but_neither_ranked_nor_tested() -> None:
    across = merge([run("x", {"c": 0.5, "a": 0.6, "new": 0.9}), run("y", {"c": 0.5, "a": 0.6})])
    assert across.common_strategies == ("c", "a")
    table, _ = headline(across).lead
    assert isinstance(table, Table)
    assert cells(table)["new"] == [(".900", "+.400"), ("not run", ""), ("1 of 1", ""), ("–", "")]
    assert "best" in [row.cells[1].mark for row in table.rows if row.cells[0].text == "new"]
    assert across.scores.set_index("strategy")["rank"]["a"].tolist() == [1, 1]
    assert len(across.pairs) == 1
    assert "`new`" not in verdict(across)
    assert "`new` was not run on `y`: it is shown, but neither ranked nor tested." in list(
        warnings(across)
    )


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (
            [[0.5, 0.6, 0.7], [0.5, 0.6, 0.4]],
            "On 2 data sets, macro-F1 is higher than under `c` on both under `a` and on 1 under "
            "`b`.",
        ),
        (
            [[0.5, 0.4, 0.7], [0.5, 0.5, 0.6], [0.5, 0.4, 0.6]],
            "On 3 data sets, macro-F1 is higher than under `c` on all 3 under `b` and on none "
            "under `a`.",
        ),
        (
            [[0.5, 0.6, 0.7], [0.5, MISSING, 0.6]],
            "On 2 data sets, macro-F1 is higher than under `c` on 2 of 2 under `b` and on 1 of 1 "
            "under `a`.",
        ),
        (
            [[0.5, MISSING, MISSING], [MISSING, 0.6, 0.6]],
            "On 2 data sets, nothing finished beside the baseline `c`.",
        ),
        (
            [[MISSING] * 3] * 2,
            "On 2 data sets, no strategy that every run asked for finished, so nothing can be "
            "ranked.",
        ),
    ],
)
def test_the_verdict_counts_data_sets(columns: list[list[float]], says: str) -> None:
    runs = [run(f"d{k}", dict(zip("cab", one, strict=True))) for k, one in enumerate(columns)]
    assert verdict(merge(runs)) == says


def test_few_data_sets_settle_nothing_and_enough_may() -> None:
    """Planted: six strategies, each above the one before it on every data set."""
    assert follow_up(several(2)) == (
        "2 data sets settle nothing: with 15 pairs of strategies to test, no difference can be "
        "significant below 10 data sets."
    )
    assert follow_up(several(9)).startswith("9 data sets settle nothing")
    assert not any(pair.differ for pair in several(9).pair_tests)
    enough = several(10)
    assert follow_up(enough) == (
        "15 of 15 pairs differ significantly (Wilcoxon's signed ranks over data sets, Holm for "
        "15 pairs): see below."
    )
    assert follow_up(several(6, strategies=2)) == (
        "Macro-F1 is significantly higher under `s1` than under `baseline`: Wilcoxon's signed ranks "
        "over data sets, Holm for 1 pair."
    )
    rng = np.random.default_rng(0)
    noise = [run(f"d{d}", dict(zip("ca", rng.random(2), strict=True))) for d in range(8)]
    assert follow_up(merge(noise)).startswith("No two strategies differ significantly")


def test_different_controls_count_nothing_until_one_is_chosen() -> None:
    one, two = run("x", {"c": 0.5, "a": 0.6}), run("y", {"c": 0.5, "a": 0.6})
    across = merge([one, replace(two, baseline="a")])
    assert verdict(across) == (
        "On 2 data sets, which have different baselines, mean ranks by macro-F1 go from 1.0 under "
        "`a` to 2.0 under `c`."
    )
    said = list(warnings(across))
    assert said == [
        "The runs have different baselines: `c` on `x`; `a` on `y`. Changes are against each run's "
        "own; `--baseline NAME` takes one for all."
    ]
    table, _ = headline(across).lead
    assert isinstance(table, Table)
    assert cells(table)["a"] == [(".600", "+.100"), (".600", "baseline"), ("1.00", "")]
    assert cells(table)["c"] == [(".500", "baseline"), (".500", "−.100"), ("2.00", "")]
    without = merge([replace(one, baseline=None), replace(two, baseline=None)])
    assert "without a baseline" in verdict(without)
    assert not list(warnings(without))
    assert not {"changes"} & {figure.name for figure in build_page(without).figures()}


def test_settings_that_differ_are_listed_by_name() -> None:
    base = run("x", {"c": 0.5, "a": 0.6})
    experiment, weights = base.manifest["experiment"], base.manifest["weights"]
    numbers = {"c": 0.4, "a": 0.5}
    strong = {**experiment["recipe"], "name": "strong"}
    for changed, says in (
        ({"experiment": {**experiment, "recipe": strong}}, "differ in recipe: forum (2 epochs"),
        ({"experiment": {**experiment, "image_size": 299}}, "image size: 160 px on `x`; 299 px on"),
        ({"experiment": {**experiment, "fine_tune": "full"}}, "fine-tune depth: half on `x`; full"),
        ({"experiment": {**experiment, "precision": "fp32"}}, "precision: bf16 on `x`; fp32 on"),
        (
            {"weights": {**weights, "name": "imagenet"}},
            "weights: bundled 9f9f9f9f on `x`; imagenet",
        ),
        (
            {"weights": {**weights, "sha256": "0a" * 32}},
            "bundled 9f9f9f9f on `x`; bundled 0a0a0a0a",
        ),
        ({"quick": True}, "Quick looks, which are no evidence: `y`."),
    ):
        (said,) = warnings(merge([base, run("y", numbers, **changed)]))
        assert says in said
    (said,) = warnings(merge([base, run("y", numbers, seeds=(0, 1))]))
    assert said == "The runs differ in seeds: 0 on `x`; 0, 1 on `y`."
    assert not list(warnings(merge([base, run("y", numbers)])))


def test_what_each_report_warns_of_is_said_here_too() -> None:
    numbers = {"c": 0.5, "a": 0.6}
    good, bad = run("x", numbers), run("y", numbers)
    checks = bad.findings.checks
    checks = checks.assign(seen=checks["seen"] & (checks["strategy"] != "a"))
    bad = replace(bad, findings=replace(bad.findings, checks=checks))
    few = run("z", numbers)
    few = replace(few, predictions=few.predictions.groupby("label").head(29))
    said = list(warnings(merge([good, bad, few])))
    assert said == [
        "On `y` `a` failed its audit: see that run's report for what was not seen.",
        "Classes with fewer than 30 test images are on `z`: a run's own report says which, and how "
        "unsure that makes its numbers.",
    ]


def test_the_cost_stands_beside_the_gain() -> None:
    one, two = run("x", {"c": 0.5, "a": 0.6}), run("y", {"c": 0.5, "a": 0.6})
    across = merge([one, two])
    macro_f1, never = headline(across).lead
    assert (macro_f1.caption[:9], never.caption[:23]) == ("Macro-F1,", "Classes never predicted")
    (section,) = [part for part in build_page(across).sections if part.id == "accuracy"]
    (table,) = section.blocks
    of = {row.cells[0].text: [cell.text for cell in row.cells[1:3]] for row in table.rows}
    means = one.summary.set_index("strategy")["accuracy"]
    assert of["a"][0] == format_share(means["a"])
    assert across.leaderboard.set_index("strategy")["accuracy_mean_rank"].sum() == 3


def test_the_same_images_twice_are_warned_of() -> None:
    numbers = {"c": 0.5, "a": 0.6}
    one, two = run("x", numbers, "runs/forum"), run("x", numbers, "runs/strong")
    across = merge([one, two])
    assert across.datasets == ("x (forum)", "x (strong)")
    assert list(warnings(across)) == [
        "`x (forum)` and `x (strong)` seem to be the same images: they count as two data sets "
        "here, but don't speak independently."
    ]
    tailed = {
        **two.manifest["data"],
        "counts": {"train": [9, 3, 1]},
    }  # the same, cut to a long tail
    assert (
        len(list(warnings(merge([one, replace(two, manifest={**two.manifest, "data": tailed})]))))
        == 1
    )
    copied = {**two.manifest["data"], "spec": "elsewhere/x"}
    assert (
        len(list(warnings(merge([one, replace(two, manifest={**two.manifest, "data": copied})]))))
        == 1
    )
    # a set of the same name and size that was made otherwise
    data = {**two.manifest["data"], "spec": "x:ratio=10", "counts": {"train": [1, 2, 3]}}
    assert not list(warnings(merge([one, replace(two, manifest={**two.manifest, "data": data})])))


def test_data_sets_of_one_name_are_told_apart() -> None:
    numbers = {"c": 0.5, "a": 0.6}
    folders = ["one/forum", "two/forum", "strong", "z"]
    runs = [run("x", numbers, folder) for folder in folders[:3]] + [run("y", numbers)]
    assert merge(runs).datasets == ("x (one/forum)", "x (two/forum)", "x (strong)", "y")


def names_in_order(page_lead: tuple[Any, ...]) -> list[str]:
    return [title for table in page_lead for title in table.columns[1:]]


def test_many_data_sets_are_split_into_tables_that_fit() -> None:
    tables = headline(several(14)).lead
    assert [len(table.columns) for table in tables] == [9, 9, 5, 8, 8, 4]
    assert names_in_order(tables)[:6] == [f"d{k}" for k in range(6)]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    names = dict.fromkeys(["baseline", *HOSTILE], 0.5)
    runs = [
        run(
            f"{HOSTILE[k]}{k}",
            {name: 0.5 + (p * (k + 3) % 7) / 20 for p, name in enumerate(names)},
            classes=HOSTILE,
            seeds=(0, 1),
        )
        for k in range(len(HOSTILE))
    ]
    return write_multi_dataset_report(merge(runs), tmp_path_factory.mktemp("across"))


def test_the_files_hold_no_markup_of_others(hostile: dict[str, Path]) -> None:
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
    for name in ("scores.csv", "strategies.csv", "pairs.csv", "runs.csv"):
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
    first = write_multi_dataset_report(several(6), tmp_path / "one")
    again = write_multi_dataset_report(several(6), tmp_path / "two")
    assert first.keys() == again.keys()
    for kind, path in first.items():
        assert path.read_bytes() == again[kind].read_bytes(), kind


def test_ranks_are_drawn_from_five_data_sets_on(tmp_path: Path) -> None:
    assert "figures/ranks.svg" in write_multi_dataset_report(several(5), tmp_path)
    assert "figures/ranks.svg" not in write_multi_dataset_report(several(4), tmp_path)
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["changes.svg"]


def test_drawings_follow_the_page_and_say_what_is_missing() -> None:
    numbers = {"c": 0.5, "a": 0.6, "b": 0.4}
    runs = [run(f"d{k}", numbers) for k in range(5)]
    runs.append(run("d5", {"c": 0.5, "a": 0.4, "$new$": 0.2, "b": MISSING}))
    figures = {figure.name: figure.svg for figure in build_page(merge(runs)).figures()}
    assert sorted(figures) == ["changes", "ranks"]
    for svg in figures.values():
        inline = str(into_page(svg, "name"))
        assert not re.findall(r"#[0-9a-f]{6}\b", inline)
        assert "<metadata" not in svg
    texts = re.findall(r">([^<>\n]+)</text>", figures["changes"])
    assert texts.count("failed") == 1
    assert texts.count("not run") == 5
    assert "$new$" in texts


def test_bars_join_what_does_not_differ() -> None:
    def bars(across: MultiDatasetComparison) -> int:
        (svg,) = (f.svg for f in build_page(across).figures() if f.name == "ranks")
        return len(re.findall(r"stroke-width: 3\.2", svg))

    assert bars(several(9)) == 1  # nothing can differ
    assert bars(several(10)) == 0  # everything does


@pytest.fixture
def untrained(tmp_path: Path) -> Any:
    """Return what writes the folder of a run of which nothing is trained yet."""

    def write(name: str, baseline: str = "c") -> Path:
        whole = run(name, {"c": 0.5, "a": 0.5})
        folder = tmp_path / name
        (folder / "splits").mkdir(parents=True)
        part = {"counts": [1, 1, 1], "labels": [0, 1, 2], "files": ["x", "y", "z"]}
        split = dict.fromkeys(("train", "val", "test"), part)
        (folder / "splits" / "seed0.json").write_text(json.dumps(split))
        networks = {one: {"0": "key"} for one in whole.strategies}
        more = {"networks": networks, "baseline": baseline, "messages": []}
        (folder / "run.json").write_text(json.dumps({**whole.manifest, **more}))
        return folder

    return write


def test_what_cannot_be_compared_is_said(untrained: Any, tmp_path: Path) -> None:
    one, two = untrained("one"), untrained("two")
    with pytest.raises(ValueError, match="two or more folders of runs are compared, got 1"):
        load_multi_dataset([one])
    with pytest.raises(ValueError, match=r"two/\.\./one is given twice"):
        load_multi_dataset([one, two, f"{two}/../one"])
    with pytest.raises(FileNotFoundError, match=r"elsewhere holds no run: there is no run\.json"):
        load_multi_dataset([one, tmp_path / "elsewhere"])
    with pytest.raises(
        ValueError, match=r"baseline 'b' is none of the strategies of .*one; .* c, a"
    ):
        load_multi_dataset([one, two], baseline="b")
    with pytest.raises(ValueError, match="is the folder of a run, whose report"):
        benchmark.compare_runs([one, two], out=two)


def test_the_default_folder_is_named_after_the_runs() -> None:
    assert default_folder(["results/a-forum", "b"]) == Path("results/compare-a-forum-b")
    many = [f"results/a-long-name-of-a-data-set-{k}" for k in range(6)]
    assert default_folder(many) == default_folder([f"{folder}/" for folder in many])
    assert default_folder(many) != default_folder(many[::-1])
    assert re.fullmatch(
        r"compare-a-long-name-of-a-data-set-0-and-5-more-[0-9a-f]{8}", default_folder(many).name
    )


def test_compare_needs_no_torch_and_works_where_nothing_finished(
    untrained: Any, tmp_path: Path
) -> None:
    folders, out = [untrained("one"), untrained("two", baseline="a")], tmp_path / "both"
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    code = (
        "import sys; from benchmark.cli import main; "
        "assert main(sys.argv[1:]) == 0; sys.exit('torch' in sys.modules)"
    )
    words = ["compare", *folders, "--out", out, "--baseline", "a"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "On 2 data sets, no strategy" in done.stdout
    assert f"report: {out / 'report.html'}" in done.stdout
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.json")}


def test_a_control_is_chosen_for_a_report_and_the_run_stays_as_it_is(
    untrained: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = untrained("one")
    before = (folder / "run.json").read_bytes()
    assert benchmark.load(folder).comparison.baseline == "c"
    assert benchmark.load(folder, baseline="a").comparison.baseline == "a"
    assert (folder / "run.json").read_bytes() == before
    assert main(["report", str(folder), "--baseline", "magic"]) == 2
    assert f"'magic' is none of the strategies of {folder}; choose one of c, a" in (
        capsys.readouterr().err
    )


def test_a_notebook_gets_verdict_and_table() -> None:
    result = benchmark.MultiDatasetResult(several(3), {"html": Path("report.html")})
    fragment = result._repr_html_()
    assert "macro-F1 is higher than under" in Reader(fragment).text
    assert "d2" in fragment
    assert "settle nothing" in repr(result)
    assert list(result.figures) == ["changes"]
    assert result.pairs.shape == (15, 8)
