"""The page of a study: made from its CSV files alone, and safe."""

from __future__ import annotations

import pandas as pd
from markdown_it import MarkdownIt

from benchmark.analysis.study import StudyTables
from benchmark.plan.studies import OF_OWN_DATA, STUDIES
from benchmark.report import write_study_report
from benchmark.report.render import html, markdown
from benchmark.report.study.page import FILES, build_page
from tests.report.reader import Reader
from tests.report.study.tables import best_cell, change, planted, remedy, share

TABLES = planted(
    remedies=[remedy("a"), remedy("b", 1.5, -0.1, -0.2)],
    changes=[change("fine_tune", "half", "head", 0.2), change("epochs", "6", "2", 0.01)],
    shares=[share("fine_tune", "half", 0.24, 0.4), share("label_noise", "0", 0.16, 0.4)],
    best=[best_cell("fine-tune=half", "a")],
)


def test_the_page_follows_from_the_csv_files(tmp_path):
    written = write_study_report(STUDIES["noisy7"], "wheels", TABLES, tmp_path)
    frames = {name.removesuffix(".csv"): pd.read_csv(written[name]) for name, _ in FILES}
    again = build_page(STUDIES["noisy7"], "wheels", StudyTables(**frames))
    assert markdown.render(again) == written["markdown"].read_text(encoding="utf-8")


def test_a_run_of_an_earlier_version_names_no_network(tmp_path):
    written = write_study_report(OF_OWN_DATA, "x", planted({"backbone": ""}), tmp_path)
    frames = {name.removesuffix(".csv"): pd.read_csv(written[name]) for name, _ in FILES}
    again = build_page(OF_OWN_DATA, "x", StudyTables(**frames))
    assert markdown.render(again) == written["markdown"].read_text(encoding="utf-8")
    assert "layers? · 17 classes" in again.subtitle


def test_every_section_is_there():
    page = build_page(STUDIES["noisy7"], "wheels", TABLES)
    assert [section.id for section in page.sections] == [
        *("baseline", "causes", "remedies", "settings", "limits", "files"),
    ]
    assert "7 classes of 4,000 to 5,000 images" in page.subtitle
    assert page.verdict.startswith("In the run in question (`")
    assert "the depth accounts for 60 %" in page.verdict


def test_a_study_without_remedies_and_settings_has_a_page():
    page = build_page(STUDIES["forum17"], "wheels", planted({"seeds": 1}, causes=()))
    assert page.warnings[0].startswith("One seed")
    assert "No class is ignored" in markdown.render(page)


def test_a_single_improved_setting_has_no_table_of_shares():
    """Its part is the whole change, which stands above; there is nothing to share out."""
    shares = [share("epochs", "6", 0.2, 0.2) | {"metric": m} for m in ("accuracy", "macro_f1")]
    tables = planted(changes=[change("epochs", "6", "2", 0.2)], shares=shares)
    page = build_page(STUDIES["forum17"], "wheels", tables)
    assert "Shapley" not in markdown.render(page)
    assert "Shapley" in markdown.render(build_page(STUDIES["noisy7"], "wheels", TABLES))
    assert any(text.startswith("With 6 epochs in place of 2") for text in page.highlights)


def test_the_page_names_the_network_and_what_its_runs_warn_of():
    page = build_page(OF_OWN_DATA, "mine", planted({"backbone": "resnet18"}), ["Look."])
    assert page.title == "Study of your own images: mine"
    assert "· resnet18 · 17 classes ·" in page.subtitle
    assert page.warnings[0] == "Look."


def test_a_strategy_that_failed_is_told_so_in_the_table():
    rows = [remedy("a"), remedy("b", status="failed") | {"never_predicted": float("nan")}]
    text = markdown.render(build_page(STUDIES["noisy7"], "wheels", planted(remedies=rows)))
    assert "| b | **failed** |" in text


def test_few_seeds_are_told_once():
    page = build_page(STUDIES["forum17"], "wheels", planted({"seeds": 2}))
    assert page.warnings == (
        "2 seeds: intervals over them are wide, 12.7 standard errors to each side, so a difference "
        "that is there may not be clear. 5 seeds tell more (2.8): `--seeds 5` trains those that "
        "are missing.",
    )
    assert build_page(STUDIES["forum17"], "wheels", planted({"seeds": 5})).warnings == ()


def test_a_term_is_explained_where_it_first_stands():
    text = markdown.render(build_page(STUDIES["noisy7"], "wheels", TABLES))
    first = text.index("run in question")
    assert text[first:].startswith("run in question (`fine-tune=head,label-noise=0.18`: the sett")
    assert "as asked" not in text
    assert "reference run" not in text


def test_names_from_outside_stay_text():
    rows = [remedy("<script>alert(1)</script>"), remedy("`x|y`")]
    page = build_page(STUDIES["forum17"], "<img src=x>", planted(remedies=rows))
    text = MarkdownIt("commonmark").enable("table").render(markdown.render(page))
    assert "<script" not in text
    assert text.count("<img") == text.count('<img src="figures/remedies.svg"') == 1
    tags = {tag for tag, _ in Reader(html.render(page)).tags}
    assert not {"script", "img"} & tags
    assert "<script" not in page.figures()[0].svg
