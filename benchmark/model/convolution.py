"""Convolutions whose gradients are matrix products where a CPU's convolution code is slow at them.

At 128 px the maps of the second half have 6 x 6 and 2 x 2 positions, at 75 px 3 x 3 and 1. There
oneDNN's gradient of the weights takes 1.1 to 5 times as long as a matrix product (bfloat16,
AVX-512) or 1.3 to 30 times as long as products without the padding (float32, AVX2). The numbers
are those of the library up to rounding.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.grad import conv2d_input
from torchvision.models.inception import BasicConv2d

LARGEST_MAP = 36  # positions; in bfloat16 the library is as fast from 8 x 8 on


class SmallMapConv2d(nn.Conv2d):
    """A convolution of stride 1, in bfloat16 under autocast, with the products on small maps."""

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W) -> (B, D, H', W')."""
        if x.shape[2] * x.shape[3] > LARGEST_MAP:
            return super().forward(x)
        if torch.is_autocast_enabled("cpu"):
            x = x.bfloat16()
        return Convolution.apply(x, self.weight, self.padding)


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
        products = in_one_product if x.dtype == torch.bfloat16 else in_products_by_tap
        of_weight = products(x, gradient, weight.shape[2:], ctx.padding)
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = conv2d_input(x.shape, weight.to(x.dtype), gradient, padding=ctx.padding)
        return of_x, of_weight.to(weight.dtype), None


def in_one_product(
    x: Tensor, gradient: Tensor, size: Sequence[int], padding: tuple[int, int]
) -> Tensor:
    """Return the gradient of the weight (D, C, h, w), from what each output position saw.

    Parameters
    ----------
    x
        (B, C, H, W).
    gradient
        Of the output, (B, D, H', W'), channels-last.
    size
        (h, w).
    padding
        Rows and columns added on each side.
    """
    rows = gradient.permute(0, 2, 3, 1).flatten(0, 2)  # (B, D, H', W') -> (B H' W', D)
    of_weight = rows.t() @ _patches(x, gradient.shape[2:], size, padding)  # (D, h w C)
    # (D, h w C) -> (D, h, w, C) -> (D, C, h, w)
    return of_weight.view(len(of_weight), *size, x.shape[1]).permute(0, 3, 1, 2)


def in_products_by_tap(
    x: Tensor, gradient: Tensor, size: Sequence[int], padding: tuple[int, int]
) -> Tensor:
    """Return the same, a product for each tap of the kernel, without what only saw padding.

    Of a 1 x 7 kernel on 6 columns that is 71 % of the multiply-adds, on 3 columns 43 %, against
    copies of the rows for each tap. Measured in float32 alone, where a product takes longest.
    """
    x, gradient = x.permute(0, 2, 3, 1), gradient.permute(0, 2, 3, 1)  # channels come last
    of_weight = x.new_empty(gradient.shape[-1], *size, x.shape[-1])  # (D, h, w, C)
    for i, j in itertools.product(range(size[0]), range(size[1])):
        down, seen_down = _meeting(i - padding[0], x.shape[1], gradient.shape[1])
        across, seen_across = _meeting(j - padding[1], x.shape[2], gradient.shape[2])
        rows = gradient[:, down, across].flatten(0, 2)  # (B, H*, W*, D) -> (n, D)
        seen = x[:, seen_down, seen_across].flatten(0, 2)  # (B, H*, W*, C) -> (n, C)
        of_weight[:, i, j] = rows.t() @ seen
    return of_weight.permute(0, 3, 1, 2)


def _meeting(shift: int, inputs: int, outputs: int) -> tuple[slice, slice]:
    """Return the output positions whose input, `shift` further, exists, and these inputs."""
    start = max(0, -shift)
    end = max(start, min(outputs, inputs - shift))  # none: the tap saw padding alone
    return slice(start, end), slice(start + shift, end + shift)


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
