"""The page of copies."""

import re

import pandas as pd
import pytest
from PIL import Image

from benchmark.data.duplicates.copies import FLAT_OR_SMALL
from benchmark.data.sources import open_data
from benchmark.data.summary import summarise_data
from benchmark.report import duplicates
from benchmark.report.duplicates import write_duplicates, write_not_judged


@pytest.fixture
def summary(leaking_folder):
    (leaking_folder / "test/dog/other.png").rename(
        leaking_folder / "test/dog/<script>alert(1)<script>.png"
    )
    return summarise_data(open_data(str(leaking_folder)))


def test_pairs_stand_side_by_side_with_splits_and_classes(summary, tmp_path):
    page = write_duplicates(summary, tmp_path / "out").read_text("utf-8")
    assert page.count('<img src="data:image/jpeg;base64,') == 2 * len(summary.duplicates) == 6
    assert "In two splits (2)" in page
    assert "<b>test · dog</b>" in page
    assert "<b>train · cat</b>" in page
    assert "1 byte-identical copy; 2 pairs look the same." in page
    assert "img-src data:" in page


def test_names_are_escaped_and_nothing_is_fetched(summary, tmp_path):
    page = write_duplicates(summary, tmp_path / "out").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r'(src|href)="(?!data:image/jpeg|#)', page)


def test_all_pairs_are_in_the_csv_file(summary, tmp_path, monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_PICTURES", 1)
    page = write_duplicates(summary, tmp_path / "out").read_text("utf-8")
    assert page.count("<img ") == 2
    assert "1 of 2 are shown." in page
    rows = pd.read_csv(tmp_path / "out/duplicates.csv")
    assert len(rows) == 3
    assert rows["copy_of_split"].notna().all()


def test_an_image_that_is_gone_has_its_name_alone(summary, leaking_folder, tmp_path):
    (leaking_folder / "test/cat/copy.jpg").unlink()
    page = write_duplicates(summary, tmp_path / "out").read_text("utf-8")
    assert page.count("<img ") == 5
    assert "test/cat/copy.jpg" in re.sub("<wbr>", "", page)


def test_images_that_were_not_compared_are_listed(leaking_folder, tmp_path):
    Image.new("RGB", (40, 30), (9, 9, 9)).save(leaking_folder / "val/cat/flat.png")
    summary = summarise_data(open_data(str(leaking_folder)))
    rows = pd.read_csv(write_not_judged(summary, tmp_path / "out"))
    assert rows.to_numpy().tolist() == [["val/cat/flat.png", "cat", "val", FLAT_OR_SMALL]]
    page = write_duplicates(summary, tmp_path / "out").read_text("utf-8")
    assert "1 image that could not be judged: see not_judged.csv." in page
