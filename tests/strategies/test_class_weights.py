"""Class weights are those of the papers, with mean 1 over the training images."""

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from benchmark.strategy import CrossEntropy, find
from tests.strategies.long_tail import CIFAR10_LT, counts, logits

LABELS = np.repeat(np.arange(10), CIFAR10_LT)


def weights(strategy, stage=0, sizes=None):
    loss = find(strategy).stages[stage].loss
    return loss.scaled_weights(counts() if sizes is None else sizes).numpy()


def test_class_weights_are_balanced_as_in_scikit_learn():
    """N / (C n_c), whose mean over images is 1 already."""
    expected = compute_class_weight("balanced", classes=np.arange(10), y=LABELS)
    np.testing.assert_allclose(weights("class_weights"), expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["square_root_weights", "class_weights:power=0.5"])
def test_square_root_weights(name):
    sizes = np.array(CIFAR10_LT, float)
    expected = sizes**-0.5 * sizes.sum() / (sizes**0.5).sum()
    np.testing.assert_allclose(weights(name), expected, rtol=1e-5)
    assert weights(name)[9] / weights(name)[0] == pytest.approx(10, rel=1e-4), "root of the ratio"


@pytest.mark.parametrize("beta", [0.9, 0.99, 0.999, 0.9999])
def test_effective_number_weights(beta):
    """Cui et al. 2019, eq. 2 and 6: E_n = (1 - beta^n) / (1 - beta)."""
    number = np.array([sum(beta**k for k in range(n)) for n in CIFAR10_LT])  # its proposition 1
    expected = 1 / number
    expected *= len(LABELS) / (expected * CIFAR10_LT).sum()
    np.testing.assert_allclose(weights(f"effective_number:beta={beta}"), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "ratio"),
    [
        ("effective_number", 79),
        ("class_balanced_focal", 79),
        ("deferred_reweighting", 79),
        ("ldam_drw", 79),
        ("effective_number:beta=0.999", 20),
        ("deferred_reweighting:beta=0.999", 20),
        ("ldam_drw:beta=0.999", 20),
    ],
)
def test_the_default_beta_is_that_of_the_authors_code(name, ratio):
    """.9999 (Cui et al.'s script, Cao et al.'s code): 5,000 and 50 images weigh 1 to 79."""
    per_class = weights(name, stage=-1)
    assert per_class[9] / per_class[0] == pytest.approx(ratio, abs=0.5)


def test_limits_of_the_effective_number():
    """Beta 0: no weights; beta near 1: inverse frequency (Cui et al. 2019, below eq. 6)."""
    np.testing.assert_allclose(weights("effective_number:beta=0"), np.ones(10), rtol=1e-6)
    near = weights("effective_number:beta=0.9999999")
    np.testing.assert_allclose(near, weights("class_weights"), rtol=1e-3)


@pytest.mark.parametrize(
    "name", ["class_weights", "square_root_weights", "effective_number", "deferred_reweighting"]
)
def test_weights_have_mean_1_over_the_training_images(name):
    """Otherwise they would be another learning rate."""
    assert weights(name, stage=-1)[LABELS].mean() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("name", ["class_weights", "effective_number"])
def test_a_class_without_images_counts_as_a_class_of_one_image(name):
    empty, single = (weights(name, sizes=torch.tensor([40.0, 10, n])) for n in (0, 1))
    assert np.isfinite(empty).all()
    assert empty[2] / empty[0] == pytest.approx(single[2] / single[0], rel=1e-5)


@pytest.mark.parametrize("name", ["class_weights", "square_root_weights", "effective_number"])
def test_the_loss_is_torchs_weighted_cross_entropy_without_its_mean(name):
    """torch divides by the sum of the batch's weights, which would undo them image by image."""
    target, x = torch.tensor([0, 3, 9, 9, 5, 1]), logits()
    loss = find(name).stages[0].loss
    one_hot = torch.eye(10)[target]
    expected = torch.nn.functional.cross_entropy(
        x, target, weight=torch.from_numpy(weights(name)), reduction="none"
    )
    torch.testing.assert_close(loss(x, one_hot, counts()), expected)


@pytest.mark.parametrize("name", ["class_weights", "class_weights:power=0.5", "effective_number"])
def test_normalised_over_the_batch_the_mean_is_that_of_torchs_weighted_cross_entropy(name):
    """torch divides the sum over the batch by its weights, whatever their scale."""
    target, x = torch.tensor([0, 3, 9, 9, 5, 1]), logits()
    loss = find(f"{name}{',' if ':' in name else ':'}normalise=batch").stages[0].loss
    mean = loss(x, torch.eye(10)[target], counts()).mean()
    for scale in (1.0, 7.0):
        weight = scale * torch.from_numpy(weights(name))
        torch.testing.assert_close(mean, torch.nn.functional.cross_entropy(x, target, weight))


def test_normalised_over_the_batch_a_batch_of_one_class_is_plain_cross_entropy():
    target, x = torch.eye(10)[[0, 0, 0, 0, 0, 0]], logits()
    plain = CrossEntropy()(x, target, counts())
    over_batch, over_train = (
        find("class_weights", normalise=over).stages[0].loss(x, target, counts())
        for over in ("batch", "train")
    )
    torch.testing.assert_close(over_batch, plain)
    assert (over_train < 0.5 * plain).all(), "the largest class weighs less than 1"


def test_class_balanced_focal_loss_is_focal_loss_times_weights():
    """Cui et al. 2019, section 4.3; the focal factor has the unweighted probability."""
    target, x = torch.tensor([0, 3, 9, 9, 5, 1]), logits()
    loss = (
        find("class_balanced_focal:gamma=2,beta=0.99")
        .stages[0]
        .loss(x, torch.eye(10)[target], counts())
    )
    p = x.softmax(1)[torch.arange(6), target]
    w = torch.from_numpy(weights("effective_number:beta=0.99"))[target]
    torch.testing.assert_close(loss, -w * (1 - p) ** 2 * p.log())


def test_deferred_weights_are_those_of_the_effective_number():
    first, final = find("deferred_reweighting:beta=0.99").stages
    assert first.loss == CrossEntropy()
    assert final.loss == find("effective_number:beta=0.99").stages[0].loss
    _, final = find("deferred_reweighting:beta=0.99,normalise=batch").stages
    assert final.loss == find("effective_number:beta=0.99,normalise=batch").stages[0].loss
    assert (first.fraction, final.fraction) == pytest.approx((0.8, 0.2))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("class_weights:power=-1", "power must be from 0 to 2, got -1"),
        ("class_weights:normalise=mean", "normalise must be train or batch, got 'mean'"),
        ("effective_number:beta=1", "beta must be from 0 to below 1, got 1"),
        ("class_balanced_focal:gamma=-1", "gamma must be 0 or more, got -1"),
        ("deferred_reweighting:final_fraction=0", r"fraction must be in \(0, 1\], got 0"),
    ],
)
def test_wrong_parameters_are_explained(spec, message):
    with pytest.raises(ValueError, match=message):
        find(spec)
