"""New images get the pixels that images of a run get."""

import numpy as np
import pytest
from PIL import Image

from benchmark.data.pixels.store import prepare_pixels
from benchmark.data.sources import open_data
from benchmark.inference import preprocessing
from benchmark.inference.model_info import PreprocessingInfo
from benchmark.inference.preprocessing import decode_blocks
from benchmark.inference.readers import path_reader

SIZE = 24


def write_images(root):
    """A folder with all that is decoded otherwise: large JPEG, turned, transparent, 16 bits."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
    large = Image.fromarray(rng.integers(0, 256, (400, 300, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[274] = 6
    large.resize((300, 200)).save(root / "a" / "turned.jpg", exif=exif)
    large.save(root / "a" / "large.jpg", quality=90)
    Image.fromarray(rng.integers(0, 256, (30, 40, 4), dtype=np.uint8)).save(root / "b" / "rgba.png")
    wide = rng.integers(0, 4096, (30, 30)).astype(np.uint16)
    Image.fromarray(wide).save(root / "b" / "wide.png")


@pytest.mark.parametrize("few", [0, 32])
def test_pixels_are_those_of_the_store(tmp_path, monkeypatch, few):
    monkeypatch.setattr(preprocessing, "FEW", few)  # 0: in processes of their own
    write_images(tmp_path)
    images = open_data(str(tmp_path))
    pixels = prepare_pixels(images, SIZE)
    scales = {kind: (scale.black, scale.white) for kind, scale in pixels.scales.items()}
    assert scales == {"I": (0.0, 4095.0)}
    reader = path_reader([tmp_path / file for file in images.files])
    (block,) = decode_blocks(reader, len(images), PreprocessingInfo(SIZE, 2, scales))
    assert not block.errors
    np.testing.assert_array_equal(block.pixels, pixels.array[block.indices])


def test_what_can_not_be_read_is_said_and_stops_nothing(tmp_path):
    write_images(tmp_path)
    (tmp_path / "text.jpg").write_text("no image")
    names = ("text.jpg", "a/large.jpg", "gone.jpg", "b/wide.png")
    reader = path_reader([tmp_path / name for name in names])
    (block,) = decode_blocks(reader, len(names), PreprocessingInfo(SIZE, 2, {}))
    assert block.indices.tolist() == [1]
    assert block.pixels.shape == (1, SIZE, SIZE, 3)
    assert sorted(block.errors) == [0, 2, 3]
    assert "No such file" in block.errors[2]
    assert "which of its values is white is not known" in block.errors[3]


def test_of_no_readable_image_the_pixels_are_empty(tmp_path):
    reader = path_reader([tmp_path / "gone.jpg"])
    (block,) = decode_blocks(reader, 1, PreprocessingInfo(SIZE, 2, {}))
    assert block.pixels.shape == (0, SIZE, SIZE, 3)
