from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.data.folders.image_folder import image_folder
from benchmark.data.imageset import ImageSet
from tests.data.trees import make_files


def picture(path: Path, shade: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 6), (shade, 10, 20)).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number, name in enumerate(["dog/2.png", "dog/10.jpg", "cat/1.PNG", "cat/3.bmp"]):
        picture(tmp_path / "pets" / name, number)
    return tmp_path / "pets"


def open_folder(root: Path) -> ImageSet:
    return image_folder(str(root))


def test_names_labels_and_pixels_of_a_plain_folder(root: Path) -> None:
    images = open_folder(root)
    assert images.name == "pets"
    assert images.files == ("cat/1.PNG", "cat/3.bmp", "dog/10.jpg", "dog/2.png")
    assert images.classes == ("cat", "dog")
    assert images.labels.tolist() == [0, 0, 1, 1]
    assert images.counts.tolist() == [2, 2]
    assert images.groups is None
    assert images.split is None
    assert images.messages == ()
    assert images.reader.image(3).getpixel((0, 0)) == (0, 10, 20)
    assert images.reader.content(3) == (root / "dog/2.png").read_bytes()


def test_stamps_change_with_a_file_even_if_its_size_and_time_do_not(root: Path) -> None:
    before = open_folder(root).stamps
    path = root / "cat/3.bmp"
    status = path.stat()
    picture(path, 99)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    after = open_folder(root).stamps
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True, True]


def test_hidden_and_other_files_are_no_images(root: Path) -> None:
    for name in ("cat/.hidden.png", "cat/notes.txt", ".git/x.png", "cat/film.mp4", "cat/README"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b"x")
    (root / "empty").mkdir()
    picture(root / "loose.png")
    images = open_folder(root)
    assert len(images) == 4
    text = "\n".join(images.messages)
    assert "1 folder holds no image and is left out: empty (empty)" in text
    assert "1 image lies in no class folder: left out: loose.png" in text
    assert "2 files are not taken as images: " in text
    assert "1 .mp4 in cat" in text
    assert "1 file without a suffix in cat" in text
    assert "1 image lies in folders that a system or a program made: left out: .git (1)" in text
    assert "1 image has a name that begins with a dot: left out: cat/.hidden.png" in text
    assert len(images.messages) == 5


def test_folders_below_a_class_belong_to_it_and_links_are_followed(root: Path) -> None:
    picture(root / "cat/kittens/a.png")
    picture(root.parent / "elsewhere/b.png")
    (root / "bird").symlink_to(root.parent / "elsewhere")
    (root / "cat/again").symlink_to(root / "cat")
    (root / "cat/gone.png").symlink_to(root / "nowhere.png")
    images = image_folder(str(root), allow_outside=True)
    assert images.classes == ("bird", "cat", "dog")
    assert "cat/kittens/a.png" in images.files
    assert "bird/b.png" in images.files
    assert not any(file.startswith("cat/again") for file in images.files)
    assert "1 link leads nowhere: left out: cat/gone.png." in images.messages
    assert "1 link leads to a folder that is read anyway" in images.messages[-1]
    images = open_folder(root)
    assert images.classes == ("cat", "dog")
    assert "1 link leads out of the folder: left out: bird." in images.messages[-1]


def test_groups_by_whole_or_bare_name(root: Path) -> None:
    (root / "groups.csv").write_text("File,Group\ncat/1.PNG,x\n3.bmp,x\n2.png,\nold.png,z\n")
    images = open_folder(root)
    assert images.groups is not None
    assert images.groups.tolist() == [0, 0, 1, 2]
    assert "not among the images (e.g. 'old.png')" in images.messages[0]
    assert "(e.g. 'dog/10.jpg')" in images.messages[1]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("file,group\n1.png,a\n", "could be 'cat/1.png' or 'dog/1.png'"),
        ("file,group\n2.png,a\ndog/2.png,b\n", "'dog/2.png'"),
    ],
)
def test_a_bad_table_is_explained(root: Path, table: str, message: str) -> None:
    picture(root / "dog/1.png")
    picture(root / "cat/1.png")
    (root / "groups.csv").write_text(table)
    with pytest.raises(ValueError, match=message):
        open_folder(root)


def test_splits_table(root: Path) -> None:
    (root / "splits.csv").write_text("file,split\n1.PNG,Training\n10.jpg,valid\n2.png,test\n")
    images = open_folder(root)
    assert images.split is not None
    assert images.split.tolist() == ["train", "", "val", "test"]
    (root / "splits.csv").write_text("file,split\n1.PNG,trian\n")
    with pytest.raises(ValueError, match="'trian' is no"):
        open_folder(root)


def test_a_given_split_by_folders(tmp_path: Path) -> None:
    for name in ("train/cat/1.png", "train/dog/1.png", "validation/cat/2.png", "Test/dog/2.png"):
        picture(tmp_path / name)
    (tmp_path / "docs").mkdir()
    images = open_folder(tmp_path)
    assert images.classes == ("cat", "dog")
    assert images.files[0] == "Test/dog/2.png"
    assert images.split is not None
    assert images.split.tolist() == ["test", "train", "train", "val"]
    (tmp_path / "splits.csv").write_text("file,split\n")
    with pytest.raises(ValueError, match="remove one"):
        open_folder(tmp_path)


