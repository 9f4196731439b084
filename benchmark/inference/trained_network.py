"""A trained network as a whole, from pixels to logits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmark.model.backbone import Backbone
from benchmark.model.convolution import with_matrix_gradients
from benchmark.model.network import FrozenPrefix, Network, build_network, freeze, split
from benchmark.system.device import Device

BATCH_SIZE = 64  # images at a time, as where the outputs of a run are computed
HEAD = "head."  # begins the names of the head's tensors


@dataclass(frozen=True)
class TrainedNetwork:
    """The layers before the cut, frozen, and those that were trained, on one device.

    Both compute as they did in training, in the same precision: an image gets the logits that the
    run has stored, up to the rounding of another batch size.
    """

    prefix: FrozenPrefix  # uint8 images (B, 3, H, W) -> activations at the cut
    network: Network  # its suffix, and the head
    device: Device

    @classmethod
    def build(
        cls,
        backbone: Backbone,
        cut: str,
        head: nn.Module,
        tensors: Mapping[str, Tensor],
        device: Device,
    ) -> TrainedNetwork:
        """Return the network of all its tensors.

        Parameters
        ----------
        cut
            The first block that was trained, or ``head``.
        head
            A new one, whose tensors are replaced.
        tensors
            By the names of `Backbone.layout`, and the head's after ``head.``.

        Raises
        ------
        RuntimeError
            If a tensor is missing, superfluous, or of another shape.
        """
        before, suffix = split(load_layers(backbone, head, tensors), cut)
        if device.type == "cpu":
            with_matrix_gradients(suffix)  # they round otherwise than the library's
        network = Network(suffix, head, backbone.dropout)
        network.to(device.torch_device).eval().requires_grad_(False)
        return cls(freeze(before, device.dtype).to(device.torch_device), network, device)

    @torch.no_grad()
    def outputs(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (N, C) and features (N, D), float32, of uint8 images (N, H, W, 3)."""
        parts = [self._outputs(batch) for batch in images.split(BATCH_SIZE)]
        logits, features = zip(*parts, strict=True)
        return torch.cat(logits), torch.cat(features)

    def _outputs(self, images: Tensor) -> tuple[Tensor, Tensor]:
        # (B, H, W, 3) -> (B, 3, H, W), channels-last in memory
        activations = self.prefix(images.to(self.device.torch_device).permute(0, 3, 1, 2))
        is_half = self.device.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=is_half):
            features = self.network.features(activations)
        return self.network.classify(features), features


def load_layers(
    backbone: Backbone, head: nn.Module, tensors: Mapping[str, Tensor]
) -> nn.Sequential:
    """Return the chain of a network of all its tensors, and put those of its head into `head`."""
    own = {name: t for name, t in tensors.items() if not name.startswith(HEAD)}
    chain = build_network(backbone, own)
    head.load_state_dict({n.removeprefix(HEAD): t for n, t in tensors.items() if n not in own})
    return chain


def to_half(features: Tensor) -> Tensor:
    """Return features as a run stores them, in half precision; larger ones become its largest."""
    largest = torch.finfo(torch.float16).max
    return features.clamp(-largest, largest).to(torch.float16)
