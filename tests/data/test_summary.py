from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.data.sources import open_data
from benchmark.data.summary import summarise_data
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
        ["pear/apple.png", "apple/apple1.png"],  # of two classes: first
        ["apple/copy.png", "apple/apple0.png"],
    ]
    assert "1 unreadable image is left out." in summary.messages


def write_noise(root: Path, names: list[str]) -> None:
    rng = np.random.default_rng(len(names))
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(root / name)


def test_a_class_that_only_the_given_test_split_has_leaves_all_other_facts(tmp_path: Path) -> None:
    write_noise(tmp_path, [f"train/{kind}/{i}.png" for kind in ("cat", "dog") for i in range(4)])
    write_noise(tmp_path, [f"test/{kind}/{i}.png" for kind in ("cat", "dog", "fox") for i in "ab"])
    summary = summarise_data(open_data(str(tmp_path)))
    assert summary.error.startswith(f"{tmp_path}: No image to train on for 1 of 3 classes: fox")
    assert summary.classes[["class", "train", "test"]].to_numpy().tolist() == [
        ["cat", 4, 2],
        ["dog", 4, 2],
        ["fox", 0, 2],
    ]
    assert summary.split_title == "Split given with the data"
    assert summary.modes == {"RGB": 14}


def test_a_set_without_a_readable_image_is_summarised(tmp_path: Path) -> None:
    write_noise(tmp_path, ["a/1.png", "b/2.png"])
    for path in tmp_path.glob("*/*.png"):
        path.write_bytes(bytes(100))
    summary = summarise_data(open_data(str(tmp_path)))
    assert "none of the 2 images can be read" in summary.error
    assert "2 images can't be read: all its bytes are zero" in summary.error
    assert summary.unreadable["file"].tolist() == ["a/1.png", "b/2.png"]
    assert "train" not in summary.classes


def test_data_without_an_image_to_test_on_is_an_error_as_in_a_run(tmp_path: Path) -> None:
    write_noise(tmp_path, ["a/1.png", "b/2.png"])
    assert "No image is left for the val split" in summarise_data(open_data(str(tmp_path))).error


def test_a_reason_of_several_files_has_a_message(tmp_path: Path) -> None:
    write_noise(tmp_path, [f"{kind}/{i}.png" for kind in "ab" for i in range(5)])
    for name in ("a/0.png", "a/1.png"):
        (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1")
    (tmp_path / "b/0.png").write_bytes(b"")
    summary = summarise_data(open_data(str(tmp_path)))
    sentences = [message for message in summary.messages if "can't be read" in message]
    assert len(sentences) == 1
    assert "2 images can't be read: a Git LFS pointer" in sentences[0]


def test_the_split_is_that_of_a_run_with_this_profile(tmp_path: Path) -> None:
    write_noise(tmp_path, [f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(40)])
    summary = summarise_data(open_data(str(tmp_path)), imbalance="exp:4")
    assert summary.classes[["train", "val", "test"]].to_numpy().tolist() == [[32, 4, 4], [8, 1, 4]]
    assert "rare for every seed, the rarest first: dog, cat" in summary.messages[-1]
    with pytest.raises(ValueError, match="The imbalance 'exp' is not one of"):
        summarise_data(open_data(str(tmp_path)), imbalance="exp")


def test_the_split_is_that_of_a_run_with_resplit(tmp_path: Path) -> None:
    write_noise(tmp_path, [f"train/{kind}/{i}.png" for kind in ("cat", "dog") for i in range(20)])
    write_noise(tmp_path, [f"test/{kind}/{i}.png" for kind in ("cat", "dog") for i in "abcdefghij"])
    summary = summarise_data(open_data(str(tmp_path)), resplit=True)
    assert summary.split_title == "Default split, seed 0"
    assert summary.classes["test"].tolist() == [10, 10]
    assert any("is not used: each seed makes splits of all images" in m for m in summary.messages)
    assert any("all seeds share" in m for m in summarise_data(open_data(str(tmp_path))).messages)
