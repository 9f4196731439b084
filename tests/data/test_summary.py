from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.fruit import summarise_fruit


def test_every_fact_is_there(tmp_path: Path) -> None:
    summary = summarise_fruit(tmp_path)
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
