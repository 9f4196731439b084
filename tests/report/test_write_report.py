"""Both pages and every table are written, hold what they must, and are the same each time."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from fabricate import STRATEGIES, fabricate
from markdown_it import MarkdownIt

import benchmark.report
from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.report import notebook_html, write_report
from benchmark.report.render.formats import format_share
from benchmark.report.single.figures import NAMES

HOSTILE = (
    "<script>alert(1)</script>",
    "a|b",
    "=HYPERLINK(1)",
    "🦊 & fox",
    "x" * 60,
    "`tick`",
    "*star* $m$",
    "\x00null",
)
MESSAGE = "<img src=x onerror=alert(1)> [a](javascript:b)"
VOID = {"meta", "br", "wbr", "img", "link", "input", "hr"}


class Reader(HTMLParser):
    """Checks that tags nest, and collects tags, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.cells: list[str] = []  # of tables, without what is said to those who can't see marks
        self.unseen = False
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.unseen = self.unseen or ("class", "unseen") in attrs
        if tag in ("td", "th"):
            self.cells.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.unseen = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if not self.unseen and {"td", "th"} & set(self.open):
            self.cells[-1] += data


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
    assert len(drawings) == 8
    assert all(a.get("role") == "img" and a.get("aria-label") for a in drawings)
    tables = sum(t == "table" for t, _ in page.tags)
    assert tables == sum(t == "caption" for t, _ in page.tags)


def test_failures_are_rows_with_their_error(written: dict[str, Path]) -> None:
    for kind in ("markdown", "html"):
        text = written[kind].read_text(encoding="utf-8")
        assert "failed: RuntimeError: CUDA out of memory" in text
        assert "1 of 2 seeds failed" in text
        assert "Traceback (most recent call last)" in text


def test_never_predicted_classes_and_the_best_of_a_column_are_marked_in_words() -> None:
    from benchmark.report.render.blocks import Table
    from benchmark.report.single.page import build_page

    comparison = fabricate()
    page = build_page(comparison)
    (main,) = page.lead
    assert isinstance(main, Table)
    best = comparison.summary["macro_f1"].idxmax()
    marked = [row.cells[0].text for row in main.rows if row.cells[1].mark == "best"]
    assert marked == [comparison.strategies[best]]
    ignored = {
        (row["class"], row["strategy"])
        for row in comparison.per_class.to_dict("records")
        if row["predicted"] == 0
    }
    (section,) = (s for s in page.sections if s.id == "classes")
    found = {
        (row.cells[0].text, table.columns[column])
        for table in section.blocks
        if isinstance(table, Table)
        for row in table.rows
        for column, cell in enumerate(row.cells)
        if cell.mark == "never" and cell.text == "never"
    }
    assert ignored
    assert found == ignored


def test_equal_steps_have_no_best() -> None:
    from benchmark.report.single.tables import main_table

    comparison = fabricate()
    equal = main_table(comparison)
    assert "Steps" not in equal.columns
    assert "The same for all: steps 256." in equal.caption
    same = replace(comparison, summary=comparison.summary.assign(worst_recall=0.0))
    assert "The same for all: worst-class recall .000 and steps 256." in main_table(same).caption
    rows = comparison.summary.assign(steps=range(len(comparison.summary)))
    table = main_table(replace(comparison, summary=rows))
    steps = table.columns.index("Steps")
    assert all(row.cells[steps].mark == "" for row in table.rows)


def test_every_interval_of_the_report_is_a_row(tmp_path: Path) -> None:
    from benchmark.report.single.tables import intervals_table

    comparison = fabricate(seeds=(0, 1, 2))
    rows = comparison.intervals.set_index(["strategy", "metric"])
    table = intervals_table(comparison)
    assert table is not None
    for row in table.rows:
        for metric, cell in zip(interval_metrics(), row.cells[1:], strict=True):
            found = rows.loc[(row.cells[0].text, metric)]
            assert cell.text == format_share(found["value"])
            assert cell.note == f"{format_share(found['low'])} to {format_share(found['high'])}"
    assert intervals_table(replace(comparison, predictions=comparison.predictions[:0])) is None


