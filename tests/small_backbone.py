"""A three-block network for tests of the harness: milliseconds where InceptionV3 takes seconds.

Use it by `--plugin tests/small_backbone.py --backbone small`, or through the fixture
`small_backbone`, which registers it and returns its name.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from benchmark.model.registry import backbone


class GlobalAverage(nn.Module):
    """Mean over the positions, (B, C, H, W) -> (B, C)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the mean of each channel."""
        return x.mean((2, 3), dtype=torch.float32)


def _block(inputs: int, outputs: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


@backbone(half="body", min_size=16)
def small() -> nn.Sequential:
    """Three blocks of stride two, 24 features: for tests."""
    return nn.Sequential(
        OrderedDict(
            stem=_block(3, 8), body=_block(8, 16), tail=_block(16, 24), pool=GlobalAverage()
        )
    )
