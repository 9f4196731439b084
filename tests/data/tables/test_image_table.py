from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from benchmark.data.tables.image_table import image_table


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
    table = write(folder, f"path,label,split\na/1.png,x,train\n{outside},y,test\n")
    with pytest.raises(ValueError, match="1 row leads out of the folder"):
        image_table(table)
    images = image_table(table, allow_outside=True)
    assert images.files == ("home/a/1.png", "other/3.png")
    assert images.split is not None
    assert images.split.tolist() == ["train", "test"]
    assert images.reader.image(1).getpixel((0, 0)) == (3, 0, 0)


def test_missing_and_repeated_rows_are_reported(folder: Path) -> None:
    images = image_table(
        write(folder, "label,path\nx,a/1.png\ny,a/2.png\nx,gone.png\nx,a/../a/1.png\n")
    )
    assert len(images) == 2
    assert images.messages == (
        "list.csv: 1 file doesn't exist (e.g. 'gone.png'); left out.",
        "list.csv: 1 row repeats an earlier row.",
    )
    assert images.left_out == {"gone.png": "no such file"}


def test_images_without_a_row_are_accounted_for(folder: Path) -> None:
    (folder / "b").mkdir()
    for name in ("a/3.png", "b/1.png"):
        (folder / name).write_bytes(b"x")
    images = image_table(write(folder, "path,label\na/1.png,x\na/2.png,y\n"))
    assert images.left_out == {"a/3.png": "no row of the table names it"}


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("path,weight\na/1.png,7\n", ValueError, "columns path,label.*'path', 'weight'. Rename"),
        ("kind,label\na,x\n", ValueError, "columns path,label"),
        ("path label\na x\n", ValueError, "separated by commas"),
        ("", ValueError, "is empty.*path,label"),
        ("path,label\na/1.png,\na/2.png,\n", ValueError, "2 rows without a label.*in line 2"),
        ("path,label\na/1.png,x\n,y\n", ValueError, "1 row without a path.*in line 3: ', y'"),
        ("path,label\nz/1.png,x\n", FileNotFoundError, "none exists, e.g. .*z.1.png"),
        ("path,label,split\na/1.png,x,no\na/2.png,y,test\n", ValueError, "'no' is no split"),
        ("path,label,split\na/1.png,x,0\na/2.png,y,1\n", ValueError, "Numbers of folds"),
        ("path,label\na/1.png,x\na/2.png,x\n", ValueError, "at least two classes"),
    ],
)
def test_mistakes_are_explained(folder: Path, text: str, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        image_table(write(folder, text))


@pytest.mark.parametrize("what", ["label", "group", "split"])
def test_rows_that_contradict_each_other_are_shown(folder: Path, what: str) -> None:
    columns = {"label": "x,g,train", "group": "y,h,train", "split": "y,g,test"}
    first, second = "y,g,train", columns[what]
    text = f"path,label,group,split\na/1.png,{first}\na/2.png,x,g,\n\na\\1.png,{second}\n"
    with pytest.raises(ValueError, match=f"1 image has rows that differ in the {what}") as error:
        image_table(write(folder, text))
    assert "in line 2" in str(error.value)
    assert "in line 5" in str(error.value)


def test_the_images_with_several_labels_are_counted(folder: Path) -> None:
    rows = [f"a/{k}.png,{label}" for k in (1, 2) for label in ("x", "y", "z")]
    with pytest.raises(ValueError, match="2 images have rows that differ") as error:
        image_table(write(folder, "\n".join(["path,label", *rows])))
    assert str(error.value).splitlines()[1] == "- 'a/1.png': 'x' in line 2, 'y' in line 3"


def test_other_usual_names_of_columns_are_taken_and_said(folder: Path) -> None:
    images = image_table(
        write(folder, "image_id,lesion_id,dx,age,subset\na/1.png,g,mel,50,train\na/2.png,g,nv,,\n")
    )
    assert images.classes == ("mel", "nv")
    assert images.groups is not None
    assert images.groups.tolist() == [0, 0]
    assert images.split is not None
    assert images.split.tolist() == ["train", ""]
    for message in (
        "list.csv: the column 'image_id' is taken as the images.",
        "list.csv: the column 'dx' is taken as the labels.",
        "list.csv: the column 'lesion_id' is taken as the groups, each of which is kept in one "
        "split.",
        "list.csv: the column 'subset' is taken as the split.",
        "list.csv: columns that are not used: 'age'.",
        "list.csv: 1 image has no split (e.g. 'a/2.png'): it is trained on.",
        "list.csv: one group, 'g', holds 2 of 2 images and is kept whole.",
    ):
        assert message in images.messages


@pytest.mark.parametrize("header", ["path,label,set,fold", "path,label,fold,subset"])
def test_a_column_of_other_values_is_no_split(folder: Path, header: str) -> None:
    images = image_table(write(folder, f"{header}\na/1.png,x,1,red\na/2.png,y,2,blue\n"))
    assert images.split is None
    assert any(
        "not used" in message and "Folds and marks are no split" in message
        for message in images.messages
    )


def test_an_empty_column_has_a_message(folder: Path) -> None:
    images = image_table(write(folder, "path,label,Group\na/1.png,x,\na/2.png,y,\n"))
    assert images.groups is None
    assert images.messages == ("list.csv: the column 'Group' is empty: it is not used.",)


def test_one_hot_columns_are_classes(folder: Path) -> None:
    images = image_table(write(folder, "image,MEL,NV,UNK\n1,1.0,0.0,0.0\n2,0.0,1.0,0.0\n"))
    assert images.files == ("a/1.png", "a/2.png")
    assert images.classes == ("MEL", "NV")
    assert any("No row has a 1 for UNK" in message for message in images.messages)


def test_a_class_with_the_name_of_a_label_column_is_one_of_the_classes(folder: Path) -> None:
    images = image_table(write(folder, "image,healthy,disease\n1,1,0\n2,0,1\n"))
    assert images.classes == ("disease", "healthy")
    images = image_table(write(folder, "image,old,label\n1,1,0\n2,0,1\n"))
    assert images.classes == ("0", "1")
    images = image_table(write(folder, "image,male,female,dx\n1,1,0,mel\n2,0,1,nv\n"))
    assert images.classes == ("mel", "nv")


def test_a_split_column_with_further_values_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="'extra' is no split"):
        image_table(write(folder, "path,label,set\na/1.png,x,train\na/2.png,y,extra\n"))
