"""A replicate is trained with random numbers of its own, and like its original in all else."""

import numpy as np
import pytest
import torch

from benchmark.model.backbone import HEAD
from benchmark.strategy import Stage, Strategy
from benchmark.strategy.components import RandomAugmentation
from benchmark.train.trainer import Training
from tests.train.small_training import (
    LABELS,
    SPLIT,
    Setup,
    assert_same,
    changed,
    small_features,
    state_of,
)


@pytest.fixture(scope="module")
def setup():
    return Setup(small_features())


def begin(setup, is_replicate, seed=0):
    strategy = Strategy()
    training = Training(
        setup.features, SPLIT, LABELS, setup.recipe, setup.budget, seed, strategy.head, is_replicate
    )
    return training, setup.segments(strategy)[0]


def trained(setup, is_replicate, seed=0):
    training, segment = begin(setup, is_replicate, seed)
    training.run(segment)
    return training


def test_only_the_head_differs_at_the_start(setup):
    states = [state_of(begin(setup, is_replicate)[0]) for is_replicate in (False, True)]
    assert changed(*states) == {"head.weight", "head.bias"}


def test_the_order_of_the_images_differs_and_how_often_they_are_drawn_does_not(setup):
    epochs = []
    for is_replicate in (False, True):
        training, segment = begin(setup, is_replicate)
        sampler = training._inputs(segment.step_ranges[0], HEAD).sampler
        sampler.batch_size = len(SPLIT.train)
        epochs.append([sampler.batch(step)[0] for step in range(3)])
    for epoch, other in zip(*epochs, strict=True):
        assert (epoch != other).any()
        np.testing.assert_array_equal(np.sort(epoch), np.sort(other))


def test_augmentation_differs(setup):
    images = setup.features.images(SPLIT.train[:4])
    stage, drawn = Stage(augmentation=RandomAugmentation()), []
    for is_replicate in (False, True):
        training, _ = begin(setup, is_replicate)
        training._generator.manual_seed(training.seed)
        numbers = torch.zeros(4, dtype=torch.int64)
        drawn.append(stage.augmentation(images, numbers, training._generator))
    assert not torch.equal(*drawn)


def test_split_counts_recipe_and_budget_are_the_same(setup):
    (original, _), (other, _) = begin(setup, False), begin(setup, True)
    for name in ("split", "recipe", "budget", "frozen_features"):
        assert getattr(original, name) is getattr(other, name)
    assert torch.equal(original.counts, other.counts)
    np.testing.assert_array_equal(original.labels, other.labels)


def test_it_ends_in_another_network_which_is_the_same_every_time(setup):
    original, again = trained(setup, False), trained(setup, True)
    assert "head.weight" in changed(state_of(original), state_of(again))
    assert_same(state_of(again), state_of(trained(setup, True)))
    assert original.stats.drawn.sum() == again.stats.drawn.sum()


def test_the_replicates_of_two_seeds_differ(setup):
    heads = [begin(setup, True, seed)[0].network.head.weight for seed in (0, 1)]
    assert not torch.equal(*heads)
