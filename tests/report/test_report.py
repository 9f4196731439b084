"""The files of a report: two pages with the same content, which are the same each time."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import benchmark.report
from benchmark.execution.manifest_schema import WeightsInfo
from benchmark.report import notebook_html, write_report
from benchmark.report.single.page import FIGURES
from tests.report.fabricate import STRATEGIES, fabricate, with_manifest, with_strategies
from tests.report.reader import HOSTILE, Reader

MESSAGE = "<img src=x onerror=alert(1)> [a](javascript:b)"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("run")
    failed = (("focal_loss", 0), ("focal_loss", 1), ("class_weights", 1))
    return write_report(fabricate(folder=folder, seeds=(0, 1), failed=failed))


def test_the_files_that_others_read_are_there(written: dict[str, Path]) -> None:
    folder = written["html"].parent
    for name in ("report.md", "report.html", "summary.csv", "per_class.csv", "predictions.csv"):
        assert (folder / name).stat().st_size > 0
    assert {path.suffix for path in (folder / "figures").iterdir()} == {".svg"}
    assert not list(folder.glob(".*.tmp"))


def test_the_html_needs_nothing_else(written: dict[str, Path]) -> None:
    html = written["html"].read_text(encoding="utf-8")
    page = Reader(html)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "img", "object", "form"}
    policies = [a["content"] for t, a in page.tags if "http-equiv" in a]
    assert policies[0] is not None
    assert policies[0].startswith("default-src 'none'; style-src 'unsafe-inline'")
    links = [a["href"] for t, a in page.tags if t == "a"]
    assert all(re.fullmatch(r"#[a-z]+|[a-z_]+\.csv", link or "") for link in links)
    assert "url(http" not in html
    assert "@import" not in html


def test_contents_lead_to_sections(written: dict[str, Path]) -> None:
    page = Reader(written["html"].read_text(encoding="utf-8"))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert {f"#{id}" for id in ids} >= {
        a["href"] for t, a in page.tags if t == "a" and (a["href"] or "").startswith("#")
    }
    page_ids = [id for id in ids if id and re.fullmatch("[a-z]+", id)]
    assert len(page_ids) == len(set(page_ids))


def test_tables_and_drawings_can_be_read_aloud(written: dict[str, Path]) -> None:
    page = Reader(written["html"].read_text(encoding="utf-8"))
    assert all(a.get("scope") in ("col", "row") for t, a in page.tags if t == "th")
    drawings = [a for t, a in page.tags if t == "svg"]
    assert len(drawings) == 9
    assert all(a.get("role") == "img" and a.get("aria-label") for a in drawings)
    tables = sum(t == "table" for t, _ in page.tags)
    assert tables == sum(t == "caption" for t, _ in page.tags)


def test_failures_are_rows_with_their_error(written: dict[str, Path]) -> None:
    for kind in ("markdown", "html"):
        text = written[kind].read_text(encoding="utf-8")
        assert "failed: RuntimeError: CUDA out of memory" in text
        assert "1 of 2 seeds failed" in text
        assert "Traceback (most recent call last)" in text


def test_markdown_and_html_have_the_same_cells(written: dict[str, Path]) -> None:
    """Every cell of every table, in order."""

    def cells(page: Reader) -> list[str]:
        return [text for cell in page.cells if (text := re.sub(r"\s+", "", cell))]

    rendered = (
        MarkdownIt("commonmark")
        .enable("table")
        .render(written["markdown"].read_text(encoding="utf-8"))
    )
    html, markdown = (
        cells(Reader(text)) for text in (written["html"].read_text(encoding="utf-8"), rendered)
    )
    assert len(html) > 500
    assert html == markdown


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (
        write_report(fabricate(Path("x"), HOSTILE[:3], STRATEGIES[:2]), tmp_path / name)
        for name in ("a", "b")
    )
    assert {k: p.read_bytes() for k, p in first.items()} == {
        k: p.read_bytes() for k, p in second.items()
    }


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    comparison = fabricate(
        folder=tmp_path_factory.mktemp("run") / MESSAGE.replace("/", ""),
        classes=HOSTILE,
        strategies=STRATEGIES[:3],
        failed=(("focal_loss", 0),),
        messages=(MESSAGE,),
    )
    failures = comparison.failures.assign(error=MESSAGE, traceback=f"{MESSAGE}\n</pre>")
    comparison = with_strategies(comparison, doc=f"{MESSAGE}\n\n    {MESSAGE}")
    weights, environment = WeightsInfo(MESSAGE, MESSAGE, MESSAGE), {MESSAGE: MESSAGE}
    comparison = with_manifest(
        comparison, command=MESSAGE, weights=weights, environment=environment
    )
    return write_report(replace(comparison, failures=failures), tmp_path_factory.mktemp("report"))


def test_names_from_outside_stay_text(hostile: dict[str, Path]) -> None:
    html = hostile["html"].read_text(encoding="utf-8")
    page = Reader(html)
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert "<script>alert(1)</script>" in page.text
    assert MESSAGE in page.text
    for path in hostile.values():
        if path.suffix in (".md", ".html", ".svg"):
            assert "\x00" not in path.read_text(encoding="utf-8")
    markdown = hostile["markdown"].read_text(encoding="utf-8")
    rendered = MarkdownIt("commonmark").enable("table").render(markdown)
    assert "<script" not in rendered
    assert "<img src=x" not in re.sub(r"<pre>.*?</pre>", "", rendered, flags=re.DOTALL)
    assert rendered.count("<img ") == markdown.count("](figures/")
    assert "javascript:" not in re.sub(r">[^<]*<", "><", rendered)


def test_markdown_tables_have_as_many_cells_as_columns(hostile: dict[str, Path]) -> None:
    markdown = hostile["markdown"].read_text(encoding="utf-8")
    widths: list[int] = []
    for line in markdown.splitlines():
        if not line.startswith("|"):
            widths = []
            continue
        widths.append(len(re.findall(r"(?<!\\)\|", line)))
        assert len(set(widths)) == 1, line
    parsed = MarkdownIt("commonmark").enable("table").render(markdown)
    assert "a|b" in parsed
    assert parsed.count("<table>") >= 4


def test_markdown_reads_back_as_it_was_written(tmp_path: Path) -> None:
    comparison = fabricate(strategies=STRATEGIES[:3])
    sentences = ["1. of 2", "2) of 2", "- a dash", "+ a plus", "> an arrow", "---", "--seeds", "1."]
    comparison = with_strategies(comparison, doc="\n\n".join(sentences))
    environment, messages = {"numpy": "2.4.6", "1. day": "+1"}, ("10. message",)
    comparison = with_manifest(comparison, environment=environment, messages=messages)
    markdown = write_report(comparison, tmp_path)["markdown"].read_text(encoding="utf-8")
    page = Reader(MarkdownIt("commonmark").enable("table").render(markdown))
    assert "\\" not in page.text
    assert not {"ol", "hr"} & {tag for tag, _ in page.tags}
    lines = page.text.splitlines()
    assert not {*sentences, "10. message", "Numpy: 2.4.6", "1. day: +1"} - set(lines)
    # no backslash before a number either, for readers of the file itself
    assert not re.search(r"\\[\d+]", markdown.replace("\n\\+ a plus\n", ""))


def test_markdown_links_to_files_that_exist(written: dict[str, Path]) -> None:
    markdown = written["markdown"].read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)#]+)\)", markdown)
    assert any(link.startswith("figures/") for link in linked)
    assert all((written["markdown"].parent / link).exists() for link in linked)


def test_a_run_of_which_nothing_finished_has_a_report(tmp_path: Path) -> None:
    written = write_report(fabricate(failed=[(name, 0) for name in STRATEGIES]), tmp_path)
    assert "No strategy finished" in written["html"].read_text(encoding="utf-8")
    assert not (tmp_path / "figures").exists()


def test_a_figure_of_an_earlier_report_goes_and_other_files_stay(tmp_path: Path) -> None:
    classes, strategies = ("a", "b", "c"), STRATEGIES[:2]
    before = write_report(fabricate(tmp_path, classes, strategies, (0, 1)), tmp_path)
    other = tmp_path / "figures" / "mine.svg"
    other.write_text("<svg/>")
    drawable = set(FIGURES) - {"more_images"}  # which a fabricated run does not have
    assert {path.stem for path in before.values() if path.suffix == ".svg"} == drawable
    after = write_report(
        fabricate(tmp_path, classes, strategies), tmp_path
    )  # one seed: no seeds figure
    drawn = {path for path in after.values() if path.suffix == ".svg"}
    assert len(drawn) == len(drawable) - 1
    assert set((tmp_path / "figures").iterdir()) == drawn | {other}


def test_two_classes_and_one_strategy(tmp_path: Path) -> None:
    comparison = fabricate(classes=("yes", "no"), strategies=("no_change",))
    Reader(write_report(comparison, tmp_path)["html"].read_text(encoding="utf-8"))


@pytest.mark.slow
def test_six_strategies_five_seeds_stay_small(tmp_path: Path) -> None:
    written = write_report(fabricate(seeds=(0, 1, 2, 3, 4)), tmp_path)
    assert written["html"].stat().st_size < 2e6


def test_a_notebook_gets_verdict_and_table() -> None:
    comparison = fabricate(classes=HOSTILE)
    fragment = notebook_html(comparison)
    page = Reader(fragment)
    assert "Plain fine-tuning" in page.text
    assert all(name in page.text for name in comparison.strategies)
    assert len(fragment) < 20_000


def test_the_report_names_no_strategy() -> None:
    rooms = Path(benchmark.report.__file__).parent
    package = rooms.parents[1] / "strategies"
    names = {path.stem for path in package.glob("*.py")} - {"__init__"} | set(STRATEGIES)
    for path in rooms.rglob("*.*"):
        if path.suffix in (".py", ".jinja", ".css"):
            # the example of how a long name may break is split by bars, so it doesn't count
            words = set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
            assert not names & words, f"{path.name} names a strategy"


def test_short_class_names_stay_on_one_line(tmp_path: Path) -> None:
    classes = ("aerodynamic_disc_wheels_", "aerodynamic_disc_wheels_9", "deep_dish")
    html = write_report(fabricate(classes=classes), tmp_path)["html"].read_text(encoding="utf-8")
    style = html[: html.index("</style>")]
    assert re.search(r"\.name\.whole {[^}]*white-space: nowrap", style)
    assert re.search(r"\.whole wbr {[^}]*display: none", style)  # it breaks even there
    whole = {
        Reader(f"<span>{name}</span>").text
        for name in re.findall(r'<span class="name whole">(.*?)</span>', html)
    }
    assert whole & set(classes) == {classes[0], classes[2]}
