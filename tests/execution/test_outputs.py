"""What is stored of a trained network, and read back."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmark.execution.outputs import OutputsManifest, OutputStore, output_tensors, sample_classes
from benchmark.execution.record_schema import CurvePoint
from benchmark.execution.run_folder import RunFolder

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
)


@pytest.fixture
def store(tmp_path):
    return OutputStore(RunFolder(tmp_path))


def tensors(features, head):
    splits = {s: (torch.zeros(2, 2), features, np.array([0, 1])) for s in ("val", "test")}
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
    prior = (0.75, 0.25)
    store.save("key", tensors(torch.zeros(2, 3), LINEAR), replace(MANIFEST, effective_prior=prior))
    store.save("earlier", tensors(torch.zeros(2, 3), LINEAR), MANIFEST)
    assert store.load("key")[0]["val"].effective_prior.tolist() == list(prior)
    assert store.load("earlier")[0]["val"].effective_prior is None


def test_outputs_count_only_if_they_are_whole(store):
    assert not store.has("key")
    store.save("key", tensors(torch.zeros(2, 3), LINEAR), MANIFEST)
    assert store.has("key")
    file = store.tensor_file("key")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert not store.has("key")
    file.write_bytes(whole)
    store.manifest_file("key").write_text("{}")  # as of an earlier version
    assert not store.has("key")


def test_outputs_of_an_earlier_version_have_no_training_images(store):
    store.save("key", tensors(torch.zeros(2, 3), LINEAR), MANIFEST)
    assert set(store.load("key")[0]) == {"val", "test"}
    images = {
        split: (torch.ones(1, 2), torch.zeros(1, 3), np.array([1]))
        for split in ("train", "val", "test")
    }
    store.save("key", output_tensors(images, LINEAR), MANIFEST)
    outputs, _ = store.load("key")
    np.testing.assert_array_equal(outputs["train"].labels, [1])


def test_a_sample_has_every_class_and_no_image_twice():
    labels = np.array([2] * 7 + [0] * 3 + [2] * 5 + [1])
    sample = sample_classes(labels, most=4)
    assert np.bincount(labels[sample]).tolist() == [3, 1, 4]
    assert (np.diff(sample) > 0).all()
    np.testing.assert_array_equal(sample, sample_classes(labels, most=4))
    assert len(sample_classes(labels)) == len(labels)  # classes of few images are taken whole
    assert len(sample_classes(labels[:0])) == 0
