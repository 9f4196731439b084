"""What the backbones of this package have in common: their shapes are written down.

An experiment is checked and planned without torch, which only their layers need.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from benchmark.model.backbone import Backbone
from benchmark.model.weights_source import Address, Package

if TYPE_CHECKING:
    from torch import nn

# block: its output channels, and the window and stride that shrink its map of n positions a side
# to (n - window) // stride + 1; a block that pads its map has the window 1
Shapes = Mapping[str, tuple[int, int, int]]


class BuiltInBackbone(Backbone):
    """A backbone of this package. A subclass is a network."""

    shapes: ClassVar[Shapes]
    official: ClassVar[Address | Package]  # where its ImageNet weights are

    has_weights = True

    @property
    def blocks(self) -> tuple[str, ...]:
        """Names of the blocks, first to last."""
        return tuple(self.shapes)

    @property
    def width(self) -> int:
        """D, the number of features of an image."""
        return self.shapes[self.blocks[-1]][0]

    def input_shape(self, first: str, image_size: int) -> tuple[int, ...]:
        """Return the shape (C, H, W) of the input of the block `first`, for square images."""
        channels, side = 3, image_size
        for block in self.blocks[: self.blocks.index(first)]:
            channels, window, stride = self.shapes[block]
            side = (side - window) // stride + 1
        return channels, side, side


def build_layers(module: str, blocks: Shapes) -> nn.Sequential:
    """Build a chain by `build_chain` of a module of this package, which is imported here."""
    return import_module(f"benchmark.model.{module}").build_chain(tuple(blocks))