def test_markdown_and_html_say_the_same(written: dict[str, Path]) -> None:
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
    once, again = (
        write_report(fabricate(folder=Path("x"), strategies=STRATEGIES[:2]), tmp_path / name)
        for name in ("a", "b")
    )
    assert {k: p.read_bytes() for k, p in once.items()} == {
        k: p.read_bytes() for k, p in again.items()
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
    run = {
        **comparison.manifest,
        "command": MESSAGE,
        "weights": {"name": MESSAGE, MESSAGE: MESSAGE},
    }
    descriptions = dict.fromkeys(comparison.strategies, f"{MESSAGE}\n\n    {MESSAGE}")
    return write_report(
        replace(comparison, failures=failures, manifest=run, descriptions=descriptions),
        tmp_path_factory.mktemp("report"),
    )


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


def test_markdown_reads_back_as_it_was_said(tmp_path: Path) -> None:
    comparison = fabricate(strategies=STRATEGIES[:3])
    sentences = ["1. of 2", "2) of 2", "- a dash", "+ a plus", "> an arrow", "---", "--seeds", "1."]
    run = {**comparison.manifest, "environment": {"numpy": "2.4.6", "1. day": "+1"}}
    descriptions = dict.fromkeys(comparison.strategies, "\n\n".join(sentences))
    messages = ["10. message"]
    said = replace(comparison, manifest=run, descriptions=descriptions, messages=messages)
    markdown = write_report(said, tmp_path)["markdown"].read_text(encoding="utf-8")
    page = Reader(MarkdownIt("commonmark").enable("table").render(markdown))
    assert "\\" not in page.text
    assert not {"ol", "hr"} & {tag for tag, _ in page.tags}
    lines = page.text.splitlines()
    assert not {*sentences, "10. message", "Numpy: 2.4.6", "1. day: +1"} - set(lines)
    # nor does who reads the file itself meet one before a number
    assert not re.search(r"\\[\d+]", markdown.replace("\n\\+ a plus\n", ""))


def test_markdown_links_to_files_that_exist(written: dict[str, Path]) -> None:
    markdown = written["markdown"].read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)#]+)\)", markdown)
    assert any(link.startswith("figures/") for link in linked)
    assert all((written["markdown"].parent / link).exists() for link in linked)


@pytest.mark.parametrize("missing", ["data", "weights", "experiment", "environment", "command"])
def test_a_run_that_recorded_less_still_has_a_report(missing: str) -> None:
    from benchmark.report.single.page import build_page

    comparison = fabricate(strategies=STRATEGIES[:1])
    less = {name: value for name, value in comparison.manifest.items() if name != missing}
    assert build_page(replace(comparison, manifest=less)).sections
    assert build_page(replace(comparison, manifest={**comparison.manifest, missing: None})).sections


def test_nothing_recorded_nothing_finished(tmp_path: Path) -> None:
    comparison = fabricate(failed=tuple((name, 0) for name in STRATEGIES))
    written = write_report(replace(comparison, manifest={}), tmp_path)
    assert "No strategy finished" in written["html"].read_text(encoding="utf-8")
    assert not (tmp_path / "figures").exists()


def test_a_figure_of_an_earlier_report_goes_and_other_files_stay(tmp_path: Path) -> None:
    strategies = STRATEGIES[:2]
    before = write_report(fabricate(strategies=strategies, seeds=(0, 1)), tmp_path)
    other = tmp_path / "figures" / "mine.svg"
    other.write_text("<svg/>")
    assert {path.stem for path in before.values() if path.suffix == ".svg"} == set(NAMES)
    after = write_report(fabricate(strategies=strategies), tmp_path)  # one seed: no seeds figure
    drawn = {path for path in after.values() if path.suffix == ".svg"}
    assert len(drawn) == len(NAMES) - 1
    assert set((tmp_path / "figures").iterdir()) == drawn | {other}


