"""Labels of a CSV file: whose they are, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.data.imageset import ImageSet, NoReader
from benchmark.data.label_file import read_label_file

FILES = ("cat/1.png", "cat/2.png", "dog/1.png", "dog/3.png")


@pytest.fixture
def images() -> ImageSet:
    """Return two cats and two dogs."""
    return ImageSet(
        name="pets",
        spec="pets/",
        description="Pets.",
        files=FILES,
        labels=np.array([0, 0, 1, 1]),
        classes=("cat", "Wild_Dog"),
        stamps=("",) * 4,
        reader=NoReader(),
    )


def _read(tmp_path: Path, text: str, images: ImageSet, is_part: bool = False) -> list[int]:
    file = tmp_path / "labels.csv"
    file.write_text(text)
    return read_label_file(file, images, is_part=is_part).tolist()


def test_named_images_get_the_labels_of_the_file(tmp_path: Path, images: ImageSet) -> None:
    """The other images keep theirs; the set itself is not changed."""
    assert _read(tmp_path, "path,label\ncat/2.png,Wild_Dog\n", images) == [0, 1, 1, 1]
    assert images.labels.tolist() == [0, 0, 1, 1]


def test_columns_may_have_other_usual_names(tmp_path: Path, images: ImageSet) -> None:
    """So may images, where that is certain, and classes that are the same to a person."""
    text = "image;given;class\n2.png;x;wild dog\n"
    assert _read(tmp_path, text, images) == [0, 1, 1, 1]


def test_of_a_part_of_the_images_other_rows_are_left_out(tmp_path: Path, images: ImageSet) -> None:
    """If a row names one of them; else the file is about something else."""
    text = "path,label\ndog/9.png,cat\ndog/3.png,cat\n"
    assert _read(tmp_path, text, images, is_part=True) == [0, 0, 1, 0]
    with pytest.raises(ValueError, match=r"1 row names no image of pets/, the first in line 2"):
        _read(tmp_path, "path,label\nbird/9.png,cat\n", images, is_part=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,label\nx.png,cat\ny.png,cat\n", r"2 rows name no image of pets/, the first in line "
         r"2: 'x\.png'\. Its images are called e\.g\. 'cat/1\.png'"),
        ("path,label\ncat/1.png,Wolf\n", r"line 2 gives the class 'Wolf', which pets/ has not\. "
         r"Its classes: cat, Wild_Dog\."),
        ("path,label\ncat/1.png,Wolf\ncat/2.png,Wolf\n", "has not; 1 more line is like it"),
        ("path,label\ncat/1.png,cats\n", r"Did you mean 'cat'\?"),
        ("path,label\ncat/1.png,\n", r"line 2 gives 'cat/1\.png' no label\. Write one"),
        ("path,label\n,cat\n", r"line 2 names no image: ', cat'\. Write one"),
        ("path,label\ncat/1.png,cat\n./cat/1.png,cat\n", r"lines 2 and 3 both label 'cat/1\.png'"),
        ("path,label\n1.png,cat\n", r"'1\.png' could be 'cat/1\.png' or 'dog/1\.png'"),
        ("path,colour\ncat/1.png,cat\n", r"must name the columns path,label; it has 'path', "),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, images: ImageSet, text: str, message: str) -> None:
    """The error names the first line, and what to do."""
    with pytest.raises(ValueError, match=message):
        _read(tmp_path, text, images)


def test_a_spelling_of_two_classes_is_refused(tmp_path: Path, images: ImageSet) -> None:
    """Rust and rust are two classes here, so RUST is neither."""
    both = replace(images, classes=("Rust", "rust"))
    with pytest.raises(ValueError, match="gives the class 'RUST'"):
        _read(tmp_path, "path,label\ncat/1.png,RUST\n", both)
    assert _read(tmp_path, "path,label\ncat/1.png,rust\n", both) == [1, 0, 1, 1]


def test_a_label_that_two_classes_are_written_as_is_refused(
    tmp_path: Path, images: ImageSet
) -> None:
    """A cell has no outer spaces, so the two can't be told apart in a table."""
    both = replace(images, classes=("cat", "cat "))
    with pytest.raises(ValueError, match=r"line 2 gives the class 'cat', which could be 'cat' or"):
        _read(tmp_path, "path,label\ncat/1.png,cat\n", both)


def test_a_file_that_is_not_there(images: ImageSet) -> None:
    """The error says what the file would hold."""
    with pytest.raises(FileNotFoundError, match=r"nowhere\.csv: no such file.*path,label"):
        read_label_file("nowhere.csv", images)
