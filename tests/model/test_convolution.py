"""Convolutions with own gradients: the numbers equal the library's."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.grad import conv2d_weight
from torchvision.models.inception import BasicConv2d

from benchmark.model.convolution import (
    Convolution,
    SmallMapConv2d,
    weight_gradient_by_tap,
    weight_gradient_in_one_product,
    with_matrix_gradients,
)

KINDS = [((1, 1), (0, 0)), ((1, 7), (0, 3)), ((7, 1), (3, 0)), ((3, 3), (1, 1)), ((3, 3), (0, 0))]


@pytest.mark.parametrize(("size", "padding"), KINDS)
def test_gradients_are_those_of_the_definition(size, padding):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(5, 3, *size, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, w: Convolution.apply(x, w, padding), (x, weight))
    expected = torch.conv2d(x, weight, None, 1, padding)
    torch.testing.assert_close(Convolution.apply(x, weight, padding), expected)


@pytest.mark.parametrize("products", [weight_gradient_in_one_product, weight_gradient_by_tap])
@pytest.mark.parametrize("side", [1, 2, 3, 6])  # at 75 and 128 px; taps of the first see nothing
@pytest.mark.parametrize(("size", "padding"), KINDS[:-1])
def test_both_ways_give_the_gradient_of_the_weight(products, side, size, padding):
    torch.manual_seed(0)
    x = torch.randn(3, 4, side, side).contiguous(memory_format=torch.channels_last)
    gradient = torch.randn(3, 5, side, side).contiguous(memory_format=torch.channels_last)
    expected = conv2d_weight(x, (5, 4, *size), gradient, padding=padding)
    torch.testing.assert_close(products(x, gradient, size, padding), expected)


@pytest.fixture
def blocks():
    torch.manual_seed(0)
    kinds = [{"kernel_size": (1, 7), "padding": (0, 3)}, {"kernel_size": 3, "stride": 2}]
    made = nn.Sequential(*(BasicConv2d(16, 16, **kind) for kind in kinds))
    return made.to(memory_format=torch.channels_last)


def gradients(blocks, x, autocast):
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        blocks(x).float().square().sum().backward()
    return {name: p.grad for name, p in blocks.named_parameters()}


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize("side", [6, 9])
def test_gradients_of_a_network_equal_the_library_s(blocks, autocast, side):
    x = torch.randn(8, 16, side, side).contiguous(memory_format=torch.channels_last)
    expected = gradients(copy.deepcopy(blocks), x, autocast)
    names = list(blocks.state_dict())
    actual = gradients(with_matrix_gradients(blocks), x, autocast)
    assert list(blocks.state_dict()) == names
    assert [type(block.conv) for block in blocks] == [SmallMapConv2d, nn.Conv2d]
    for name, gradient in actual.items():
        assert gradient.dtype == torch.float32
        gap = (gradient - expected[name]).norm() / expected[name].norm()
        assert gap < (0.01 if autocast else 1e-6), name


def test_small_maps_alone_use_matrix_products(blocks, monkeypatch):
    calls = []
    apply = Convolution.apply
    monkeypatch.setattr(Convolution, "apply", lambda *all_: calls.append(all_[0]) or apply(*all_))
    with_matrix_gradients(blocks)
    for side, autocast in ((6, True), (9, True), (6, False)):
        gradients(blocks, torch.randn(2, 16, side, side), autocast)
    assert [tuple(x.shape) for x in calls] == [(2, 16, 6, 6)] * 2
    assert [x.dtype for x in calls] == [torch.bfloat16, torch.float32]


def test_the_cast_of_a_weight_is_not_kept_for_the_backward_pass(blocks):
    saved = []
    block = with_matrix_gradients(blocks)[0]
    x = torch.randn(2, 16, 6, 6)
    with (
        torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t),
        torch.autocast("cpu", torch.bfloat16),
    ):
        block(x)
    weights = [t for t in saved if t.shape == block.conv.weight.shape]
    assert [t.data_ptr() for t in weights] == [block.conv.weight.data_ptr()]
