"""What the long-tail papers train on CIFAR: ResNet-32, crops and flips, 200 epochs of SGD.

A plug-in: ``--plugin tests/published/cifar.py --backbone resnet32 --weights none --image-size 32``.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from benchmark.model.registry import backbone
from benchmark.plan.recipes import Phase, Recipe


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


@dataclass(frozen=True)
class CropAndFlip:
    """A random window of the image with a black border, half of them mirrored."""

    border: int = 4

    def changes(self, copy: Tensor) -> Tensor:
        """All of them, (B,) bool."""
        return copy >= 0

    def __call__(self, images: Tensor, copy: Tensor, rng: torch.Generator) -> Tensor:
        """Images (B, 3, H, W) uint8 -> the same."""
        count, _, height, width = images.shape
        wide = pad(images, (self.border,) * 4)

        def draw(below: int) -> Tensor:  # (B, 1)
            return torch.randint(below, (count, 1), generator=rng, device=images.device)

        down, across = draw(2 * self.border + 1), draw(2 * self.border + 1)
        rows = down + torch.arange(height, device=images.device)  # (B, H)
        columns = across + torch.arange(width, device=images.device)  # (B, W)
        columns = torch.where(draw(2) == 1, columns.flip(1), columns)
        which = torch.arange(count, device=images.device)[:, None, None]
        # (B, H + 8, W + 8, 3) at (B, H, W) -> (B, H, W, 3) -> (B, 3, H, W)
        return wide.permute(0, 2, 3, 1)[which, rows[:, :, None], columns[:, None]].permute(
            0, 3, 1, 2
        )


def recipe(epochs: float = 200, head_epochs: float = 0) -> Recipe:
    """Cao et al. 2019, arXiv 1906.07413, section 4.1: warm-up, rates / 100 at 80 and at 90 %.

    `head_epochs` are added for methods that train the last layer again at the end.
    """
    phases = (Phase(epochs, "rest", 0.1, warmup=0.025, lr_milestones=(0.8, 0.9)),)
    if head_epochs:
        phases += (Phase(head_epochs, "head", 0.1, cosine=True),)
    return Recipe(
        "cifar",
        "The long-tail papers' on CIFAR: ResNet-32 from random numbers, SGD, crops and flips.",
        phases,
        batch_size=128,
        weight_decay=2e-4,
        momentum=0.9,
        augmentation=CropAndFlip(),
    )
