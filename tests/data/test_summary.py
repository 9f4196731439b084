from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from benchmark.data.sources import open_data
from benchmark.data.summary import DataSummary, print_summary, summarise_data


@pytest.fixture
def summary(tmp_path: Path) -> DataSummary:
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
    return summarise_data(open_data(str(root)))


def test_every_fact_is_there(summary: DataSummary) -> None:
    assert summary.classes["class"].tolist() == ["apple", "pear"]
    assert summary.classes["images"].tolist() == [11, 7]
    assert summary.classes["groups"].tolist() == [10, 7]
    assert summary.classes[["train", "val", "test"]].to_numpy().sum() == 17
    assert summary.imbalance_ratio == pytest.approx(11 / 7)
    assert summary.sizes["width"].tolist() == [8, 11, 30]
    assert summary.sizes["height"].tolist() == [6, 6, 40]
    assert summary.modes == {"RGB": 16, "L": 1}
    assert summary.unreadable["file"].tolist() == ["pear/broken.png"]
    assert "not an image" in summary.unreadable["reason"][0]
    duplicates = summary.duplicates[["file", "copy_of"]].to_numpy().tolist()
    assert duplicates == [
        ["apple/copy.png", "apple/apple0.png"],
        ["pear/apple.png", "apple/apple1.png"],
    ]
    assert "1 unreadable images are left out." in summary.messages


def test_it_is_printed_with_every_fact(summary: DataSummary) -> None:
    console = Console(width=100, record=True, file=StringIO())
    print_summary(summary, console)
    text = console.export_text()
    for fact in (
        "fruit [ripe]",
        "18, of which 1 can't be read",
        "imbalance ratio 1.6",
        "17, each kept in one split",
        "width 8 to 30 (median 11)",
        "RGB 16, L 1",
        "2 byte-identical to another image, 1 in another class",
        "pear/broken.png",
        "1 contents appear under more than one class",
    ):
        assert fact in text