def test_two_classes_and_one_strategy(tmp_path: Path) -> None:
    comparison = fabricate(classes=("yes", "no"), strategies=("no_change",))
    Reader(write_report(comparison, tmp_path)["html"].read_text(encoding="utf-8"))


def test_six_strategies_five_seeds_stay_small(tmp_path: Path) -> None:
    written = write_report(fabricate(seeds=(0, 1, 2, 3, 4)), tmp_path)
    assert written["html"].stat().st_size < 2e6


def test_a_notebook_gets_verdict_and_table() -> None:
    comparison = fabricate(classes=HOSTILE)
    fragment = notebook_html(comparison)
    page = Reader(fragment)
    assert "never found under" in page.text
    assert all(name in page.text for name in comparison.strategies)
    assert len(fragment) < 20_000


def test_the_report_names_no_strategy() -> None:
    rooms = Path(benchmark.report.__file__).parent
    package = rooms.parents[1] / "strategies"
    names = {path.stem for path in package.glob("*.py")} - {"__init__"} | set(STRATEGIES)
    for path in rooms.iterdir():
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            for name in names:
                # a name in an example of how a long one may break is split by bars
                assert name not in text, f"{path.name} names the strategy {name}"


def test_few_test_images_are_warned_of() -> None:
    from benchmark.report.single.page import headline

    few = fabricate(classes=("a", "b"), seeds=(0, 1, 2))
    assert few.test_units == [few.test_counts[0] / 3, 11]
    assert [w for w in headline(few).warnings if "1 of 2 classes has fewer than 30" in w]
    many = fabricate(classes=("a", "b"), seeds=(0, 1, 2), images=5096 * 3)
    assert not [w for w in headline(many).warnings if "fewer than 30" in w]


def test_few_groups_are_warned_of_however_many_images_they_hold() -> None:
    from benchmark.report.single.page import headline

    many = fabricate(classes=("a", "b"), images=5096 * 3)
    files = list(dict.fromkeys(many.predictions["file"]))
    groups = {0: {file: 100 * file.startswith("a") + k % 29 for k, file in enumerate(files)}}
    (said,) = [w for w in headline(replace(many, groups=groups)).warnings if "fewer than" in w]
    assert "2 of 2 classes have fewer than 30 groups of test images (the fewest: 29)" in said


def test_frames_may_hold_missing_numbers() -> None:
    from benchmark.report.single.page import build_page

    comparison = fabricate(strategies=STRATEGIES[:2], seeds=(0, 1))
    rows = comparison.seed_rows.astype({"few_recall": object})
    rows.loc[0, "few_recall"] = None
    curves = comparison.curves.assign(val_loss=float("nan"))
    per_class = comparison.per_class.assign(
        recall_low=pd.NA, recall=comparison.per_class["recall"].mask(comparison.per_class.index < 1)
    )
    build_page(replace(comparison, seed_rows=rows, curves=curves, per_class=per_class))


def test_a_strategy_says_its_parameters_as_used(tmp_path: Path) -> None:
    comparison = fabricate(strategies=STRATEGIES[:2])
    used = [{"name": STRATEGIES[1], "doc": "", "parameters": {"on": "no_change", "weight": 10.0}}]
    asked = [{"name": STRATEGIES[0], "doc": "", "parameters": {}}, *used]
    written = write_report(
        replace(comparison, manifest={**comparison.manifest, "asked": asked}), tmp_path
    )
    text = Reader(written["html"].read_text(encoding="utf-8")).text
    assert text.count("Parameters:") == 1
    assert text.index("Parameters: on=no_change, weight=10.0") > text.rindex(STRATEGIES[1])


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
