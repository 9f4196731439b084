"""Network and recipe of the long-tail papers on CIFAR: ResNet-32, crops, flips, 200 epochs.

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

    def __init__(self, in_width: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_width, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.stride, self.new = stride, width - in_width

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W) -> (B, width, H / stride, W / stride)."""
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        shortcut = x[:, :, :: self.stride, :: self.stride]
        return (y + pad(shortcut, (0, 0, 0, 0, self.new // 2, self.new - self.new // 2))).relu()


class Normalise(nn.Module):
    """From [-1, 1] to mean 0 and standard deviation 1 of CIFAR-10's channels."""

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


def stage(in_width: int, width: int, stride: int) -> nn.Sequential:
    """Return five blocks; the first one may reduce the map."""
    first = BasicBlock(in_width, width, stride)
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
    """A random window of each image with a black border; half of the windows are mirrored."""

    border: int = 4

    def selects(self, repeat_index: Tensor) -> Tensor:
        """Select all images, (B,) bool."""
        return repeat_index >= 0

    def __call__(self, images: Tensor, repeat_index: Tensor, rng: torch.Generator) -> Tensor:
        """Images (B, 3, H, W) uint8 -> the same."""
        count, _, height, width = images.shape
        padded = pad(images, (self.border,) * 4)

        def draw(below: int) -> Tensor:  # (B, 1)
            return torch.randint(below, (count, 1), generator=rng, device=images.device)

        down, right = draw(2 * self.border + 1), draw(2 * self.border + 1)
        rows = down + torch.arange(height, device=images.device)  # (B, H)
        columns = right + torch.arange(width, device=images.device)  # (B, W)
        columns = torch.where(draw(2) == 1, columns.flip(1), columns)
        index = torch.arange(count, device=images.device)[:, None, None]
        # (B, H + 8, W + 8, 3) at (B, H, W) -> (B, H, W, 3) -> (B, 3, H, W)
        return padded.permute(0, 2, 3, 1)[index, rows[:, :, None], columns[:, None]].permute(
            0, 3, 1, 2
        )


def make_recipe(epochs: float = 200, head_epochs: float = 0) -> Recipe:
    """Return the recipe of Cao et al. 2019 (arXiv 1906.07413, section 4.1).

    Warm-up, then the rate is divided by 100 at 80 % and at 90 % of the epochs.

    Parameters
    ----------
    head_epochs
        Further epochs of the last layer alone, for methods that train it again.
    """
    phases = (Phase(epochs, "rest", 0.1, warmup=0.025, lr_milestones=(0.8, 0.9)),)
    if head_epochs:
        phases += (Phase(head_epochs, "head", 0.1, cosine=True),)
    return Recipe(
        "cifar",
        "As in the long-tail papers on CIFAR: ResNet-32 from random weights, SGD, crops, flips.",
        phases,
        batch_size=128,
        weight_decay=2e-4,
        momentum=0.9,
        augmentation=CropAndFlip(),
    )
