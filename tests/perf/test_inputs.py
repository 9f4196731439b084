"""Inputs of a bench are prepared once and hold for one comparison."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.data.sources import open_data
from tests.perf.inputs import BenchConfig, own_cache, prepare_inputs
from tests.perf.photographs import is_plain


def test_inputs_are_prepared_once_and_hold_for_one_comparison(image_folder, tmp_path):
    config = BenchConfig(str(image_folder), "none", 75, ("no_change",), (0,), "cpu", "fp32")
    inputs = prepare_inputs(config, tmp_path / "in")
    assert inputs.images == str(image_folder)
    assert np.load(inputs.decoded / "pixels.npy").shape == (47, 75, 75, 3)
    assert inputs.split(0).exists()
    assert not (tmp_path / "in" / "cache").exists()
    before = inputs.weights.stat().st_mtime_ns
    assert prepare_inputs(config, tmp_path / "in") == inputs
    assert inputs.weights.stat().st_mtime_ns == before
    other = BenchConfig(str(image_folder), "none", 96, ("no_change",), (0,), "cpu", "fp32")
    with pytest.raises(ValueError, match="another image_size; choose another --out"):
        prepare_inputs(other, tmp_path / "in")


def test_rendered_data_becomes_a_folder_of_jpegs(tmp_path):
    config = BenchConfig(
        "wheels:images=20,classes=2", "none", 75, ("no_change",), (0,), "cpu", "fp32"
    )
    inputs = prepare_inputs(config, tmp_path / "in")
    files = sorted(Path(inputs.images).glob("*/*.jpg"))
    assert len(files) == 20
    assert min(Image.open(files[0]).size) >= 256
    assert is_plain(open_data(inputs.images), Path(inputs.images))


def test_a_folder_that_imagefolder_would_read_otherwise_is_refused(image_folder, tmp_path):
    for split in ("train", "val", "test"):
        (tmp_path / "data" / split).mkdir(parents=True)
        for folder in image_folder.iterdir():
            (tmp_path / "data" / split / folder.name).symlink_to(folder)
    config = BenchConfig(str(tmp_path / "data"), "none", 75, ("no_change",), (0,), "cpu", "fp32")
    with pytest.raises(ValueError, match="one folder per class"):
        prepare_inputs(config, tmp_path / "in")


def test_the_own_cache_is_empty_and_removed_afterwards(tmp_path, monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", "before")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "old").touch()
    with own_cache(tmp_path / "cache"):
        assert os.environ["IMBALANCE_BENCH_CACHE"] == str(tmp_path / "cache")
        assert not (tmp_path / "cache").exists()
        (tmp_path / "cache").mkdir()
    assert os.environ["IMBALANCE_BENCH_CACHE"] == "before"
    assert not (tmp_path / "cache").exists()
