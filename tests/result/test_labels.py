"""An audit of labels from Python."""

from pathlib import Path

import numpy as np
import pytest

import benchmark
from benchmark.plugins import load_plugin
from tests.notes import Notes

SMALL = {"backbone": "small", "weights": "none", "image_size": 16}


@pytest.fixture(autouse=True)
def small_backbone(forgotten, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    load_plugin(Path(__file__).parents[1] / "small_backbone.py")


def test_tables_and_paths_are_given_and_a_notebook_shows_the_page(image_folder):
    result = benchmark.labels(image_folder, **SMALL)
    assert isinstance(result, benchmark.LabelsResult)
    assert len(result.labels) == 47
    assert list(result.suspects.columns) == list(result.labels.columns)
    assert result.classes["images"].tolist() == [30, 12, 5]
    assert list(result.copies.columns)[:2] == ["file", "class"]
    assert list(result.confusions.columns) == ["label", "suggested", "suspects"]
    assert {path.name for path in result.reports.values()} >= {"labels.html", "labels.csv"}
    assert all(path.is_file() for path in result.reports.values())
    assert result.label_file.parent == Path("results") / f"labels-{image_folder.name}"
    assert "47 labels" in repr(result)
    assert repr(result).endswith("labels.html")
    assert "47 labels" in result._repr_html_()
    again = benchmark.labels(image_folder, labels=result.label_file, out="mine", **SMALL)
    assert again.label_file == Path("mine/labels.csv")


def test_images_in_memory_are_judged_and_the_next_step_is_one_of_python(image_folder):
    rng, notes = np.random.default_rng(0), Notes()
    images = rng.integers(0, 256, (30, 16, 16, 3), np.uint8)
    result = benchmark.labels((images, [0, 1] * 15), progress=notes, **SMALL)
    assert len(result.labels) == 30
    page = result.reports["html"].read_text("utf-8")
    assert "python -m benchmark run" not in page
    assert f"benchmark.run(data, labels=&#34;{result.label_file.as_posix()}&#34;)" in page


def test_images_too_few_for_a_split_are_judged_all_the_same():
    """Nothing is trained, validated or tested; copies with other labels are found."""
    result = benchmark.labels((np.zeros((2, 16, 16, 3), np.uint8), ["a", "b"]), **SMALL)
    assert "No label can be judged." in repr(result)
    assert result.copies["kind"].tolist() == ["byte-identical"]


def test_a_message_is_there_once():
    images = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 3), np.uint8)
    result = benchmark.labels((images, ["Rust", "rust", "oak"] * 4), **SMALL)
    assert len([m for m in result.audit.messages if "same to a person" in m]) == 1


def test_what_is_no_setting_of_an_audit_is_refused():
    with pytest.raises(TypeError, match=r"no setting 'epochs'.* Known: class_level, merge_classes"):
        benchmark.labels("anything", epochs=3)
