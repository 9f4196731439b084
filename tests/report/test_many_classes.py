"""A report of many classes: it stays short, says what it leaves out, and the CSV files have all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.analysis.comparison import Comparison, compare_records
from benchmark.analysis.more_images import more_images_frame
from benchmark.report.render import html
from benchmark.report.render.blocks import Block, Details, Figure, Page, Paragraph, Table
from benchmark.report.render.csv_writer import write_frames
from benchmark.report.single.class_groups import MOST_SHOWN, listed_classes
from benchmark.report.single.csv_files import frames_of
from benchmark.report.single.page import build_page
from benchmark.report.single.recall import class_changes_section
from benchmark.report.single.verdict_file import build_verdict
from tests.report.fabricate_many import STRATEGIES, fabricate_curves, fabricate_many, sizes
from tests.report.reader import Reader, read_csv

MOST_ROWS = 60  # of any table: the largest and the rarest classes in each split
MOST_LETTERS = 1500  # of any sentence and caption


def many(classes: int) -> Comparison:
    run = fabricate_many(classes, STRATEGIES[:3], (0,), sizes(classes, test_images=9))
    names, baseline = run.manifest.data.classes, run.manifest.baseline
    curves = more_images_frame(fabricate_curves(run), names, range(classes), (0,))
    own = compare_records(Path("many"), run.manifest, run.splits, run.records, baseline)
    return replace(own, more_images=curves)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return many(240)


@pytest.fixture(scope="module")
def page(comparison: Comparison) -> Page:
    return build_page(comparison)


@pytest.fixture(scope="module")
def page_of_half() -> Page:
    return build_page(many(120))


def blocks_of(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Details):
            yield from blocks_of(block.blocks)


def all_blocks(page: Page) -> list[Block]:
    return [block for section in page.sections for block in blocks_of(section.blocks)]


def test_no_table_and_no_sentence_lists_all_classes(page: Page) -> None:
    tables = [block for block in all_blocks(page) if isinstance(block, Table)]
    assert max(len(table.rows) for table in tables) <= MOST_ROWS
    texts = [table.caption for table in tables]
    texts += [block.text for block in all_blocks(page) if isinstance(block, Paragraph)]
    texts += [page.verdict, page.follow_up, *page.highlights, *page.warnings]
    assert max(map(len, texts)) <= MOST_LETTERS


def test_a_table_that_leaves_classes_out_says_where_they_are(page: Page) -> None:
    tables = [
        block
        for block in all_blocks(page)
        if isinstance(block, Table) and block.columns[0] == "Class"
    ]
    assert tables
    for table in tables:
        if not table.caption.startswith("The other"):
            assert re.search(r"[a-z_]+\.csv", table.caption), table.caption


def test_drawings_have_no_more_marks_with_more_classes(page: Page, page_of_half: Page) -> None:
    drawn = {block.name: block.svg for block in all_blocks(page) if isinstance(block, Figure)}
    for block in all_blocks(page_of_half):
        if isinstance(block, Figure):
            assert len(drawn[block.name]) < 1.3 * len(block.svg) + 5000, block.name


def test_a_page_of_more_classes_is_no_longer(page: Page, page_of_half: Page) -> None:
    Reader(html.render(page))
    short = sum(len(t.rows) for t in all_blocks(page_of_half) if isinstance(t, Table))
    long = sum(len(t.rows) for t in all_blocks(page) if isinstance(t, Table))
    assert long <= 1.15 * short


def test_files_have_all_classes_and_pairs_with_images(comparison: Comparison, tmp_path) -> None:
    written = write_frames(frames_of(comparison), tmp_path)
    for name in ("per_class.csv", "recalls.csv", "class_changes.csv", "class_images.csv"):
        assert set(read_csv(written[name])["class"]) == set(comparison.classes)
    pairs = read_csv(written["confusion.csv"])
    assert (pairs["images"] > 0).all()
    own = pairs[pairs["strategy"] == "no_change"]
    assert own["images"].sum() == sum(comparison.test_counts)
    images = read_csv(written["predictions.csv"])
    assert len(images) == 4 * sum(map(len, (e.files for e in comparison.predicted_images[:2])))


def test_up_to_100_classes_all_are_shown(tmp_path) -> None:
    comparison = many(MOST_SHOWN)
    assert len(listed_classes(comparison)) == MOST_SHOWN
    pairs = read_csv(write_frames(frames_of(comparison), tmp_path)["confusion.csv"])
    assert len(pairs) == 4 * MOST_SHOWN**2


def test_the_file_for_programs_has_every_class(comparison: Comparison) -> None:
    verdict = build_verdict(comparison, [])
    assert all(len(each.classes) == 240 for each in verdict.strategies)
    assert np.isfinite([each.recall.value for each in verdict.strategies[0].classes]).all()


def test_where_no_class_changes_clearly_no_empty_table_is_shown() -> None:
    run = fabricate_many(130, STRATEGIES[:2], (0,), sizes(130, test_images=1))
    own = compare_records(Path("m"), run.manifest, run.splits, run.records, "no_change")
    first, second = class_changes_section(own)
    assert isinstance(first, Table)
    assert first.columns[0] == "Strategy"
    assert second == Paragraph(
        "No interval of a class excludes 0; class_changes.csv has all classes."
    )
