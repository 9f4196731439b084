"""What is opened before a run trains."""

import numpy as np
import pytest

from benchmark.execution import prepare as module
from benchmark.execution.prepare import prepare
from benchmark.model.backbone import HEAD
from benchmark.model.registry import find_backbone
from benchmark.model.weights import load_weights
from benchmark.system.device import choose_device
from benchmark.system.progress import NullProgress
from benchmark.train.frozen_features import FEATURES, FROZEN_LAYERS


def test_device_and_weights_are_found(image_folder, small_experiment):
    settings = {"backbone": "inception_v3", "image_size": 75, "weights": "bundled"}
    prepared = prepare(small_experiment(**settings))
    weights = load_weights("bundled", find_backbone("inception_v3"))
    assert prepared.device == choose_device("cpu", "fp32")
    assert (prepared.weights.name, prepared.weights.sha256) == (weights.name, weights.sha256)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"weights": "nowhere.pth"}, "'nowhere.pth', which is no file; allowed"),
        ({"imbalance": "expo:10"}, "'exp:RATIO'"),
        ({"device": "cuda:99"}, "use --device cpu"),
        ({"data": "nowhere/"}, "nowhere"),
    ],
)
def test_no_image_is_decoded_before_a_mistake_is_reported(
    small_experiment, monkeypatch, settings, error
):
    monkeypatch.setattr(module, "prepare_pixels", None)
    with pytest.raises((ValueError, FileNotFoundError), match=error):
        prepare(small_experiment(**settings))


def test_a_training_finds_all_activations_that_it_reads(small_experiment):
    prepared = prepare(small_experiment())
    passes, split = prepared.required_forward_passes([0]), prepared.splits[0]
    everything = np.arange(len(prepared.images))
    np.testing.assert_array_equal(passes[FROZEN_LAYERS], everything)
    np.testing.assert_array_equal(passes[FEATURES], np.sort([*split.train, *split.val]))
    prepared.run_frozen_layers([0], NullProgress())
    for forward_pass, indices in passes.items():
        assert not len(prepared.frozen_features.store(forward_pass).missing(indices))


def test_activations_of_augmented_images_are_not_stored(small_experiment):
    prepared = prepare(small_experiment(recipe="strong"))
    passes, split = prepared.required_forward_passes([0]), prepared.splits[0]
    np.testing.assert_array_equal(passes[FROZEN_LAYERS], np.sort([*split.val, *split.test]))
    np.testing.assert_array_equal(passes[FEATURES], split.val)


def test_where_only_the_head_is_trained_its_features_are_the_frozen_layers(small_experiment):
    prepared = prepare(small_experiment(fine_tune=HEAD))
    assert list(prepared.required_forward_passes([0])) == [FROZEN_LAYERS]
    assert prepared.frozen_features.at_cut is prepared.frozen_features.pooled


def test_each_message_is_given_once(small_experiment):
    prepared = prepare(small_experiment(seeds=3, imbalance="exp:5"))
    assert len(set(prepared.messages)) == len(prepared.messages)
    assert "Made imbalanced (exp:5)" in " ".join(prepared.messages)


def test_base_fingerprints_differ_by_seed_and_by_settings(small_experiment):
    seeds = prepare(small_experiment(seeds=2)).base_fingerprints
    assert seeds[0] != seeds[1]
    assert prepare(small_experiment()).base_fingerprints[0] == seeds[0]
    assert prepare(small_experiment(lr=1e-3)).base_fingerprints[0] != seeds[0]
