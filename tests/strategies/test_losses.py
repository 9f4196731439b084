"""Losses have the values and gradients of their papers."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from benchmark.strategy import CrossEntropy, find
from tests.strategies.long_tail import counts, logits

TARGET = torch.tensor([0, 3, 9, 9, 5, 1])
ONE_HOT = torch.eye(10)[TARGET]


def loss(name, x, target=ONE_HOT, n=None, stage=0):
    return find(name).stages[stage].loss(x, target, counts() if n is None else n)


def two_logits(p):
    """Logits of two classes; the first has probability p."""
    return torch.tensor([[math.log(p / (1 - p)), 0.0]])


# ---- focal loss ------------------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [0.5, 1, 2, 5])
@pytest.mark.parametrize("p", [0.01, 0.3, 0.5, 0.9, 0.999])
def test_focal_loss(gamma, p):
    """Lin et al. 2017, eq. 4 and, for its gradient, appendix B: d/df_y of -(1-p)^g log p."""
    x = two_logits(p).requires_grad_()
    value = loss(f"focal_loss:gamma={gamma}", x, torch.tensor([[1.0, 0.0]]))
    assert value.item() == pytest.approx(-((1 - p) ** gamma) * math.log(p), rel=1e-3)
    value.sum().backward()
    expected = (1 - p) ** gamma * (gamma * p * math.log(p) + p - 1)
    assert x.grad[0, 0].item() == pytest.approx(expected, rel=1e-3)
    assert x.grad[0, 1].item() == pytest.approx(-expected, rel=1e-3)


def test_an_easy_image_counts_a_hundred_times_less():
    """Lin et al. 2017, section 3.2: gamma 2, p .9 has 100x lower loss, p about .968 1000x."""
    for p, times in ((0.9, 100), (0.968, 1000)):
        focal = loss("focal_loss", two_logits(p), torch.tensor([[1.0, 0.0]]))
        plain = CrossEntropy()(two_logits(p), torch.tensor([[1.0, 0.0]]), counts())
        assert (plain / focal).item() == pytest.approx(times, rel=0.03)


def test_focal_loss_without_focus_is_cross_entropy():
    torch.testing.assert_close(
        loss("focal_loss:gamma=0", logits()), cross_entropy(logits(), TARGET, reduction="none")
    )


def test_the_gradient_of_a_certain_image_is_finite_for_any_gamma():
    x = torch.tensor([[80.0, 0.0]], requires_grad=True)
    loss("focal_loss:gamma=0.5", x, torch.tensor([[1.0, 0.0]])).sum().backward()
    assert x.grad.isfinite().all()


# ---- logit adjustment ------------------------------------------------------------------------


def test_logit_adjusted_loss_by_hand():
    """Menon et al. 2021, eq. 10: equal logits, prior .9 and .1: -log .1 for the rare class."""
    x, n = torch.zeros(2, 2), torch.tensor([90.0, 10.0])
    value = loss("logit_adjusted_loss", x, torch.eye(2), n)
    assert value.tolist() == pytest.approx([-math.log(0.9), -math.log(0.1)])
    halved = loss("logit_adjusted_loss:tau=0.5", x, torch.eye(2), n)
    assert halved.tolist() == pytest.approx([-math.log(0.75), -math.log(0.25)])


def test_logit_adjusted_loss_is_a_pairwise_margin_loss():
    """Menon et al. 2021, eq. 11: log(1 + sum_c' (pi_c' / pi_y)^tau e^(f_c' - f_y))."""
    x, prior = logits(), counts() / counts().sum()
    for tau in (0.5, 1.0, 1.5):
        ratio = (prior[None] / prior[TARGET][:, None]) ** tau
        gaps = (x - x.gather(1, TARGET[:, None])).exp()
        expected = (1 + (ratio * gaps * (1 - ONE_HOT)).sum(1)).log()
        torch.testing.assert_close(loss(f"logit_adjusted_loss:tau={tau}", x), expected)


def test_balanced_softmax_is_it_with_tau_1():
    """Ren et al. 2020, eq. 4: n_y e^f_y / sum_c n_c e^f_c."""
    x, n = logits().double(), counts().double()
    expected = -((n * x.exp())[torch.arange(6), TARGET] / (n * x.exp()).sum(1)).log()
    torch.testing.assert_close(loss("balanced_softmax", x, ONE_HOT.double(), n), expected)
    assert find("balanced_softmax") == find("logit_adjusted_loss")


def test_without_adjustment_it_is_cross_entropy():
    torch.testing.assert_close(
        loss("logit_adjusted_loss:tau=0", logits()),
        cross_entropy(logits(), TARGET, reduction="none"),
    )


# ---- wrong labels ----------------------------------------------------------------------------


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.5])
def test_label_smoothing_is_torchs(epsilon):
    expected = cross_entropy(logits(), TARGET, reduction="none", label_smoothing=epsilon)
    torch.testing.assert_close(loss(f"label_smoothing:epsilon={epsilon}", logits()), expected)


def test_generalized_cross_entropy_by_hand():
    """Zhang & Sabuncu 2018, eq. 6: p .5, q .7: (1 - .5^.7) / .7 = .5492."""
    value = loss("generalized_cross_entropy", two_logits(0.5), torch.tensor([[1.0, 0.0]]))
    assert value.item() == pytest.approx(0.5492, abs=1e-4)


def test_its_limits_are_cross_entropy_and_the_absolute_error():
    """Zhang & Sabuncu 2018, section 3.2: q to 0, and q = 1 (half of |p - e_y|)."""
    near = loss("generalized_cross_entropy:q=0.0001", logits())
    torch.testing.assert_close(
        near, cross_entropy(logits(), TARGET, reduction="none"), rtol=1e-3, atol=1e-3
    )
    far = loss("generalized_cross_entropy:q=1", logits())
    torch.testing.assert_close(far, (logits().softmax(1) - ONE_HOT).abs().sum(1) / 2)


@pytest.mark.parametrize("q", [0.3, 0.7])
def test_the_gradient_is_p_to_the_q_times_that_by_cross_entropy(q):
    """Zhang & Sabuncu 2018, eq. 7."""
    x = logits().requires_grad_()
    loss(f"generalized_cross_entropy:q={q}", x).sum().backward()
    p = x.detach().softmax(1)
    expected = (p - ONE_HOT) * p[torch.arange(6), TARGET][:, None] ** q
    torch.testing.assert_close(x.grad, expected)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("focal_loss:gamma=-0.1", "gamma must be 0 or more, got -0.1"),
        ("logit_adjusted_loss:tau=-1", "tau must be 0 or more, got -1"),
        ("label_smoothing:epsilon=1", "epsilon must be from 0 to below 1, got 1"),
        ("generalized_cross_entropy:q=0", "q must be above 0 and up to 1, got 0"),
        ("generalized_cross_entropy:q=1.1", "q must be above 0 and up to 1, got 1.1"),
    ],
)
def test_wrong_parameters_are_explained(spec, message):
    with pytest.raises(ValueError, match=message):
        find(spec)
