"""Means over the positions of activations: a short description of an image by a layer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn


@contextmanager
def mean_inputs(blocks: nn.Sequential, name: str) -> Iterator[list[Tensor]]:
    """Collect what the block `name` gets each time that it would run, as means (B, C).

    It is one of the blocks, or the one that comes after them.
    """
    means: list[Tensor] = []

    def note(_: nn.Module, inputs: tuple[Any, ...], output: Tensor | None = None) -> None:
        x = inputs[0] if output is None else output
        means.append(mean_over_positions(x.float()))

    block = dict(blocks.named_children()).get(name)
    if block is None:  # an empty nn.Sequential is a block, too, and false
        handle = blocks.register_forward_hook(note)
    else:
        handle = block.register_forward_pre_hook(note)
    try:
        yield means
    finally:
        handle.remove()


def mean_over_positions(x: Tensor) -> Tensor:
    """Activations (B, C, H, W) -> (B, C); features (B, D) stay what they are."""
    return x.flatten(2).mean(2) if x.ndim > 2 else x