def test_train_may_be_a_class(tmp_path: Path) -> None:
    for name in ("train/1.png", "car/1.png", "bus/1.png"):
        picture(tmp_path / name)
    images = open_folder(tmp_path)
    assert images.classes == ("bus", "car", "train")
    assert images.split is None
    assert images.messages == ("train is taken as a class, not as a split.",)


def test_two_folders_for_one_split(tmp_path: Path) -> None:
    for name in ("train/cat/1.png", "val/cat/1.png", "valid/cat/1.png"):
        picture(tmp_path / name)
    with pytest.raises(ValueError, match="val and valid have names of one split, val"):
        open_folder(tmp_path)


def test_splits_beside_classes_are_ambiguous(tmp_path: Path) -> None:
    for name in ("train/cat/1.png", "dogs/big/1.png"):
        picture(tmp_path / name)
    with pytest.raises(ValueError, match="is train a split or a class"):
        open_folder(tmp_path)


def test_layout_is_explained_when_there_are_no_class_folders(tmp_path: Path) -> None:
    picture(tmp_path / "1.png")
    with pytest.raises(ValueError, match="one folder per class"):
        open_folder(tmp_path)
    picture(tmp_path / "only/1.png")
    with pytest.raises(ValueError, match="at least two classes"):
        open_folder(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        open_folder(tmp_path / "nowhere")


def test_labels_are_int64(root: Path) -> None:
    assert open_folder(root).labels.dtype == np.int64


def test_a_refusal_names_what_makes_it_certain(tmp_path: Path) -> None:
    root = make_files(tmp_path / "my set", {"train": 2, "test": 1})
    (root / "train.csv").write_text("image_id,label\n000,a\n001,b\n")
    with pytest.raises(ValueError, match="train and test are named like splits") as refusal:
        open_folder(root)
    lines = str(refusal.value).splitlines()[1:]
    assert lines[0] == f"- --data '{root}/train.csv' (it has the columns image_id,label)"
    assert "- --class-level 1 if the folders really are the classes" in lines
    assert "- a CSV file with the columns path,label that lists the images" in lines
    assert image_folder(str(root), class_level=1).classes == ("test", "train")


def test_a_refusal_names_the_folder_that_can_be_read(tmp_path: Path) -> None:
    make_files(tmp_path, {"archive/train/cat": 1, "archive/train/dog": 1, "archive/test/cat": 1})
    with pytest.raises(ValueError, match=f"--data {tmp_path}/archive reads that folder alone"):
        open_folder(tmp_path)
    assert open_folder(tmp_path / "archive").classes == ("cat", "dog")


def test_what_lies_there_is_said_when_there_are_no_images(tmp_path: Path) -> None:
    make_files(tmp_path, {"a": 10, "b": 10}, suffix="")
    make_files(tmp_path, {".c": 3})
    with pytest.raises(ValueError, match="no images in class folders") as error:
        open_folder(tmp_path)
    assert (
        "- 20 files are not taken as images: 20 files without a suffix in a, b. If they are "
        "images, add the suffix." in str(error.value)
    )
    assert "begin with a dot: left out: .c (3)" in str(error.value)


def test_a_level_without_folders_is_an_error(root: Path) -> None:
    with pytest.raises(ValueError, match="class level 2 is not allowed: no folder of images lies"):
        image_folder(str(root), class_level=2)


def test_tables_in_another_letter_case(root: Path) -> None:
    (root / "Groups.csv").write_text("file,group\ncat/1.PNG,x\ncat/3.bmp,x\ndog/10.jpg,y\n")
    (root / "SPLITS.CSV").write_text(
        "file,split\n1.PNG,train\n10.jpg,val\n2.png,test\n3.bmp,train\n"
    )
    images = open_folder(root)
    assert images.groups is not None
    assert images.groups[0] == images.groups[1]
    assert images.split is not None
    assert images.split.tolist() == ["train", "train", "val", "test"]


def test_files_follow_the_names_of_class_folders_whatever_the_class_level(tmp_path: Path) -> None:
    make_files(tmp_path, {"b/y": 1, "b/x": 1, "a/z": 2, "a/w": 1})
    images = image_folder(str(tmp_path), class_level=2)
    assert images.files == (
        "a/w/000.jpg",
        "a/z/000.jpg",
        "a/z/001.jpg",
        "b/x/000.jpg",
        "b/y/000.jpg",
    )
    assert [images.classes[label] for label in images.labels] == ["w", "z", "z", "x", "y"]


def test_messages_can_be_printed_whatever_the_names(root: Path) -> None:
    (root / os.fsdecode(b"caf\xe9")).mkdir()
    (root / "two\nlines").mkdir()
    messages = open_folder(root).messages
    assert messages == (
        "2 folders hold no image and are left out: caf\\udce9 (empty), two\\nlines (empty).",
    )


def test_many_classes_are_listed_in_linear_time(tmp_path: Path, monkeypatch) -> None:
    counts = {f"{split}/class{number}": 1 for split in ("train", "test") for number in range(300)}
    make_files(tmp_path, counts)
    opened = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: opened.append(path) or scandir(path))
    images = open_folder(tmp_path)
    assert len(images.classes) == 300
    assert images.messages == ()
    assert len(opened) == len(set(opened)) == 603
