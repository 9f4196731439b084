"""CSV files hold no formulas and no controls; every other text and number comes back."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from benchmark.report.render.csv_writer import to_csv, write_frames
from benchmark.report.single.csv_files import frames_of
from benchmark.system.text import escape_controls
from tests.report.fabricate import fabricate
from tests.report.hostile_names import NAMES
from tests.report.reader import read_csv

CLASSES = (
    *("=1+1", "+a", "-b", "@c", "'d", "''e", " =1", "＝1+1", "\t=1", "\r=1", "plain"),
    *('a,b\n"c"', "a\r=cmd|1", "a\r\nb", "a\vb", "a\fb", "a\x85b", "a\u2028b", "a;=1", "\ufeffa"),
    *('"', '"a"', "a ", "NA", "a\x00b", "\x1b]0;a\x07", "\u202ea", "a'"),
)


def test_no_text_can_be_taken_for_a_formula_and_every_text_comes_back(tmp_path: Path) -> None:
    written = write_frames(frames_of(fabricate(classes=CLASSES)), tmp_path)
    for name, column in (("per_class.csv", "class"), ("predictions.csv", "label")):
        names = set(read_csv(written[name])[column])
        assert not [text for text in names if text.lstrip()[0] in "=+-@＝\t\r\n"]
        assert {text.removeprefix("'") for text in names} == set(map(escape_controls, CLASSES))


def test_no_text_ends_a_row_for_any_reader() -> None:
    names = [name for name in NAMES if name.isascii() or name.isprintable()]
    frame = pd.DataFrame({"=name": [*CLASSES, *names], "number": 0.5})
    rows = list(csv.reader(io.StringIO(to_csv(frame), newline="")))
    assert rows[0] == ["'=name", "number"]
    written = [name.removeprefix("'") for name, _ in rows[1:]]
    assert written == [escape_controls(name) for name in (*CLASSES, *names)]
    assert {number for _, number in rows[1:]} == {"0.5"}


def test_nothing_commands_a_terminal() -> None:
    controls = [chr(number) for number in range(160) if not chr(number).isprintable()]
    text = to_csv(pd.DataFrame({"a\x1b": [f"a{c}=1" for c in controls]}))
    assert {c for c in text if not c.isprintable()} == {"\n", "\t"}
    assert text.startswith("a\\x1b\na\\x00=1\n")


def test_bytes_that_are_no_text_are_escapes(tmp_path: Path) -> None:
    write_frames({"a.csv": pd.DataFrame({"name": ["caf\udce9"]})}, tmp_path)
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "name\ncaf\\udce9\n"


def test_negative_numbers_get_no_apostrophe(tmp_path: Path) -> None:
    comparison = fabricate()
    comparison.seed_rows["mcc"] = -0.25
    rows = read_csv(write_frames(frames_of(comparison), tmp_path)["seeds.csv"])
    assert rows["mcc"].tolist() == [-0.25] * len(rows)
