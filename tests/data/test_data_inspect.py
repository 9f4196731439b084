from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from benchmark.data.inspect import DataReport, inspect_data, print_report
from benchmark.data.sources import open_data


@pytest.fixture
def report(tmp_path: Path) -> DataReport:
    root = tmp_path / "fruit [ripe]"
    rng = np.random.default_rng(0)
    for kind, n in (("apple", 10), ("pear", 4)):
        (root / kind).mkdir(parents=True)
        for number in range(n):
            noise = rng.integers(0, 256, (6, 8 + number, 3), dtype=np.uint8)
            Image.fromarray(noise).save(root / kind / f"{kind}{number}.png")
    Image.new("L", (30, 40), 7).save(root / "pear/grey.png")
    (root / "apple/copy.png").write_bytes((root / "apple/apple0.png").read_bytes())
    (root / "pear/apple.png").write_bytes((root / "apple/apple1.png").read_bytes())
    (root / "pear/broken.png").write_bytes(b"x")
    (root / "groups.csv").write_text("file,group\napple2.png,tree\napple3.png,tree\n")
    return inspect_data(open_data(str(root)))


def test_everything_is_seen(report: DataReport) -> None:
    assert report.classes["class"].tolist() == ["apple", "pear"]
    assert report.classes["images"].tolist() == [11, 7]
    assert report.classes["groups"].tolist() == [10, 7]
    assert report.classes[["train", "val", "test"]].to_numpy().sum() == 17
    assert report.imbalance_ratio == pytest.approx(11 / 7)
    assert report.sizes["width"].tolist() == [8, 11, 30]
    assert report.sizes["height"].tolist() == [6, 6, 40]
    assert report.modes == {"RGB": 16, "L": 1}
    assert report.unreadable["file"].tolist() == ["pear/broken.png"]
    assert "not an image" in report.unreadable["reason"][0]
    copies = report.duplicates[["file", "copy_of"]].to_numpy().tolist()
    assert copies == [
        ["apple/copy.png", "apple/apple0.png"],
        ["pear/apple.png", "apple/apple1.png"],
    ]
    assert "1 unreadable images are left out." in report.messages


def test_it_is_printed_with_every_fact(report: DataReport) -> None:
    console = Console(width=100, record=True, file=StringIO())
    print_report(report, console)
    text = console.export_text()
    for fact in (
        "fruit [ripe]",
        "18, of which 1 can't be read",
        "imbalance ratio 1.6",
        "17, never parted",
        "width 8 to 30 (median 11)",
        "RGB 16, L 1",
        "2 byte-identical to another image, 1 in another class",
        "pear/broken.png",
        "1 contents appear under more than one class",
    ):
        assert fact in text
