"""What `data` prints."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from rich.console import Console

from benchmark.cli import data_summary, main
from benchmark.cli.data_summary import print_data_summary
from benchmark.data.sources import open_data
from benchmark.data.summary import summarise_data
from benchmark.system.text import printable
from tests.data.fruit import summarise_fruit


def test_it_is_printed_with_every_fact(tmp_path: Path) -> None:
    console = Console(width=100, record=True, file=StringIO())
    print_data_summary(summarise_fruit(tmp_path), console)
    text = console.export_text()
    for fact in (
        "fruit [ripe]",
        "18, of which 1 can't be read",
        "imbalance ratio 1.6",
        "17, each kept in one split",
        "Default split, seed 0",
        "width 8 to 30 (median 11)",
        "RGB 16, L 1",
        "2 images byte-identical to another, 0 in another split, 1 in another class",
        "pear/broken.png",
        "1 content appears under more than one class",
    ):
        assert fact in text


@pytest.mark.parametrize("is_terminal", [True, False])
def test_of_many_classes_a_terminal_shows_the_largest_and_the_rarest(is_terminal: bool) -> None:
    names = [f"class {c:03d}" for c in range(120)]
    classes = pd.DataFrame({"class": names, "images": range(120, 0, -1)})
    console = Console(width=100, file=StringIO(), force_terminal=is_terminal)
    data_summary._print_classes(console, classes, "Classes")
    text = console.file.getvalue()
    printed = set(re.findall(r"class \d{3}", text))
    assert printed == ({*names[:10], *names[-20:]} if is_terminal else set(names))
    assert ("90 classes between them are left out" in text) == is_terminal


def test_all_is_printed_before_the_error(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    names = ("train/cat/1", "train/dog/2", "test/cat/3", "test/dog/4", "test/fox/5")
    for number, name in enumerate(names):
        (tmp_path / name).parent.mkdir(parents=True)
        Image.new("RGB", (8, 8), (50 * number, 9, 9)).save(tmp_path / f"{name}.png")
    (tmp_path / "train/cat/page.jpg").write_text("<html>")
    assert main(["data", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    for fact in ("6, of which 1 can't be read", "RGB 5", "a web page", "of one flat colour"):
        assert fact in " ".join(out.split())
    assert "fox" in out
    assert err.startswith(f"error: {tmp_path}: No image to train on for 1 of 3 classes: fox")


def test_files_that_are_no_images_are_named_though_none_can_be_read(
    tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    for name in ("cat/1.png", "dog/2.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1")
    assert main(["data", str(tmp_path)]) == 2
    out, err = capfd.readouterr()
    assert "2, of which 2 can't be read" in out
    assert "cat/1.png" in out
    assert "git lfs pull" in err
    assert "Traceback" not in err


def test_no_library_warns_on_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    for number in range(6):
        path = tmp_path / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        palette = Image.new("P", (8, 8), number)
        palette.putpalette([value for grey in range(256) for value in (grey, 99, 9)])
        palette.save(path, transparency=bytes([number]))
    Image.new("1", (12_000, 9_000)).save(tmp_path / "a/huge.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "b/exif.jpg", exif=b"Exif\0\0MM\0*\0\0\xff\xff")
    assert main(["data", str(tmp_path)]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    assert "decompression bomb?" in " ".join(out.split())
    assert "Corrupt EXIF data" in " ".join(out.split())


def test_no_name_commands_the_terminal_or_becomes_markup(tmp_path: Path) -> None:
    names = ("[bold]a", ":skull:", "a\x1b[2J", "\x1b]0;a\x07", "cr\r=1", "\u202ea", "\x9b31m")
    for number, name in enumerate(names):
        (tmp_path / "\x1b[1m" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8), (9, 9, number)).save(tmp_path / "\x1b[1m" / name / "\x07a.png")
    (tmp_path / "\x1b[1m" / names[0] / "\x1b[3m.jpg").write_text("<html>")
    terminal = StringIO()
    console = Console(width=120, file=terminal, force_terminal=True, color_system="standard")
    print_data_summary(summarise_data(open_data(str(tmp_path / "\x1b[1m"))), console)
    printed = re.sub(r"\x1b\[[\d;]*m", "", terminal.getvalue())  # without our own styles
    assert re.findall(r"[^\n\x20-\x7e\u2013-\u2026\u2500-\u257f]", printed) == []
    for name in names:
        assert f" {printable(name)} " in printed
