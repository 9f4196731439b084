"""Layers that several backbones share."""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad


class GlobalAverage(nn.Module):
    """Mean over the positions, (B, C, H, W) -> (B, C), in float32 whatever the input is."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the mean of each channel."""
        return x.mean((2, 3), dtype=torch.float32)


class InputScale(nn.Module):
    """Convert images from x / 127.5 - 1 to (x - mean) / deviation, given in units of pixels.

    It has no tensors, so that a chain has the names and tensors of the network's authors.
    """

    def __init__(self, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        super().__init__()
        self.factor = [127.5 / d for d in deviation]
        self.shift = [(127.5 - m) / d for m, d in zip(mean, deviation, strict=True)]

    def forward(self, x: Tensor) -> Tensor:
        """Return the images (B, 3, H, W), in float32."""
        x = x.float()
        # filled where they are used: for a copy from the host a GPU is waited for
        factor, shift = (
            torch.cat([x.new_full((1, 1, 1), value) for value in values])  # (3, 1, 1)
            for values in (self.factor, self.shift)
        )
        return torch.addcmul(shift, x, factor)


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's padding "same": n positions a side become n / stride.

    An odd number of zeros has its larger half after the last position. Then the kernel gets a row
    or column of zeros before its first, and the padding is symmetric: 2 to 8 times as fast on a CPU
    as padded maps, which are copied.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W) -> (B, D, ceil(H / stride), ceil(W / stride))."""
        zeros = [
            max((-(-side // stride) - 1) * stride + window - side, 0)
            for side, stride, window in zip(x.shape[2:], self.stride, self.kernel_size, strict=True)
        ]
        rows, columns = (number % 2 for number in zeros)
        weight = pad(self.weight, (columns, 0, rows, 0))
        padding = [(number + 1) // 2 for number in zeros]
        return conv2d(x, weight, self.bias, self.stride, padding, groups=self.groups)


class DepthwiseConv2d(SameConv2d):
    """A filter for each channel, with padding "same"; on a CPU it is trained in float32.

    There the gradients of a window of 5 take 3 to 50 times as long in bfloat16 (AVX-512).
    """

    def __init__(self, channels: int, window: int, stride: int) -> None:
        super().__init__(channels, channels, window, stride, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W) -> (B, C, ceil(H / stride), ceil(W / stride))."""
        if x.device.type != "cpu" or not torch.is_grad_enabled():
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float())


class ConvNorm(nn.Sequential):
    """A convolution without bias, batch norm and ReLU6 or nothing."""

    def __init__(self, conv: nn.Conv2d, activation: bool = True) -> None:
        super().__init__(
            OrderedDict(
                conv=conv,
                # TensorFlow's eps; torch's default is 1e-5
                bn=nn.BatchNorm2d(conv.out_channels, eps=1e-3),
                act=nn.ReLU6(inplace=True) if activation else nn.Identity(),
            )
        )


def initialise(network: nn.Module) -> None:
    """Draw the weights of all convolutions, by He et al. 2015.

    Their scale keeps activations alive through 94 layers even where batch norm is frozen at its
    initial identity.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
