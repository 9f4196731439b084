from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from benchmark.data.image_table import image_table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for folder, name in (("home/a", "1.png"), ("home/a", "2.png"), ("other", "3.png")):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), (int(name[0]), 0, 0)).save(tmp_path / folder / name)
    return tmp_path / "home"


def write(folder: Path, text: str) -> str:
    path = folder / "list.csv"
    path.write_text(text, encoding="utf-8-sig")
    return str(path)


def test_rows_become_images(folder: Path) -> None:
    images = image_table(write(folder, "path,label,group\na/2.png,dog,g\n./a/1.png,cat,\n"))
    assert images.name == "list"
    assert images.files == ("a/1.png", "a/2.png")
    assert [images.classes[label] for label in images.labels] == ["cat", "dog"]
    assert images.groups is not None
    assert len(set(images.groups.tolist())) == 2
    assert images.split is None
    assert images.reader.image(1).getpixel((0, 0)) == (2, 0, 0)


def test_absolute_paths_outside_get_names_below_what_they_share(folder: Path) -> None:
    outside = folder.parent / "other/3.png"
    images = image_table(write(folder, f"path,label,split\na/1.png,x,train\n{outside},y,test\n"))
    assert images.files == ("home/a/1.png", "other/3.png")
    assert images.split is not None
    assert images.split.tolist() == ["train", "test"]
    assert images.reader.image(1).getpixel((0, 0)) == (3, 0, 0)


def test_missing_and_repeated_rows_are_reported(folder: Path) -> None:
    images = image_table(
        write(folder, "label,path\nx,a/1.png\ny,a/2.png\nx,gone.png\nx,a/../a/1.png\n")
    )
    assert len(images) == 2
    assert "1 files don't exist (e.g. 'gone.png')" in images.messages[0]
    assert "1 rows repeat" in images.messages[1]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("path,class\na/1.png,x\n", ValueError, "columns path,label"),
        ("", ValueError, "columns path,label"),
        ("path,label\na/1.png,\n", ValueError, "row 2 lacks"),
        ("path,label\na/1.png,x\na/1.png,y\n", ValueError, "row 3 contradicts"),
        ("path,label\nb/1.png,x\n", FileNotFoundError, "none exists, e.g. .*b.1.png"),
        ("path,label,split\na/1.png,x,no\na/2.png,y,test\n", ValueError, "'no' is not a split"),
        ("path,label\na/1.png,x\na/2.png,x\n", ValueError, "at least two classes"),
    ],
)
def test_mistakes_are_explained(folder: Path, text: str, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        image_table(write(folder, text))


def test_a_binary_file_is_no_table(folder: Path) -> None:
    (folder / "b.csv").write_bytes(b"\xff\xfe\x00path")
    with pytest.raises(ValueError, match="not a CSV file in UTF-8"):
        image_table(str(folder / "b.csv"))
