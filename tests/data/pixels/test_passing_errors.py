"""Images that can't be read in passing: not remembered, and read alone by the next run."""

import errno
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from benchmark.data.imageset import ImageSet
from benchmark.data.pixels.store import prepare_pixels


@dataclass
class Failing:
    """Raises an error at an image if a file called like it holds the number of the error."""

    folder: object

    def image(self, index, at_least=0):
        (self.folder / "reads" / str(index)).touch()
        if (note := self.folder / f"{index}").exists():
            raise OSError(int(note.read_text()), "as noted")
        if (self.folder / "wide").exists():
            return Image.new("I", (4, 4), index)
        return Image.new("RGB", (4, 4), (index, 9, 9))

    def content(self, index):
        return bytes([index])


@pytest.fixture
def images(tmp_path, monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "reads").mkdir()
    return ImageSet(
        name="failing",
        spec="failing",
        description="",
        files=tuple(map(str, range(6))),
        labels=np.array([0, 1] * 3),
        classes=("a", "b"),
        stamps=tuple(map(str, range(6))),
        reader=Failing(tmp_path),
    )


def test_a_closed_file_is_left_out_and_read_alone_once_it_is_open(images, tmp_path):
    (tmp_path / "3").write_text(str(errno.EACCES))
    pixels = prepare_pixels(images, 2)
    assert list(pixels.errors) == [3]
    assert any("each run tries again" in message for message in pixels.messages)
    (tmp_path / "3").unlink()
    for read in (tmp_path / "reads").iterdir():
        read.unlink()
    pixels = prepare_pixels(images, 2)
    assert pixels.errors == {}
    assert pixels.array[:, 0, 0, 0].tolist() == list(range(6))
    assert [read.name for read in (tmp_path / "reads").iterdir()] == ["3"]


def test_a_disk_that_fails_stops_the_run_and_keeps_what_was_read(images, tmp_path):
    (tmp_path / "2").write_text(str(errno.EIO))
    with pytest.raises(OSError, match="2: OSError") as error:
        prepare_pixels(images, 2)
    assert "could not give 1 image, at the second try either" in str(error.value)
    (tmp_path / "2").unlink()
    for read in (tmp_path / "reads").iterdir():
        read.unlink()
    assert prepare_pixels(images, 2).readable.all()
    assert [read.name for read in (tmp_path / "reads").iterdir()] == ["2"]


def test_wide_grey_that_can_be_read_again_is_no_damage(images, tmp_path):
    (tmp_path / "3").write_text(str(errno.EACCES))
    prepare_pixels(images, 2)
    (tmp_path / "3").unlink()
    (tmp_path / "wide").touch()
    notes = []
    assert prepare_pixels(images, 2, say=notes.append).readable.all()
    (note,) = notes
    assert "damaged" not in note
    assert "lack a scale for the grey of an image that can be read now" in note
    assert note.endswith("all images are decoded again")
