"""Data sets are fabricated on disk in torchvision's own formats: nothing is downloaded."""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torchvision.datasets
from PIL import Image

from benchmark.data.imageset import ImageSet
from benchmark.data.sources import open_data
from tests.data.hostile import POSTSCRIPT


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))


def write_mnist(raw: Path) -> None:
    """Six training and four test images whose pixels all are 10 x their index."""
    raw.mkdir(parents=True)
    for prefix, labels in (("train", [3, 5, 3, 5, 3, 9]), ("t10k", [5, 3, 5, 9])):
        n = len(labels)
        shades = np.repeat(np.arange(n, dtype=np.uint8) * 10, 28 * 28)
        images = struct.pack(">iiii", 2051, n, 28, 28) + shades.tobytes()
        marks = struct.pack(">ii", 2049, n) + bytes(labels)
        for name, content in (("images-idx3", images), ("labels-idx1", marks)):
            (raw / f"{prefix}-{name}-ubyte").write_bytes(content)
            (raw / f"{prefix}-{name}-ubyte.gz").write_bytes(gzip.compress(content))


def names(images: ImageSet) -> list[str]:
    return [images.classes[label] for label in images.labels]


def test_official_split_by_train_argument(tmp_path: Path) -> None:
    write_mnist(tmp_path / "MNIST/raw")
    images = open_data(f"torchvision:MNIST,root={tmp_path}")
    assert images.name == "mnist"
    assert images.classes == ("3 - three", "5 - five", "9 - nine")
    assert [name[0] for name in names(images)] == list("3535395359")
    assert images.split is not None
    assert images.split.tolist() == ["train"] * 6 + ["test"] * 4
    assert images.files[6] == "test/000000"
    assert images.reader.image(5).getpixel((0, 0)) == (50, 50, 50)
    assert images.reader.image(6).getpixel((0, 0)) == (0, 0, 0)
    assert images.reader.image(7).getpixel((0, 0)) == (10, 10, 10)
    assert images.reader.content(7) == images.reader.content(1) != images.reader.content(2)


def test_a_package_that_torchvision_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(ValueError, match="needs a further package for it: pip install lmdb"):
        open_data("torchvision:LSUN")


def test_a_part_alone_has_no_split(tmp_path: Path) -> None:
    write_mnist(tmp_path / "MNIST/raw")
    images = open_data(f"torchvision:MNIST,root={tmp_path},train=false")
    assert len(images) == 4
    assert images.split is None


def test_the_default_root_is_in_the_cache(tmp_path: Path) -> None:
    write_mnist(tmp_path / "cache/torchvision/MNIST/raw")
    assert len(open_data("torchvision:MNIST")) == 10


def test_official_split_by_split_argument(tmp_path: Path) -> None:
    splits = {"train": 3, "valid": 1, "test": 2}
    for split, n in splits.items():
        for kind in ("AD", "FR"):
            folder = tmp_path / "country211" / split / kind
            folder.mkdir(parents=True)
            for number in range(n):
                Image.new("RGB", (4, 4), (number, 0, 0)).save(folder / f"{number}.jpg")
    images = open_data(f"torchvision:Country211,root={tmp_path}")
    assert images.classes == ("AD", "FR")
    assert images.split is not None
    counts = {split: int((images.split == split).sum()) for split in ("train", "val", "test")}
    assert counts == {"train": 6, "val": 2, "test": 4}


def test_a_set_without_official_split_has_none(tmp_path: Path) -> None:
    for kind in ("AnnualCrop", "Forest"):
        folder = tmp_path / "eurosat/2750" / kind
        folder.mkdir(parents=True)
        Image.new("RGB", (4, 4)).save(folder / "1.jpg")
    images = open_data(f"torchvision:EuroSAT,root={tmp_path}")
    assert images.classes == ("AnnualCrop", "Forest")
    assert images.split is None


@pytest.mark.parametrize("name", ["ImageFolder", "DatasetFolder", "imagefolder"])
def test_what_walks_any_folder_is_read_as_a_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"the folder itself: --data {tmp_path}$"):
        open_data(f"torchvision:{name},root={tmp_path}")
    with pytest.raises(ValueError, match="--data DIR"):
        open_data(f"torchvision:{name}")


