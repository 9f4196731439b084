"""Mixup and remix blend as in their papers; their baseline augments every image."""

import pytest
import torch

from benchmark.strategy import RandomAugmentation, find
from strategies.remix import Remix

COUNTS = torch.tensor([90.0, 10.0, 25.0])


def blended(name, images=2000, seed=0):
    """All pixels of an image have the brightness of its class, so pixels show the shares."""
    labels = torch.arange(images) % 3
    bright = torch.tensor([0.0, 100.0, 200.0])[labels]
    pixels = bright[:, None, None, None].expand(-1, 3, 2, 2).clone()
    torch.manual_seed(seed)
    mix = find(name).stages[0].mixing
    mixed, target = mix(pixels, torch.eye(3)[labels], COUNTS, torch.Generator().manual_seed(seed))
    return labels, mixed[:, 0, 0, 0], target


def test_labels_are_blended_as_pixels_are():
    """Zhang et al. 2018, eq. 1."""
    _, pixels, target = blended("mixup")
    expected = target @ torch.tensor([0.0, 100.0, 200.0])
    torch.testing.assert_close(pixels, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_shares_follow_the_beta_distribution(alpha):
    """Of Beta(a, a): mean 1/2, variance 1 / (4 (2a + 1))."""
    labels, _, target = blended(f"mixup:alpha={alpha}", images=6000)
    own = target[torch.arange(6000), labels]
    other = own[own < 1]  # mixed with another class
    variance = ((other - 0.5) ** 2).mean()
    assert variance.item() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.06)
    assert other.mean().item() == pytest.approx(0.5, abs=0.03)


def test_remix_blends_pixels_as_mixup_does():
    _, by_mixup, _ = blended("mixup:alpha=1")
    _, by_remix, _ = blended("remix:alpha=1")
    assert torch.equal(by_mixup, by_remix)


@pytest.mark.parametrize(
    ("own", "other", "share", "label"),
    [
        (0, 1, 0.4, 0.0),  # 90 : 10, of the majority less than tau: all to the minority
        (0, 1, 0.6, 0.6),  # more than tau: as in mixup
        (1, 0, 0.6, 1.0),  # the minority's own image, the other less than tau
        (1, 0, 0.4, 0.4),
        (2, 1, 0.1, 0.1),  # 25 : 10 is below kappa
        (0, 2, 0.2, 0.0),  # 90 : 25 is above
        (1, 1, 0.3, 0.3),
    ],
)
def test_remix_gives_the_label_to_the_much_rarer_class(own, other, share, label):
    """Chou et al. 2020, eq. 7, kappa 3 and tau 0.5."""
    assert remixed(own, other, share, tau=0.5) == pytest.approx(label)


@pytest.mark.parametrize(
    ("own", "other", "share", "label"),
    [
        (0, 1, 0.2, 0.0),
        (0, 1, 0.4, 0.4),  # neither below .3 nor above .7
        (0, 1, 0.8, 0.8),
        (1, 0, 0.2, 0.2),
        (1, 0, 0.6, 0.6),
        (1, 0, 0.8, 1.0),
    ],
)
def test_the_smaller_tau_is_the_less_remix_does(own, other, share, label):
    assert remixed(own, other, share, tau=0.3) == pytest.approx(label)


def remixed(own, other, share, tau):
    """Own label's share of an image of class `own` that is blended with one of class `other`."""
    mixing = Remix(1.0, 3.0, tau)
    classes = torch.eye(3)
    return mixing.label_share(
        torch.tensor([share]), classes[[own]], classes[[other]], COUNTS
    ).item()


def test_augmentation_only_augments_as_augmentation_oversampling_but_every_image():
    (baseline,), (oversampled,) = (
        find("augmentation_only").stages,
        find("augmentation_oversampling").stages,
    )
    assert baseline.augmentation == RandomAugmentation(15.0)
    assert oversampled.augmentation == RandomAugmentation(15.0, from_repeat=1)
    repeat_index = torch.arange(3)
    assert baseline.augmentation.selects(repeat_index).tolist() == [True, True, True]
    assert oversampled.augmentation.selects(repeat_index).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("mixup:alpha=0", "alpha must be above 0, got 0"),
        ("remix:kappa=0.5", "kappa must be 1 or more and tau from 0 to 1, got 0.5 and 0.5"),
        ("remix:tau=2", "got 3.0 and 2.0"),
    ],
)
def test_wrong_parameters_are_explained(spec, message):
    with pytest.raises(ValueError, match=message):
        find(spec)
