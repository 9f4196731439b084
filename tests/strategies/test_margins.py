"""LDAM: margins, the cosine head, and the weights at the end. Cao et al. 2019, arXiv 1906.07413."""

import math

import pytest
import torch

from benchmark.strategy import find
from tests.strategies.long_tail import CIFAR10_LT, counts, logits

FIRST, FINAL = find("ldam_drw").stages


def test_the_margins_fall_with_the_fourth_root_of_the_class_size():
    """Eq. 12, scaled so that the largest is 0.5, as in their code; times the scale of 30."""
    x = torch.zeros(10, 10)
    loss = FIRST.loss(x, torch.eye(10), counts())
    margins = -(1 / (loss.exp() - 1) * 9).log()  # e^-m / (e^-m + 9) = e^-loss
    expected = [30 * 0.5 * (50 / n) ** 0.25 for n in CIFAR10_LT]
    torch.testing.assert_close(margins, torch.tensor(expected), rtol=1e-3, atol=1e-3)
    assert margins[9].item() == pytest.approx(15, rel=1e-3)
    assert margins[0].item() == pytest.approx(15 / math.sqrt(10), rel=1e-3)


def test_by_hand():
    """Two classes of 16 images and 1: margins 30 x .25 and 30 x .5; f = (10, 4)."""
    x, n = torch.tensor([[10.0, 4.0]] * 2), torch.tensor([16.0, 1.0])
    loss = FIRST.loss(x, torch.eye(2), n)
    first = math.log(1 + math.exp(4 - (10 - 7.5)))
    second = math.log(1 + math.exp(10 - (4 - 15)))
    assert loss.tolist() == pytest.approx([first, second], rel=1e-5)


def test_the_decision_has_no_margin():
    """On test images the largest cosine wins."""
    assert find("ldam_drw").decision == find("no_change").decision


def test_the_head_gives_cosines_times_the_scale():
    torch.manual_seed(0)
    head = find("ldam_drw").head(6, 4)
    x = torch.randn(5, 6)
    angles = torch.nn.functional.cosine_similarity(x[:, None], head.weight[None], dim=2)
    torch.testing.assert_close(head(x), 30 * angles)
    torch.testing.assert_close(head(7 * x), head(x), msg="the norm of the features plays no role")
    assert set(head.state_dict()) == {"weight"}


def test_class_weights_are_added_in_the_last_fifth():
    """Algorithm 1: the last 40 of 200 epochs."""
    assert (FIRST.fraction, FINAL.fraction) == pytest.approx((0.8, 0.2))
    x, target = logits(10), torch.eye(10)
    weights = find("effective_number").stages[0].loss.scaled_weights(counts())
    expected = weights * FIRST.loss(x, target, counts())
    torch.testing.assert_close(FINAL.loss(x, target, counts()), expected)


def test_a_soft_target_has_its_share_of_the_margin():
    x = torch.zeros(1, 2)
    n = torch.tensor([1.0, 1.0])
    shared = FIRST.loss(x, torch.tensor([[0.5, 0.5]]), n)
    assert shared.item() == pytest.approx(math.log(2)), "both lose 7.5, so nothing changes"


def test_margin_and_scale_can_be_chosen():
    loss = find("ldam_drw:margin=0.2,scale=10").stages[0].loss
    x, n = torch.zeros(1, 2), torch.tensor([1.0, 1.0])
    expected = math.log(1 + math.exp(2))
    assert loss(x, torch.tensor([[1.0, 0.0]]), n).item() == pytest.approx(expected)
