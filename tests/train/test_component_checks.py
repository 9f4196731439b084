"""What a component returns is checked, and an error names the component."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from benchmark.strategy import CrossEntropy, LinearHead, NoAugmentation, Stage, Strategy
from benchmark.train.component_checks import (
    augmented_by,
    kept_by,
    losses_of,
    mixed_by,
    new_head,
    selection_of,
)
from tests.train.small_training import Setup, small_features

LOGITS, TARGET, COUNTS = torch.zeros(4, 3, requires_grad=True), torch.eye(4, 3), torch.ones(3)
CALLS = itertools.count()
IMAGES = torch.zeros(4, 3, 8, 8, dtype=torch.uint8)


def returning(value):
    """Return a component that returns a value, whatever it is given."""

    def component(*_):
        return value

    return component


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1.0, "an object of type float"),
        (None, "an object of type NoneType"),
        (torch.zeros(()), r"shape \(\) of float32"),
        (torch.zeros(4, 3), r"shape \(4, 3\) of float32"),
        (torch.zeros(4, dtype=torch.int64), r"in floating point on cpu.* of int64 on cpu"),
        (torch.zeros(4, device="meta"), "float32 on meta"),
        (torch.zeros(4), "has no gradient"),
    ],
)
def test_a_loss_returns_one_value_for_each_image(value, message):
    with pytest.raises(ValueError, match=message) as raised:
        losses_of(returning(value), LOGITS, TARGET, COUNTS)
    assert "returning.<locals>.component" in str(raised.value)
    assert losses_of(CrossEntropy(), LOGITS, TARGET, COUNTS).shape == (4,)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (None, "an object of type NoneType"),
        (nn.Linear(5, 2), r"for \(2, 5\) that of .* gave shape \(2, 2\)"),
        (nn.Linear(6, 3), "can't be applied to them: RuntimeError: mat1 and mat2"),
    ],
)
def test_a_head_gives_logits(module, message):
    with pytest.raises(ValueError, match=message):
        new_head(returning(module), 5, 3)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "an object of type NoneType"),
        ([True] * 4, "an object of type list"),
        (np.arange(4), r"\(4,\) of int64"),
        (np.ones(3, bool), r"\(4,\) of bool; .* returned \(3,\) of bool"),
        (np.array([True, True, True, False]), "leaves none of class 2"),
    ],
)
def test_a_selection_says_of_each_image_whether_it_is_trained_on(value, message):
    labels, groups = np.array([0, 0, 1, 2]), np.arange(4)
    arguments = np.zeros((4, 2), np.float32), labels, groups, np.random.default_rng(0)
    with pytest.raises(ValueError, match=message):
        kept_by(returning(value), *arguments)
    kept = np.array([False, True, True, True])
    assert kept_by(returning(kept), *arguments) is kept


def test_a_head_is_not_that_of_another_network():
    module = nn.Linear(5, 3)
    assert new_head(returning(module), 5, 3) is module
    with pytest.raises(ValueError, match=r"a new one each time; .* returned one a second time"):
        new_head(returning(module), 5, 3)


def test_a_head_is_left_as_it_was_built():
    class Counting(nn.Linear):
        calls = 0

        def forward(self, x):
            self.calls += 1
            return super().forward(x)

    head = new_head(lambda width, classes: Counting(width, classes), 5, 3)
    assert head.calls == 0
    assert head.training
    torch.manual_seed(0)
    expected = LinearHead()(5, 3)
    torch.manual_seed(0)
    assert torch.equal(new_head(LinearHead(), 5, 3).weight, expected.weight)


@pytest.mark.parametrize(
    "value", [None, IMAGES.float(), IMAGES[:, :, :4], IMAGES[:2]], ids=["none", "float", "h", "few"]
)
def test_an_augmentation_returns_images_like_those_it_is_given(value):
    with pytest.raises(ValueError, match="an augmentation must return images like those"):
        augmented_by(returning(value), IMAGES, torch.zeros(4), torch.Generator())


def test_an_augmentation_selects_by_bool_values():
    class Numbers(NoAugmentation):
        def selects(self, repeat_index):
            return repeat_index

    with pytest.raises(ValueError, match="must select images by bool values"):
        selection_of(Numbers(), torch.arange(4))


@pytest.mark.parametrize("value", [IMAGES, (IMAGES, TARGET[:2]), (IMAGES[:1], TARGET), None])
def test_a_mixing_returns_a_batch(value):
    with pytest.raises(ValueError, match="a mixing must return images and targets like"):
        mixed_by(returning(value), IMAGES, TARGET, COUNTS, torch.Generator())


class BreaksAt(CrossEntropy):
    """A loss that is no number from a step on."""

    def __call__(self, logits, target, counts):
        """Return losses."""
        losses = super().__call__(logits, target, counts)
        return losses * np.nan if next(CALLS) >= 1 else losses


class Blind(CrossEntropy):
    """A finite loss whose gradient is none."""

    def __call__(self, logits, target, counts):
        """Return ones."""
        return torch.nan_to_num((logits * 0).sum(1).sqrt(), nan=0.0) + 1


def test_a_loss_that_is_no_number_says_at_which_step():
    training, (segment, *_) = Setup(small_features()).begin(Strategy((Stage(loss=BreaksAt()),)))
    with pytest.raises(FloatingPointError, match="the loss became nan at step 2: lower --lr"):
        training.run(segment)


def test_parameters_that_are_no_numbers_are_seen_while_the_loss_is_finite():
    training, (segment, *_) = Setup(small_features()).begin(Strategy((Stage(loss=Blind()),)))
    with pytest.raises(FloatingPointError, match="the numbers of head became infinite or NaN by"):
        training.run(segment)
