"""Convolutions whose gradients are matrix products where a CPU's convolution code is slow at them.

At 128 px the maps of the second half have 6 x 6 and 2 x 2 positions. There, in bfloat16, oneDNN's
gradient of the weights runs at 17 to 80 GMAC/s a core, a plain matrix product at 85 to 90
(AVX-512, measured); a training step gets 10 to 15 % shorter. The numbers are those of the library
up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.grad import conv2d_input
from torchvision.models.inception import BasicConv2d

LARGEST_MAP = 36  # positions; from 8 x 8 on the library is as fast


class SmallMapConv2d(nn.Conv2d):
    """A convolution of stride 1 that computes in bfloat16 under autocast, on small maps."""

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W) -> (B, D, H', W')."""
        if x.shape[2] * x.shape[3] > LARGEST_MAP or not torch.is_autocast_enabled("cpu"):
            return super().forward(x)
        return Convolution.apply(x.bfloat16(), self.weight, self.padding)


def with_matrix_gradients(blocks: nn.Sequential) -> nn.Sequential:
    """Replace, in place, the convolutions for which it pays; parameters and their names stay."""
    for module in blocks.modules():
        if isinstance(module, BasicConv2d) and module.conv.stride == (1, 1):
            old = module.conv
            module.conv = SmallMapConv2d(
                old.in_channels, old.out_channels, old.kernel_size, padding=old.padding,
                bias=False, device="meta",
            )  # fmt: skip
            module.conv.weight = old.weight
    return blocks


class Convolution(torch.autograd.Function):
    """conv2d of stride 1 without bias: x (B, C, H, W), weight (D, C, h, w), padding.

    It computes in the precision of x. The weight is cast for each pass and the cast not kept: 35 MB
    of the second half in bfloat16.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, padding: tuple[int, int]) -> Tensor:
        """Return maps (B, D, H', W')."""
        ctx.save_for_backward(x, weight)
        ctx.padding = padding
        return torch.conv2d(x, weight.to(x.dtype), None, 1, padding)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, None]:
        """Return the gradients of x and of the weight."""
        x, weight = ctx.saved_tensors
        gradient = gradients[0].contiguous(memory_format=torch.channels_last)
        wide = weight.shape[1:]  # (C, h, w)
        rows = gradient.permute(0, 2, 3, 1).flatten(0, 2)  # (B, D, H', W') -> (B H' W', D)
        of_weight = rows.t() @ _patches(x, gradient.shape[2:], wide[1:], ctx.padding)  # (D, h w C)
        # (D, h w C) -> (D, h, w, C) -> (D, C, h, w)
        of_weight = of_weight.view(len(weight), *wide[1:], wide[0]).permute(0, 3, 1, 2)
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = conv2d_input(x.shape, weight.to(x.dtype), gradient, padding=ctx.padding)
        return of_x, of_weight.to(weight.dtype), None


def _patches(
    x: Tensor, positions: Sequence[int], size: Sequence[int], padding: tuple[int, int]
) -> Tensor:
    """Lay out what each output position sees: (B, C, H, W) -> (B H' W', h w C)."""
    down, across = padding
    padded = pad(x.permute(0, 2, 3, 1), (0, 0, across, across, down, down)).contiguous()
    image, row, column, _ = padded.stride()
    seen = padded.as_strided(
        (len(x), *positions, *size, x.shape[1]), (image, row, column, row, column, 1)
    )
    return seen.flatten(3).flatten(0, 2)  # (B, H', W', h, w, C) -> (B H' W', h w C)
