"""Samplers draw as often as in their papers."""

import numpy as np
import pytest

from benchmark.strategy import Shuffle, find
from tests.strategies.long_tail import CIFAR10_LT

SIZES = (60, 25, 8, 1)
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(4), SIZES))


def draw(sampler, labels=LABELS, seed=0):
    return sampler(labels, np.random.default_rng(seed))


def class_counts(indices, labels=LABELS):
    return np.bincount(labels[indices], minlength=labels.max() + 1).tolist()


def test_random_oversampling_repeats_every_class_up_to_the_largest():
    """As imbalanced-learn's RandomOverSampler: every image at least once, the largest exactly."""
    indices = draw(find("random_oversampling").stages[0].sampler)
    assert class_counts(indices) == [60] * 4
    occurrences = np.bincount(indices, minlength=len(LABELS))
    assert (occurrences[LABELS == 0] == 1).all()
    assert (occurrences >= 1).all()
    assert occurrences[LABELS == 3].tolist() == [60]


def test_undersampling_cuts_every_class_to_the_smallest_without_repeats():
    """As imbalanced-learn's RandomUnderSampler."""
    labels = LABELS[LABELS != 3]
    indices = draw(find("undersampling").stages[0].sampler, labels)
    assert class_counts(indices, labels) == [8, 8, 8]
    assert len(set(indices.tolist())) == 24


def test_undersampling_leaves_no_image_out_for_good():
    sampler = find("undersampling").stages[0].sampler
    labels = LABELS[LABELS != 3]
    indices = {i for seed in range(100) for i in draw(sampler, labels, seed).tolist()}
    assert len(indices) == len(labels)


def test_square_root_sampling():
    """Kang et al. 2020, eq. 1 with q = 1/2: sqrt(n_c / n_1) of the largest class's draws."""
    labels = np.repeat(np.arange(10), CIFAR10_LT)
    indices = draw(find("square_root_sampling").stages[0].sampler, labels)
    expected = [round(5000 * (n / 5000) ** 0.5) for n in CIFAR10_LT]
    assert class_counts(indices, labels) == expected
    assert expected[-1] == 500, "ten times its images, where balanced draws have a hundred times"


@pytest.mark.parametrize(("power", "expected"), [(0, [60] * 4), (1, list(SIZES))])
def test_powers_of_0_and_1_are_balanced_draws_and_class_sizes(power, expected):
    assert (
        class_counts(draw(find("square_root_sampling", power=power).stages[0].sampler)) == expected
    )


def test_progressive_sampling_goes_from_class_sizes_to_balance():
    """Kang et al. 2020, eq. 2: (1 - t) n_c / N + t / C."""
    stages = find("progressive_sampling:stages=5").stages
    assert [stage.fraction for stage in stages] == pytest.approx([0.2] * 5)
    assert stages[0].sampler == Shuffle()
    labels = np.repeat(np.arange(10), CIFAR10_LT)
    sizes = np.array(CIFAR10_LT) / sum(CIFAR10_LT)
    for stage, t in zip(stages, (0, 0.25, 0.5, 0.75, 1), strict=True):
        draws = np.array(class_counts(draw(stage.sampler, labels), labels), float)
        np.testing.assert_allclose(draws / draws.sum(), (1 - t) * sizes + t / 10, atol=2e-4)


@pytest.mark.parametrize("name", ["deferred_resampling", "crt"])
def test_balanced_draws_at_the_end_are_those_of_oversampling(name):
    (balanced,) = find("random_oversampling").stages
    first, final = find(name).stages
    assert first.sampler == Shuffle()
    assert final.sampler == balanced.sampler


def test_augmentation_oversampling_draws_as_random_oversampling():
    (plain,), (augmented,) = (
        find(name).stages for name in ("random_oversampling", "augmentation_oversampling")
    )
    assert plain.sampler == augmented.sampler


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("square_root_sampling:power=1.5", "power must be from 0 to 1, got 1.5"),
        ("progressive_sampling:stages=1", "stages must be 2 or more, got 1"),
    ],
)
def test_wrong_parameters_are_explained(spec, message):
    with pytest.raises(ValueError, match=message):
        find(spec)
