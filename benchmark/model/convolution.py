"""Convolutions with faster gradients on a CPU: matrix products, for small maps.

At 128 px the maps of the second half have 6 x 6 and 2 x 2 positions, at 75 px 3 x 3 and 1. There
oneDNN's gradient of the weights takes 1.1 to 5 times as long as a matrix product (bfloat16,
AVX-512) or 1.3 to 30 times as long as products without the padding (float32, AVX2). The gradients
equal the library's up to rounding.
"""

import itertools
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.grad import conv2d_input

from benchmark.model.network import is_basic_conv

Size = tuple[int, int]  # of rows and columns

LARGEST_MAP = 36  # positions; in bfloat16 the library is as fast from 8 x 8 on


class SmallMapConv2d(nn.Conv2d):
    """A convolution of stride 1 with matrix products on small maps; bfloat16 under autocast."""

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W) -> (B, D, H', W')."""
        if x.shape[2] * x.shape[3] > LARGEST_MAP:
            return super().forward(x)
        if torch.is_autocast_enabled("cpu"):
            x = x.bfloat16()
        return Convolution.apply(x, self.weight, self.padding)


def with_matrix_gradients(blocks: nn.Sequential) -> nn.Sequential:
    """Replace, in place, the convolutions that get faster; parameters and their names stay."""
    for module in blocks.modules():
        if is_basic_conv(module) and module.conv.stride == (1, 1):
            old = module.conv
            module.conv = SmallMapConv2d(
                old.in_channels, old.out_channels, old.kernel_size, padding=old.padding,
                bias=False, device="meta",
            )  # fmt: skip
            module.conv.weight = old.weight
    return blocks


class Convolution(torch.autograd.Function):
    """conv2d of stride 1 without bias: x (B, C, H, W), weight (D, C, h, w), padding.

    It computes in the precision of x. Each pass casts the weight anew and drops the cast, which
    would take 35 MB for the second half in bfloat16.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, padding: Size) -> Tensor:
        """Return maps (B, D, H', W')."""
        ctx.save_for_backward(x, weight)
        ctx.padding = padding
        return torch.conv2d(x, weight.to(x.dtype), None, 1, padding)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, None]:
        """Return the gradients of x and of the weight."""
        x, weight = ctx.saved_tensors
        gradient = gradients[0].contiguous(memory_format=torch.channels_last)
        by_product = x.dtype == torch.bfloat16
        compute = weight_gradient_in_one_product if by_product else weight_gradient_by_tap
        weight_gradient = compute(x, gradient, weight.shape[2:], ctx.padding)
        x_gradient = None
        if ctx.needs_input_grad[0]:
            x_gradient = conv2d_input(x.shape, weight.to(x.dtype), gradient, padding=ctx.padding)
        return x_gradient, weight_gradient.to(weight.dtype), None


def weight_gradient_in_one_product(
    x: Tensor, gradient: Tensor, size: Size, padding: Size
) -> Tensor:
    """Return the gradient of the weight (D, C, h, w): one product with the patches of the input.

    `x` is (B, C, H, W); `gradient` is that of the output, (B, D, H', W'), channels-last; `size` is
    (h, w); `padding` are the rows and columns added on each side.
    """
    rows = gradient.permute(0, 2, 3, 1).flatten(0, 2)  # (B, D, H', W') -> (B H' W', D)
    product = rows.t() @ _patches(x, gradient.shape[2:], size, padding)  # (D, h w C)
    # (D, h w C) -> (D, h, w, C) -> (D, C, h, w)
    return product.view(len(product), *size, x.shape[1]).permute(0, 3, 1, 2)


def weight_gradient_by_tap(x: Tensor, gradient: Tensor, size: Size, padding: Size) -> Tensor:
    """Return the same as `weight_gradient_in_one_product`: one product for each tap of the kernel.

    It skips the positions where a tap meets padding. Of a 1 x 7 kernel, 71 % of the multiply-adds
    remain on 6 columns and 43 % on 3 columns; in exchange the rows are copied for each tap.
    Measured in float32 alone, where a product takes longest.
    """
    x, gradient = x.permute(0, 2, 3, 1), gradient.permute(0, 2, 3, 1)  # channels come last
    result = x.new_empty(gradient.shape[-1], *size, x.shape[-1])  # (D, h, w, C)
    for i, j in itertools.product(range(size[0]), range(size[1])):
        rows, input_rows = _valid_positions(i - padding[0], x.shape[1], gradient.shape[1])
        columns, input_columns = _valid_positions(j - padding[1], x.shape[2], gradient.shape[2])
        outputs = gradient[:, rows, columns].flatten(0, 2)  # (B, H*, W*, D) -> (n, D)
        inputs = x[:, input_rows, input_columns].flatten(0, 2)  # (B, H*, W*, C) -> (n, C)
        result[:, i, j] = outputs.t() @ inputs
    return result.permute(0, 3, 1, 2)


def _valid_positions(shift: int, inputs: int, outputs: int) -> tuple[slice, slice]:
    """Return the output positions whose input, `shift` further, exists, and these inputs."""
    start = max(0, -shift)
    end = max(start, min(outputs, inputs - shift))  # empty if the tap meets padding alone
    return slice(start, end), slice(start + shift, end + shift)


def _patches(x: Tensor, positions: torch.Size, size: Size, padding: Size) -> Tensor:
    """Return the input patch of each output position: (B, C, H, W) -> (B H' W', h w C)."""
    above, left = padding
    padded = pad(x.permute(0, 2, 3, 1), (0, 0, left, left, above, above)).contiguous()
    image, row, column, _ = padded.stride()
    patches = padded.as_strided(
        (len(x), *positions, *size, x.shape[1]), (image, row, column, row, column, 1)
    )
    return patches.flatten(3).flatten(0, 2)  # (B, H', W', h, w, C) -> (B H' W', h w C)
