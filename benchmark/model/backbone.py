"""A backbone: a chain of named blocks from images to features, without its classifier.

The module imports no torch, so that ``--help`` and ``list`` stay quick.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from benchmark.model.weights_source import Naming, keep_name

if TYPE_CHECKING:
    from torch import nn

HEAD = "head"


@dataclass(frozen=True)
class Backbone:
    """A network without its classifier. It can be cut before any of its blocks.

    The blocks before the cut are frozen and run once an experiment; those after it are trained.

    `build` returns the chain, nn.Sequential of named blocks: images (B, 3, H, W) in [-1, 1] ->
    features (B, D). The first block converts the images if the network was made for other inputs.
    If `build` has a parameter `pretrained`, True returns the chain with its trained weights.
    """

    name: str  # the value of ``--backbone`` that selects it
    build: Callable[..., nn.Sequential]
    half: str  # the first block that ``--fine-tune half`` trains
    min_size: int = 32  # side in pixels of the smallest images that it can take
    dropout: float = 0.0  # share of the features that training drops before the head

    # what files of weights may call its tensors, the likeliest first
    namings: ClassVar[tuple[Naming, ...]] = (Naming("its blocks' names", keep_name),)

    @property
    def summary(self) -> str:
        """First line of the docstring of `build`."""
        return (inspect.getdoc(self.build) or "").split("\n", 1)[0]

    @property
    def blocks(self) -> tuple[str, ...]:
        """Names of the blocks, first to last."""
        return self._blocks_and_width[0]

    @property
    def width(self) -> int:
        """D, the number of features of an image."""
        return self._blocks_and_width[1]

    @property
    def has_weights(self) -> bool:
        """Whether it has trained weights of its own."""
        return "pretrained" in inspect.signature(self.build).parameters

    def first_trained(self, fine_tune: str) -> str:
        """Return the first block that is trained; every block before it is frozen.

        ``head`` trains the classifier alone, ``half`` trains from the block `half` on, ``full``
        freezes nothing, and a block's name trains from that block on; any other raises ValueError.
        """
        depths = {HEAD: HEAD, "half": self.half, "full": self.blocks[0]}
        if fine_tune in self.blocks:
            return fine_tune
        if fine_tune in depths:
            return depths[fine_tune]
        raise ValueError(
            f"fine-tune is {fine_tune!r}; allowed are {', '.join(depths)} "
            f"or the first block of {self.name} to train: {', '.join(self.blocks)}"
        )

    def trainable(self, first: str) -> tuple[str, ...]:
        """Return the names of the blocks from `first` on, and the head's."""
        names = (*self.blocks, HEAD)
        return names[names.index(first) :]

    def input_shape(self, first: str, image_size: int) -> tuple[int, ...]:
        """Return the shape (C, H, W) of the input of the block `first`, for square images."""
        return self._shape_after(self.blocks.index(first), image_size)[1:]

    def layout(self) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the tensors that `build_network` takes."""
        state = self._skeleton.state_dict()
        return {n: tuple(t.shape) for n, t in state.items() if "num_batches_tracked" not in n}

    @cached_property
    def _skeleton(self) -> nn.Sequential:
        """The chain on the meta device: shapes without numbers."""
        import torch

        with torch.device("meta"):
            return self.build().eval()

    @cached_property
    def _blocks_and_width(self) -> tuple[tuple[str, ...], int]:
        """Names of the blocks and D; ValueError if the chain is no backbone."""
        blocks = tuple(name for name, _ in self._skeleton.named_children())
        if self.half not in blocks:
            raise ValueError(
                f"backbone {self.name}: half={self.half!r} is none of its blocks "
                f"{', '.join(blocks)}"
            )
        shape = self._shape_after(len(blocks), self.min_size, images=2)
        if shape != (2, *shape[1:2]):
            raise ValueError(
                f"backbone {self.name}: 2 images must give features (2, D), got {shape}; end it "
                "with pooling over the image"
            )
        return blocks, shape[1]

    def _shape_after(self, blocks: int, image_size: int, images: int = 1) -> tuple[int, ...]:
        import torch

        x = torch.empty(images, 3, image_size, image_size, device="meta")
        return tuple(self._skeleton[:blocks](x).shape)
