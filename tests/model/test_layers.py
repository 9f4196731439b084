"""Layers that several backbones share."""

import itertools

import pytest
import torch
from torch.nn.functional import pad

from benchmark.model.layers import DepthwiseConv2d, InputScale, SameConv2d


@pytest.mark.parametrize(
    ("side", "window", "stride", "zeros"),
    [
        *((8, 3, 2, (0, 1)), (7, 3, 2, (1, 1)), (8, 5, 2, (1, 2)), (7, 5, 2, (2, 2))),
        *((1, 3, 2, (1, 1)), (2, 5, 2, (1, 2)), (9, 3, 3, (0, 0)), (8, 1, 2, (0, 0))),
    ],
)
def test_same_padding_is_tensorflows(side, window, stride, zeros):
    """Zeros by TensorFlow's formula, written down; rows and columns are padded on their own."""
    torch.manual_seed(1)
    conv = SameConv2d(4, 4, window, stride, groups=4)
    for height, width in itertools.permutations((side, 12)):
        x = torch.randn(2, 4, height, width)
        there = -(-12 // stride) * stride - stride + window - 12
        others = (max(there, 0) // 2, max(there, 0) - max(there, 0) // 2)
        (top, bottom), (left, right) = (zeros, others) if height == side else (others, zeros)
        padded = pad(x, (left, right, top, bottom))
        expected = torch.conv2d(padded, conv.weight, conv.bias, stride, groups=4)
        torch.testing.assert_close(conv(x), expected, rtol=1e-5, atol=1e-5)
        assert expected.shape[2:] == (-(-height // stride), -(-width // stride))


def test_gradients_of_same_padding_are_those_of_padded_maps():
    torch.manual_seed(2)
    conv, x = SameConv2d(3, 5, 3, 2, bias=False).double(), torch.randn(2, 3, 8, 8).double()
    direction = torch.randn(2, 5, 4, 4).double()
    (conv(x) * direction).sum().backward()
    ours, conv.weight.grad = conv.weight.grad, None
    (torch.conv2d(pad(x, (0, 1, 0, 1)), conv.weight, None, 2) * direction).sum().backward()
    torch.testing.assert_close(ours, conv.weight.grad)


def test_a_depthwise_convolution_is_trained_in_float32_on_a_cpu():
    conv, x = DepthwiseConv2d(4, 3, stride=2), torch.randn(2, 4, 8, 8).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        trained = conv(x)
        with torch.no_grad():
            rounded = conv(x)
    assert (trained.dtype, rounded.dtype) == (torch.float32, torch.bfloat16)
    assert torch.equal(trained, conv(x.float()))
    torch.testing.assert_close(rounded.float(), trained, rtol=0.02, atol=0.02)


def test_the_input_is_converted_to_the_means_and_deviations_of_the_authors():
    pixels = torch.tensor([0.0, 127.0, 255.0]).view(1, 3, 1, 1)
    scale = InputScale(mean=(0.0, 127.0, 55.0), deviation=(1.0, 128.0, 50.0))
    converted = scale(pixels / 127.5 - 1).flatten()
    torch.testing.assert_close(converted, torch.tensor([0.0, 0.0, 4.0]), rtol=0, atol=1e-5)
    assert not scale.state_dict()
