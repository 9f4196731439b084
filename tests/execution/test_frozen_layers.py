"""Which activations a training reads, and that the frozen layers fill all of them."""

import numpy as np

from benchmark.execution.frozen_layers import required_forward_passes, run_frozen_layers
from benchmark.execution.prepare import prepare
from benchmark.model.backbone import HEAD
from benchmark.system.progress import NullProgress
from benchmark.train.frozen_features import FEATURES, FROZEN_LAYERS


def test_a_training_finds_all_activations_that_it_reads(small_experiment):
    prepared = prepare(small_experiment())
    passes, split = required_forward_passes(prepared, [0]), prepared.splits[0]
    everything = np.arange(len(prepared.images))
    np.testing.assert_array_equal(passes[FROZEN_LAYERS], everything)
    np.testing.assert_array_equal(passes[FEATURES], np.sort([*split.train, *split.val]))
    run_frozen_layers(prepared, [0], NullProgress())
    for forward_pass, indices in passes.items():
        assert not len(prepared.frozen_features.store(forward_pass).missing(indices))


def test_activations_of_augmented_images_are_not_stored(small_experiment):
    prepared = prepare(small_experiment(recipe="strong"))
    passes, split = required_forward_passes(prepared, [0]), prepared.splits[0]
    np.testing.assert_array_equal(passes[FROZEN_LAYERS], np.sort([*split.val, *split.test]))
    np.testing.assert_array_equal(passes[FEATURES], split.val)


def test_where_only_the_head_is_trained_its_features_are_the_frozen_layers(small_experiment):
    prepared = prepare(small_experiment(fine_tune=HEAD))
    assert list(required_forward_passes(prepared, [0])) == [FROZEN_LAYERS]
    assert prepared.frozen_features.at_cut is prepared.frozen_features.pooled
