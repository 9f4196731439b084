"""What is stored of a trained network, and read back."""

import errno
import hashlib
import os
import shutil

import numpy as np
import pytest
import torch

from benchmark.execution import outputs
from benchmark.execution.outputs import OutputsManifest, OutputStore, output_tensors, sample_classes
from benchmark.execution.record_schema import CurvePoint
from benchmark.execution.run_folder import RunFolder
from benchmark.storage import unchanged

LINEAR = {"weight": torch.ones(2, 3), "bias": torch.zeros(2)}
POINT = CurvePoint(3, 0, "head", 0.5, (0.1, None), 0.2, 0.5, 0.3, 1)
MANIFEST = OutputsManifest(
    seed=7,
    steps=3,
    seconds=0.1,
    drawn=(4, 2),
    distinct_images=5,
    augmented_images=0,
    measured_step_ranges=({"start": 0, "gradient_norm": [[[0.1, 0.2]]]},),
    micro_batch=2,
    curve=(POINT,),
    losses=(),
    effective_prior=(0.75, 0.25),
)


@pytest.fixture
def store(tmp_path):
    return OutputStore(RunFolder(tmp_path))


def tensors(features, head):
    splits = {s: (torch.zeros(2, 2), features, np.array([0, 1])) for s in ("train", "val", "test")}
    return output_tensors(splits, head)


def test_features_too_large_for_half_precision_stay_finite(store):
    features = torch.tensor([[1e6, -1e9, 0.1], [2.0, float("inf"), -0.5]])
    store.save("key", tensors(features, LINEAR), MANIFEST)
    outputs, _ = store.load("key")
    largest = 65504
    expected = [[largest, -largest, 0.1], [2.0, largest, -0.5]]
    np.testing.assert_allclose(outputs["val"].features, expected, rtol=1e-3)
    np.testing.assert_array_equal(outputs["test"].head, np.ones((2, 3)))


def test_the_head_is_stored_only_if_it_is_one_linear_layer(store):
    head = {"0.weight": torch.ones(4, 3), "2.weight": torch.ones(2, 4)}
    store.save("key", tensors(torch.zeros(2, 3), head), MANIFEST)
    assert store.load("key")[0]["val"].head is None


def test_how_the_network_was_trained_is_read_as_it_was_written(store):
    store.save("key", tensors(torch.zeros(2, 3), LINEAR), MANIFEST)
    _, manifest = store.load("key")
    assert manifest.key == "key"
    assert (manifest.seed, manifest.drawn, manifest.curve) == (7, (4, 2), (POINT,))
    assert manifest.measured_step_ranges == MANIFEST.measured_step_ranges


def test_the_prior_of_the_training_belongs_to_the_outputs(store):
    store.save("key", tensors(torch.zeros(2, 3), LINEAR), MANIFEST)
    assert store.load("key")[0]["val"].effective_prior.tolist() == [0.75, 0.25]


def test_a_bad_block_of_the_disk_is_a_damage(store, monkeypatch):
    store.save("key", tensors(torch.zeros(2, 3), LINEAR), MANIFEST)

    def fail(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(hashlib, "file_digest", fail)
    damage = store.damage("key")
    assert damage.file == store.tensor_file("key")
    assert damage.reason == "it can't be read (Input/output error)"


def test_outputs_count_only_if_they_are_whole(store):
    assert not store.has("key")
    assert store.damage("key") is None
    store.save("key", tensors(torch.zeros(2, 3), LINEAR), MANIFEST)
    assert store.has("key")
    file = store.tensor_file("key")
    whole = file.read_bytes()
    for damaged in (whole[:-1], b"", whole[:-1] + b"\x7f"):
        file.write_bytes(damaged)
        assert not store.has("key")
        assert store.damage("key").file == file
    file.unlink()
    assert store.damage("key").reason == "it is missing"
    file.write_bytes(whole)
    assert store.has("key")
    store.manifest_file("key").write_text("{}")
    assert not store.has("key")


def test_outputs_of_another_network_are_no_outputs_of_this(store):
    for key in ("key", "other"):
        store.save(key, tensors(torch.zeros(2, 3), LINEAR), MANIFEST)
        store.tensor_file(key).replace(store.tensor_file("third"))
        store.manifest_file(key).replace(store.manifest_file("third"))
    assert not store.has("third")
    assert store.damage("third").reason == "it is that of another network"


def test_a_copy_that_was_interrupted_does_not_count(store, tmp_path, monkeypatch):
    """Tensors come first, and the manifest makes them count."""
    store.save("key", tensors(torch.zeros(2, 3), LINEAR), MANIFEST)
    other, whole = OutputStore(RunFolder(tmp_path / "other")), shutil.copyfile

    def copy_tensors_alone(source, target):
        if source == store.manifest_file("key"):
            raise KeyboardInterrupt
        return whole(source, target)

    monkeypatch.setattr(shutil, "copyfile", copy_tensors_alone)
    with pytest.raises(KeyboardInterrupt):
        other.copy("key", store)
    assert other.tensor_file("key").exists()
    assert not other.has("key")
    monkeypatch.undo()
    other.copy("key", store)
    assert other.check("key") == store.check("key")


def test_a_pipe_or_a_link_in_the_place_of_tensors_is_not_opened(store, tmp_path):
    store.save("key", tensors(torch.zeros(2, 3), LINEAR), MANIFEST)
    file = store.tensor_file("key")
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert store.damage("key").reason == "it is a link, which is not followed"
    file.unlink()
    os.mkfifo(file)
    assert store.damage("key").reason == "it is no plain file"


def test_a_hash_is_computed_once_as_long_as_nothing_changes(store, monkeypatch):
    store.save("key", tensors(torch.zeros(2, 3), LINEAR), MANIFEST)
    hashed = []
    open_plain = outputs.open_plain
    monkeypatch.setattr(outputs, "open_plain", lambda path: hashed.append(path) or open_plain(path))
    monkeypatch.setattr(unchanged, "TICKS_NS", 0)  # else a file so new is hashed each time
    assert store.has("key")
    assert store.has("key")
    assert len(hashed) == 1
    os.utime(store.tensor_file("key"), ns=(0, 0))
    assert store.has("key")
    assert len(hashed) == 2


def test_training_images_have_outputs_too(store):
    store.save("key", tensors(torch.zeros(2, 3), LINEAR), MANIFEST)
    loaded, _ = store.load("key")
    assert set(loaded) == {"train", "val", "test"}
    np.testing.assert_array_equal(loaded["train"].labels, [0, 1])


def test_a_sample_has_every_class_and_no_image_twice():
    labels = np.array([2] * 7 + [0] * 3 + [2] * 5 + [1])
    sample = sample_classes(labels, most=4)
    assert np.bincount(labels[sample]).tolist() == [3, 1, 4]
    assert (np.diff(sample) > 0).all()
    np.testing.assert_array_equal(sample, sample_classes(labels, most=4))
    assert len(sample_classes(labels)) == len(labels)  # classes of few images are taken whole
    assert len(sample_classes(labels[:0])) == 0
