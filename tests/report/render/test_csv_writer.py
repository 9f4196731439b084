"""CSV files hold no formulas, and every text and number comes back."""

from __future__ import annotations

from pathlib import Path

from benchmark.report.render.csv_writer import write_frames
from benchmark.report.single.csv_files import frames_of
from tests.report.fabricate import fabricate
from tests.report.reader import read_csv

CLASSES = ("=1+1", "+a", "-b", "@c", "'d", "plain", 'a,b\n"c"', "\tt")


def test_no_text_can_be_taken_for_a_formula_and_every_text_comes_back(tmp_path: Path) -> None:
    written = write_frames(frames_of(fabricate(classes=CLASSES)), tmp_path)
    for name, column in (("per_class.csv", "class"), ("predictions.csv", "label")):
        names = set(read_csv(written[name])[column])
        assert not [text for text in names if text[0] in "=+-@\t"]
        assert {text.removeprefix("'") for text in names} == set(CLASSES)


def test_negative_numbers_get_no_apostrophe(tmp_path: Path) -> None:
    comparison = fabricate()
    comparison.seed_rows["mcc"] = -0.25
    rows = read_csv(write_frames(frames_of(comparison), tmp_path)["seeds.csv"])
    assert rows["mcc"].tolist() == [-0.25] * len(rows)
