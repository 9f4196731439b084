"""The prior that draws and loss leave in a network, strategy by strategy."""

import numpy as np
import pytest
import torch

from benchmark.strategy import CrossEntropy, find
from benchmark.train.effective_prior import effective_prior

COUNTS = np.array([500, 250, 120, 60, 30, 15, 5])
NATURAL = COUNTS / COUNTS.sum()
UNIFORM = np.full(7, 1 / 7)
ROOT = np.sqrt(COUNTS) / np.sqrt(COUNTS).sum()


def prior_of(name):
    stage = find(name).stages[-1]
    labels = np.repeat(np.arange(7), COUNTS)
    drawn = np.bincount(labels[stage.sampler(labels, np.random.default_rng(0))], minlength=7)
    return effective_prior(stage.loss, drawn, COUNTS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("no_change", NATURAL),
        ("mixup", NATURAL),
        ("class_weights", UNIFORM),
        ("balanced_softmax", UNIFORM),
        ("random_oversampling", UNIFORM),
        ("undersampling", UNIFORM),
        ("crt", UNIFORM),
        ("deferred_resampling", UNIFORM),
        ("square_root_weights", ROOT),
        ("square_root_sampling", ROOT),
        ("logit_adjusted_loss:tau=0.5", ROOT),
    ],
)
def test_draws_weights_and_shifted_logits_are_what_a_network_learns(name, expected):
    np.testing.assert_allclose(prior_of(name), expected, rtol=0.05, atol=0.002)


@pytest.mark.parametrize("name", ["ldam_drw", "deferred_reweighting", "class_balanced_focal"])
def test_weights_by_effective_number_leave_almost_nothing(name):
    assert np.ptp(np.log(prior_of(name))) < 0.1


@pytest.mark.parametrize("name", ["focal_loss", "label_smoothing", "generalized_cross_entropy"])
def test_other_losses_keep_the_order_of_the_classes(name):
    assert (np.diff(prior_of(name)) < 0).all()


@pytest.mark.parametrize("name", ["ldam_drw", "generalized_cross_entropy"])
def test_a_loss_with_hardly_a_minimum_leaves_no_more_than_the_class_sizes(name):
    counts = np.array([72, 7])
    prior = effective_prior(find(name).stages[-1].loss, counts, counts)
    assert np.ptp(np.log(prior)) <= np.log(72 / 7) + 1e-6


def test_label_smoothing_has_its_own_minimum():
    """(1 - epsilon) pi + epsilon / C minimises the smoothed cross-entropy of a constant."""
    np.testing.assert_allclose(
        prior_of("label_smoothing:epsilon=0.1"), 0.9 * NATURAL + 0.1 / 7, rtol=0.02, atol=0.001
    )


def test_classes_that_were_not_drawn_and_losses_that_fail_to_be_numbers_have_a_prior():
    drawn = np.array([10, 10, 0])
    prior = effective_prior(CrossEntropy(), drawn, np.array([5, 5, 1]))
    np.testing.assert_allclose(prior, np.array([10, 10, 1]) / 21, rtol=1e-4)

    def not_a_number(logits, target, counts):
        return logits.sum(1) * torch.nan

    np.testing.assert_allclose(
        effective_prior(not_a_number, drawn, np.array([5, 5, 1])), np.array([10, 10, 1]) / 21
    )
