"""A chain of blocks that is no registered backbone: tests of the registry stay free of it."""

from collections import OrderedDict

import torch
from torch import Tensor, nn


class Average(nn.Module):
    """Mean over the positions."""

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W) -> (B, C)."""
        return x.mean((2, 3), dtype=torch.float32)


def _block(inputs: int, outputs: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


def small_chain() -> nn.Sequential:
    """Return three blocks of stride two and their mean: 24 features."""
    return nn.Sequential(
        OrderedDict(stem=_block(3, 8), body=_block(8, 16), tail=_block(16, 24), average=Average())
    )