def test_files_of_a_set_are_opened_as_those_of_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *_: pytest.fail("a program is started"))
    for kind in ("AnnualCrop", "Forest"):
        folder = tmp_path / "eurosat/2750" / kind
        folder.mkdir(parents=True)
        for number in range(3):
            Image.new("RGB", (4, 4)).save(folder / f"{number}.jpg")
    (tmp_path / "eurosat/2750/Forest/1.jpg").write_bytes(POSTSCRIPT)
    (tmp_path / "eurosat/2750/AnnualCrop/0.jpg").unlink()
    os.mkfifo(tmp_path / "eurosat/2750/AnnualCrop/0.jpg")
    images = open_data(f"torchvision:EuroSAT,root={tmp_path}")
    with pytest.raises(OSError, match="a named pipe, not a file"):
        images.reader.image(0)
    with pytest.raises(OSError, match="a PostScript drawing"):
        images.reader.image(4)


def test_labels_are_read_from_the_items_where_no_attribute_has_them() -> None:
    images = open_data("torchvision:FakeData,size=12,num_classes=3")
    data = torchvision.datasets.FakeData(size=12, num_classes=3)
    assert names(images) == [str(int(data[index][1])) for index in range(12)]


def test_an_item_without_a_label_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken(torchvision.datasets.FakeData):
        def __getitem__(self, index: int) -> tuple:
            raise OSError("a named pipe, not a file")

    monkeypatch.setattr(torchvision.datasets, "FakeData", Broken)
    with pytest.raises(ValueError, match=r"FakeData,size=4: item 0 can't be read: .*a named pipe"):
        open_data("torchvision:FakeData,size=4")


def test_an_attribute_that_lies_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lying(torchvision.datasets.FakeData):
        targets = [7, *([0] * 9)]  # noqa: RUF012

    monkeypatch.setattr(torchvision.datasets, "FakeData", Lying)
    assert "7" not in open_data("torchvision:FakeData,size=10,num_classes=3").classes


def test_equal_class_names_get_their_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Cranes(torchvision.datasets.FakeData):
        classes = [("crane", "bird"), ("crane", "machine"), "car"]  # noqa: RUF012

    monkeypatch.setattr(torchvision.datasets, "FakeData", Cranes)
    images = open_data("torchvision:FakeData,size=20,num_classes=3")
    assert images.classes == ("crane (0)", "crane (1)", "car")


def test_what_is_not_classification_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Boxes(torchvision.datasets.FakeData):
        def __getitem__(self, index: int) -> tuple:
            return super().__getitem__(index)[0], {"box": [0, 0, 1, 1]}

    monkeypatch.setattr(torchvision.datasets, "FakeData", Boxes)
    with pytest.raises(ValueError, match="not a classification data set"):
        open_data("torchvision:FakeData,size=4")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("torchvision:Flower102", "no data set 'Flower102'. Did you mean Flowers102"),
        ("torchvision:cifar10", "Did you mean CIFAR10"),
        ("torchvision", "no data set ''"),
        ("torchvision:CIFAR10,splits=x", "CIFAR10 takes no 'splits'; it takes root, train"),
        ("torchvision:FakeData,size=1000000000000", "1,000,000,000,000 images are too many"),
        ("torchvision:EMNIST", "EMNIST needs split, e.g. split="),
    ],
)
def test_mistakes_are_explained(spec: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        open_data(spec)


@pytest.mark.parametrize("name", ["Flowers102", "CIFAR10", "Country211"])
def test_offline_says_what_to_do(name: str) -> None:
    with pytest.raises(FileNotFoundError, match=rf"(?s)download failed.*torchvision:{name},root="):
        open_data(f"torchvision:{name}")


def test_a_root_that_can_be_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    words = r"loop can't be written \(a file, or a link that leads nowhere, .*another root=DIR"
    with pytest.raises(OSError, match=words):
        open_data(f"torchvision:CIFAR10,root={tmp_path / 'loop'}")
