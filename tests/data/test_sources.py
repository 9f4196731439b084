from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmark.data.imageset import ImageSet
from benchmark.data.sources import DATA_SOURCES, open_data


def test_digits() -> None:
    images = open_data("digits")
    assert len(images) == 1797
    assert images.counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    image = np.asarray(images.read.image(0))
    assert image.shape == (8, 8, 3)
    assert image.max() == round(15 * 255 / 16)  # the first digit's brightest of 16
    assert images.read.content(0) != images.read.content(1)
    again = pickle.loads(pickle.dumps(images))
    assert again.read.content(5) == images.read.content(5)


def test_a_folder_and_a_table_are_distinguished(tmp_path: Path) -> None:
    from PIL import Image

    for name in ("a/1.png", "b/1.png"):
        (tmp_path / name).parent.mkdir()
        Image.new("L", (2, 2)).save(tmp_path / name)
    (tmp_path / "list.CSV").write_text("path,label\na/1.png,x\nb/1.png,y\n")
    assert open_data(str(tmp_path)).classes == ("a", "b")
    assert open_data(str(tmp_path / "list.CSV")).classes == ("x", "y")
    (tmp_path / "set.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match="must be unpacked"):
        open_data(str(tmp_path / "set.zip"))


def test_unknown_words_are_explained() -> None:
    with pytest.raises(FileNotFoundError, match=r"(?s)Did you mean 'digits'\?.*Data can be:"):
        open_data("digit")
    with pytest.raises(ValueError, match="digits has no parameter 'size'; it takes none"):
        open_data("digits:size=3")


def test_listing_sources_needs_no_heavy_import() -> None:
    code = (
        "import sys; from benchmark.data.sources import DATA_SOURCES; "
        "print(sorted({'torch', 'torchvision', 'sklearn', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert all(DATA_SOURCES.values())


def test_an_image_set_must_fit_together() -> None:
    def build(**changes: object) -> ImageSet:
        parts: dict = {
            "name": "x",
            "spec": "x",
            "description": "",
            "files": ("a", "b"),
            "labels": np.array([0, 1]),
            "classes": ("p", "q"),
            "stamps": ("", ""),
            "read": None,
        }
        return ImageSet(**(parts | changes))

    assert len(build()) == 2
    for changes, message in [
        ({"files": ("a", "a")}, "two images are called 'a'"),
        ({"files": ()}, "no images"),
        ({"labels": np.array([0, 1, 1])}, "3 labels for 2 images"),
        ({"labels": np.array([0, 0])}, "at least two classes"),
        ({"split": np.array(["train", "dev"])}, "a split must be one of"),
    ]:
        with pytest.raises(ValueError, match=message):
            build(**changes)
