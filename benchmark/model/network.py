"""The network in two parts: a frozen prefix, and a suffix and a head that are trained."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from benchmark.model.backbone import HEAD, Backbone

if TYPE_CHECKING:
    from torchvision.models.inception import BasicConv2d

# images a CPU takes at a time: their first maps stay in its cache, so that 16 are 15 % faster than
# 64 (128 px, fp32, AVX2) and take 0.2 GB less
IMAGES_AT_ONCE = 16
# a CPU takes a multiple of 4 images: oneDNN keeps code for every batch size, 1.4 MB each (128 px)
MULTIPLE = 4


def build_network(backbone: Backbone, state: Mapping[str, Tensor] | None) -> nn.Sequential:
    """Build the chain of a backbone with the tensors of `state`, which are not copied.

    None draws random weights from torch's global generator: seed it first. A tensor that is
    missing, superfluous or of another shape raises RuntimeError (see `load_weights` for files).
    """
    if state is None:
        return backbone.build().to(memory_format=torch.channels_last)
    with torch.device("meta"):  # no memory for tensors that are replaced
        chain = backbone.build()
    chain.load_state_dict(dict(state), strict=True, assign=True)
    return chain.to(memory_format=torch.channels_last)


def split(chain: nn.Sequential, first: str) -> tuple[nn.Sequential, nn.Sequential]:
    """Cut a chain before the block `first`: (prefix, suffix), which share its parameters.

    With ``head`` the suffix is empty; with the first block the prefix is empty.
    """
    cut = _position(first, _block_names(chain))
    return chain[:cut], chain[cut:]


class FrozenPrefix(nn.Module):
    """A prefix for inference alone: uint8 images (B, 3, H, W) -> activations in its precision.

    Activations are channels-last in memory; pooled features (B, D) are float32.
    """

    def __init__(self, blocks: nn.Sequential, dtype: torch.dtype) -> None:
        super().__init__()
        self.blocks, self.dtype = blocks, dtype

    @torch.no_grad()  # not inference_mode: the activations enter a backward pass later
    def forward(self, images: Tensor) -> Tensor:
        """Normalise to x / 127.5 - 1 and run the blocks; an empty prefix only normalises."""
        if images.is_cuda:
            return self._run(images)
        return torch.cat([self._run_padded(batch) for batch in images.split(IMAGES_AT_ONCE)])

    def _run_padded(self, images: Tensor) -> Tensor:
        """Run images (B, 3, H, W), with the last one repeated up to the next multiple."""
        padding = images[-1:].expand(-len(images) % MULTIPLE, -1, -1, -1)
        return self._run(torch.cat([images, padding]))[: len(images)]

    def _run(self, images: Tensor) -> Tensor:
        x = images.to(torch.float32, memory_format=torch.channels_last).div_(127.5).sub_(1)
        # autocast for the layers that `freeze` has not cast
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16):
            x = self.blocks(x.to(self.dtype))
        return x.to(torch.float32 if x.ndim == 2 else self.dtype)


def freeze(prefix: nn.Sequential, dtype: torch.dtype = torch.float32) -> FrozenPrefix:
    """Return a frozen copy of `prefix`, the blocks before the cut, possibly none.

    In bfloat16 convolutions and the batch norm after them are folded in float32, then cast, see
    `convolutions`; other layers run under autocast. In float32 nothing is folded, so that results
    can be compared with another training loop. Folding changes an activation by 1e-6. Where a
    gradient is nearly 0, the first step of Adam turned that into 1e-4 of a logit; unfolded it was
    6e-6.
    """
    blocks = copy.deepcopy(prefix).eval()
    if dtype != torch.float32:
        for parent, conv, norm in list(convolutions(blocks)):
            folded = fuse_conv_bn_eval(getattr(parent, conv), getattr(parent, norm))
            setattr(parent, conv, folded.to(dtype))
            setattr(parent, norm, nn.Identity())
    blocks.to(memory_format=torch.channels_last).requires_grad_(False)
    return FrozenPrefix(blocks, dtype)


def convolutions(blocks: nn.Module) -> Iterator[tuple[nn.Module, str, str]]:
    """Yield what holds a convolution and the batch norm of its output, and the names of both.

    They are torchvision's BasicConv2d and any nn.Sequential, whose layers run one after another.
    """
    for module in blocks.modules():
        if is_basic_conv(module):
            yield module, "conv", "bn"
        elif type(module).forward is nn.Sequential.forward:
            for (first, conv), (second, norm) in pairwise(module.named_children()):
                is_pair = isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
                if is_pair and norm.track_running_stats:
                    yield module, first, second


def is_basic_conv(module: nn.Module) -> TypeGuard[BasicConv2d]:
    """Whether a module is torchvision's BasicConv2d: convolution, batch norm and ReLU.

    A process that has none need not import torchvision, which takes seconds and 0.16 GB.
    """
    inception = sys.modules.get("torchvision.models.inception")
    return inception is not None and isinstance(module, inception.BasicConv2d)


class Network(nn.Module):
    """The part that can be trained: suffix, dropout and head.

    The suffix has the blocks from the cut on and ends in the global average; it is empty when the
    cut is ``head``. The head is any module (B, D) -> (B, C). Training drops the share `dropout` of
    the features.
    """

    def __init__(self, suffix: nn.Sequential, head: nn.Module, dropout: float) -> None:
        super().__init__()
        self.suffix, self.head, self.dropout = suffix, head, dropout
        self._frozen: tuple[str, ...] = ()
        self.set_trainable(_block_names(suffix)[0])

    def set_trainable(self, first: str) -> None:
        """Train the block `first` and all after it, freeze the others; ``head`` freezes the suffix.

        A frozen block gets no gradient and its batch norm stays in evaluation mode, also after
        `train`.
        """
        names = _block_names(self.suffix)
        self._frozen = names[: _position(first, names)]
        for name, block in self.suffix.named_children():
            block.requires_grad_(name not in self._frozen)
            if name in self._frozen:
                block.zero_grad(set_to_none=True)  # or a stale gradient would still be applied
        self.train(self.training)

    def train(self, mode: bool = True) -> Network:
        """Switch to training mode, except for frozen blocks; ``eval()`` switches it off for all."""
        super().train(mode)
        for name in self._frozen:
            self.suffix.get_submodule(name).eval()
        return self

    def features(self, x: Tensor) -> Tensor:
        """Run the suffix: activations at the cut, any float type -> (B, D) float32."""
        if not torch.is_autocast_enabled(x.device.type):
            x = x.float()
        return self.suffix(x).float()

    def classify(self, features: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Apply dropout and head: (B, D) -> logits (B, C) float32, also under autocast.

        A `generator` draws the dropout, so that a step can be repeated; None drops nothing.
        """
        if generator is not None and self.dropout:
            noise = torch.rand(features.shape, generator=generator, device=generator.device)
            keep = (noise >= self.dropout).to(features.device)
            features = features * keep / (1 - self.dropout)
        with torch.autocast(features.device.type, enabled=False):
            return self.head(features.float()).float()


def _block_names(chain: nn.Sequential) -> tuple[str, ...]:
    return (*(name for name, _ in chain.named_children()), HEAD)


def _position(first: str, names: tuple[str, ...]) -> int:
    if first in names:
        return names.index(first)
    raise ValueError(f"{first!r} is no block at or after the cut; allowed are {', '.join(names)}")
