"""ResNet-32 for images of 32 pixels, as a plug-in: the network of the long-tail papers."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from benchmark.model.backbone import backbone


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut, which has no parameters ('option A')."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.stride, self.new = stride, width - before

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W) -> (B, width, H / stride, W / stride)."""
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        short = x[:, :, :: self.stride, :: self.stride]
        return (y + pad(short, (0, 0, 0, 0, self.new // 2, self.new - self.new // 2))).relu()


class Normalise(nn.Module):
    """From [-1, 1] to the mean 0 and standard deviation 1 of CIFAR-10's channels."""

    mean, std = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, 3, H, W) -> the same."""
        mean, std = (x.new_tensor(v).view(3, 1, 1) for v in (self.mean, self.std))  # (3,) -> ...
        return ((x + 1) / 2 - mean) / std


class Average(nn.Module):
    """Mean over the positions."""

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W) -> (B, C)."""
        return x.mean((2, 3), dtype=torch.float32)


def stage(before: int, width: int, stride: int) -> nn.Sequential:
    """Five blocks, of which the first shrinks the map."""
    first = BasicBlock(before, width, stride)
    return nn.Sequential(first, *(BasicBlock(width, width, 1) for _ in range(4)))


@backbone(half="layer3", min_size=8)
def resnet32() -> nn.Sequential:
    """ResNet-32 for 32 px (He et al. 2016, arXiv 1512.03385, section 4.2), from random numbers."""
    stem = nn.Sequential(
        Normalise(), nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()
    )
    blocks = OrderedDict(
        stem=stem,
        layer1=stage(16, 16, 1),
        layer2=stage(16, 32, 2),
        layer3=stage(32, 64, 2),
        average=Average(),
    )
    for module in (m for block in blocks.values() for m in block.modules()):
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return nn.Sequential(blocks)
