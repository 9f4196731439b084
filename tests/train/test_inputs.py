"""From a batch to inputs and targets: augmented images are computed anew, the others are stored."""

import weakref
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from benchmark.plan.schedule import Budget
from benchmark.strategy import NoAugmentation, RandomAugmentation, Stage, Strategy
from benchmark.train.batch_sampler import Batch
from benchmark.train.inputs import augments_every_image
from tests.train.small_training import SIZE, SPLIT, Halves, Setup, Twice, small_features


@dataclass(frozen=True)
class Black(RandomAugmentation):
    """Makes images black."""

    def __call__(self, images, repeat_index, rng):
        return torch.zeros_like(images)


def inputs_of(setup, stage, first="body"):
    training, (segment,) = setup.begin(Strategy((stage,)))
    return training, training._inputs(segment.step_ranges[-1], first)


def test_an_augmented_image_reaches_the_network_augmented(setup):
    training, inputs = inputs_of(setup, Stage(augmentation=Black()))
    stored = setup.features.inputs(SPLIT.train[:2])
    batch = Batch(np.arange(2), np.array([0, 1]), np.array([False, True]))
    sums = training._no_sums()
    x, target = inputs.build(batch, sums)
    black = torch.zeros(2, 3, SIZE, SIZE, dtype=torch.uint8)
    torch.testing.assert_close(x[1], setup.features.pretrained.prefix(black)[1])
    torch.testing.assert_close(x[0], stored[0])
    assert not torch.allclose(x[1], stored[1])
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert sums.augmented.tolist() == [0, 1]
    assert target.argmax(1).tolist() == training.labels[:2].tolist()


def test_an_augmented_image_becomes_features_where_the_head_alone_is_trained(setup):
    training, inputs = inputs_of(setup, Stage(augmentation=Black(from_repeat=1)), first="head")
    training.network.eval()
    batch = Batch(np.arange(2), np.array([0, 1]), np.array([False, True]))
    x, _ = inputs.build(batch, training._no_sums())
    black = torch.zeros(1, 3, SIZE, SIZE, dtype=torch.uint8)
    expected = training.network.features(setup.features.pretrained.prefix(black))
    torch.testing.assert_close(x[1:], expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(x[:1], setup.features.pooled.read(SPLIT.train[:1]))


def test_the_recipes_augmentation_is_not_counted_as_the_strategys(setup):
    recipe = replace(setup.recipe, augmentation=RandomAugmentation())
    training, inputs = inputs_of(replace(setup, recipe=recipe), Stage())
    sums = training._no_sums()
    batch = inputs.batch(0)
    assert batch.augmented.all()
    inputs.build(batch, sums)
    assert sums.augmented.tolist() == [0, 0]


def test_which_images_are_augmented_follows_from_their_repeat_index(setup):
    stage = Stage(sampler=Twice(), augmentation=RandomAugmentation(from_repeat=1))
    _, inputs = inputs_of(setup, stage)
    batch = inputs.batch(0)
    assert batch.repeat_index.tolist() == [0, 1, 0, 1]
    assert batch.augmented.tolist() == [False, True, False, True]


def test_mixed_images_are_counted(setup):
    training, inputs = inputs_of(setup, Stage(mixing=Halves()))
    sums = training._no_sums()
    positions = np.array([np.flatnonzero(training.labels == c)[0] for c in (0, 1)])
    batch = Batch(positions, np.zeros(2, int), np.zeros(2, bool))
    _, target = inputs.build(batch, sums)
    assert target.tolist() == [[0.5, 0.5, 0.0]] * 2
    assert sums.mixed == 2


@pytest.mark.parametrize("cut", ["body", "head"])
def test_inputs_lie_on_the_device_of_the_features(cut):
    setup = Setup(small_features(cut), Budget(4, (1, 1)))
    training, inputs = inputs_of(setup, Stage(), first=cut)
    x, target = inputs.build(inputs.batch(0), training._no_sums())
    assert x.device == target.device == setup.features.device
    assert len(x) == len(target) == 4


@dataclass(frozen=True)
class FirstAlone(RandomAugmentation):
    """Augments the first occurrence of an image."""

    def selects(self, repeat_index):
        return repeat_index < 1


def test_features_are_stored_unless_every_occurrence_is_augmented(setup):
    assert augments_every_image(RandomAugmentation())
    for augmentation in (RandomAugmentation(from_repeat=1), NoAugmentation(), FirstAlone()):
        assert not augments_every_image(augmentation)
    _, inputs = inputs_of(setup, Stage(sampler=Twice(), augmentation=FirstAlone()), "head")
    assert len(inputs.samples.features) == len(SPLIT.train)


def test_graphs_end_with_their_inputs(setup):
    """Not with the next collection of garbage: they hold memory of a GPU."""
    _, inputs = inputs_of(setup, Stage(augmentation=Black()))
    graphs = weakref.ref(inputs.graphs)
    del inputs
    assert graphs() is None
