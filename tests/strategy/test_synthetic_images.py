"""An augmentation is tried on synthetic images: where its dots are then, and how bright it is."""

from dataclasses import dataclass, replace

import pytest
import torch

from benchmark.strategy import ImagesRotated, RandomAugmentation
from benchmark.strategy.expectations.inputs import ImagesRecognisable
from benchmark.strategy.synthetic_images import augment_patterns
from tests.evaluation.planted.outsider import WrongAugmentation
from tests.strategy.test_strengths import measured


@pytest.mark.parametrize("degrees", [5, 15, 45])
@pytest.mark.parametrize(("error", "passed"), [("", True), ("one side", False)])
def test_a_rotation_is_to_both_sides(error, passed, degrees):
    patterns = augment_patterns(WrongAugmentation(degrees, error=error))
    assert ImagesRotated(degrees).check(measured(patterns=patterns)).passed is passed


def test_the_mean_angle_is_that_of_images_mirrored_or_not():
    patterns = augment_patterns(WrongAugmentation(15, error="one side"))
    assert 100 < patterns.is_mirrored.sum() < 156
    assert abs(patterns.angle.mean()) < 2, "hidden in the mean of all"


@pytest.mark.parametrize("degrees", [1, 5, 15, 45])
def test_an_image_is_turned_by_another_angle_in_each_batch(degrees):
    for error, passed in (("", True), ("seeded", False)):
        patterns = augment_patterns(WrongAugmentation(degrees, error=error))
        result = ImagesRotated(degrees).check(measured(patterns=patterns))
        assert result.passed is passed
        assert ("from batch to batch 0.0" in result.observed) is not passed


def test_images_without_their_dots_tell_nothing_of_the_angles():
    patterns = augment_patterns(RandomAugmentation(15))
    angle = patterns.angle.reshape(patterns.batches, -1).copy()
    angle[:, 0] = angle[0] = float("nan")
    lost = replace(patterns, angle=angle.ravel())
    assert ImagesRotated(15).check(measured(patterns=lost)).passed is True


LIGHT = {
    "as it is": (lambda x: x, False),
    "dark": (lambda x: x * 0.3, False),
    "inverted": (lambda x: 255 - x, False),
    "solarised": (lambda x: torch.where(x > 128, 255 - x, x), False),
    "grey": (lambda x: x.mean(1, keepdim=True).expand_as(x), False),
    "other colours": (lambda x: x.roll(1, 1), False),
    "brighter": (lambda x: (x * 1.2).clamp(max=255), False),
    "brighter than 255": (lambda x: (x * 1.2) % 256, True),
}


@pytest.mark.parametrize("light", LIGHT)
def test_grey_levels_that_begin_again_at_0_are_told_from_other_light(light):
    change, wraps = LIGHT[light]

    @dataclass(frozen=True)
    class Light(RandomAugmentation):
        def __call__(self, images, repeat_index, rng):
            return change(images.float()).to(torch.uint8)

    patterns = augment_patterns(Light())
    assert patterns.wraps.tolist() == [wraps] * len(patterns.wraps)


@pytest.mark.parametrize(("error", "passed"), [("", True), ("wraps", False)])
def test_bright_pixels_may_not_wrap_around(error, passed):
    patterns = augment_patterns(WrongAugmentation(error=error))
    assert 0.15 * (not passed) <= patterns.wraps.mean() <= 0.4 * (not passed)
    assert ImagesRecognisable().check(measured(patterns=patterns)).passed is passed
