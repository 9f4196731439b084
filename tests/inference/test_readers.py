"""What a model takes as images."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.utils.data import TensorDataset

from benchmark.inference.readers import reader_of

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 8, 9, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "images",
    [
        PIXELS,
        list(PIXELS),
        [Image.fromarray(each) for each in PIXELS],
        torch.from_numpy(PIXELS),
        torch.from_numpy(PIXELS).permute(0, 3, 1, 2),
        PIXELS.astype(np.float32) / 255,
    ],
    ids=["array", "arrays", "PIL", "tensor", "channels first", "floats"],
)
def test_images_are_read(images):
    reader, count = reader_of(images)
    assert count == 2
    for index in range(2):
        np.testing.assert_array_equal(np.asarray(reader.image(index)), PIXELS[index])


def test_paths_are_read_relative_to_the_working_folder_and_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    Image.fromarray(PIXELS[0]).save("a.png")
    for paths in (
        ["a.png"],
        [Path("a.png")],
        ["~/a.png"],
        np.array(["a.png"]),
        pd.Series(["a.png"], [7]),
    ):
        reader, count = reader_of(paths)
        assert count == 1
        np.testing.assert_array_equal(np.asarray(reader.image(0)), PIXELS[0])


@pytest.mark.parametrize(
    ("images", "error"),
    [
        ("a.png", "one image is given, of type str; allowed: a list of paths"),
        (Image.fromarray(PIXELS[0]), "one image is given, of type Image"),
        (PIXELS[0], r"an array of shape \(8, 9, 3\) is not taken"),
        (PIXELS.astype(np.float32), "divide by the value of white"),
        ({"a.png"}, "images of the type set are not taken"),
        (3, "images of the type int are not taken"),
        (None, "images of the type NoneType are not taken"),
        (TensorDataset(torch.from_numpy(PIXELS)), "images of the type TensorDataset are not taken"),
        (pd.DataFrame({"path": ["a.png"]}), "images of the type DataFrame are not taken"),
    ],
)
def test_anything_else_is_refused(images, error):
    with pytest.raises(ValueError, match=error):
        reader_of(images)
