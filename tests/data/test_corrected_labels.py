"""Corrected labels in place of those of the data."""

import numpy as np
import pytest

from benchmark.data.corrected_labels import correct_labels
from benchmark.data.sources import open_data
from tests.data.trees import make_files


@pytest.fixture
def images(tmp_path):
    make_files(tmp_path / "set", {"a": 3, "b": 2})
    return open_data(str(tmp_path / "set"))


def write(tmp_path, *rows):
    path = tmp_path / "fixed.csv"
    path.write_text("\n".join(["path,label,quality", *rows]) + "\n")
    return str(path)


def test_labels_are_replaced_and_counted(images, tmp_path):
    file = write(tmp_path, f"{images.files[0]},b,.1", f"{images.files[4]},b,.9")
    corrected = correct_labels(images, file)
    assert corrected.labels.tolist() == [1, 0, 0, 1, 1]
    assert images.labels.tolist() == [0, 0, 0, 1, 1] == corrected.uncorrected.tolist()
    again = correct_labels(corrected, write(tmp_path, f"{images.files[1]},b,.1"))
    assert again.uncorrected.tolist() == [0, 0, 0, 1, 1], "what the data say"
    (message,) = (text for text in corrected.messages if "Corrected labels" in text)
    assert f"1 of 5 labels differ from those of the data, e.g. {images.files[0]}: a is now b" in (
        message
    )
    assert correct_labels(images, None) is images


def test_a_class_that_loses_all_images_is_an_error_that_says_what_to_do(images, tmp_path):
    file = write(tmp_path, *(f"{name},a,0" for name in images.files[3:]))
    with pytest.raises(ValueError, match=r"1 class loses all images: 'b'\. Give each an image"):
        correct_labels(images, file)


def test_a_new_class_is_an_error_that_names_the_others_and_a_way(images, tmp_path):
    file = write(tmp_path, f"{images.files[0]},c,0")
    with pytest.raises(ValueError, match=r"line 2 gives the class 'c'.*Its classes: a, b. A new"):
        correct_labels(images, file)


def test_of_a_quick_look_other_rows_are_left_out(images, tmp_path):
    file = write(tmp_path, f"{images.files[0]},b,0", "elsewhere/x.png,a,0")
    with pytest.raises(ValueError, match="names no image"):
        correct_labels(images, file)
    assert correct_labels(images, file, is_part=True).labels[0] == 1


def test_the_content_of_built_in_photographs_follows_the_labels(tmp_path):
    images = open_data("wheels:images=30,classes=3")
    same = correct_labels(images, write(tmp_path, f"{images.files[0]},{images.classes[0]},1"))
    assert same.source_key == images.source_key
    other = correct_labels(images, write(tmp_path, f"{images.files[0]},{images.classes[1]},1"))
    assert other.source_key != images.source_key
    assert np.flatnonzero(other.labels != images.labels).tolist() == [0]
