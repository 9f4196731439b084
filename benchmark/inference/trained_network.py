"""A trained network as a whole, from pixels to logits."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmark.model.network import FrozenPrefix, Network
from benchmark.model.pretrained import Pretrained
from benchmark.system.device import Device

BATCH_SIZE = 64  # images at a time, as where the outputs of a run are computed


@dataclass(frozen=True)
class TrainedNetwork:
    """The layers before the cut, frozen, and those that were trained, on one device.

    Both compute as they did during training, in the same precision: an image gets the logits that
    the run has stored, up to the rounding of another batch size.
    """

    prefix: FrozenPrefix  # uint8 images (B, 3, H, W) -> activations at the cut
    network: Network  # its suffix, and the head
    device: Device

    @classmethod
    def build(
        cls, pretrained: Pretrained, head: nn.Module, suffix_state: dict[str, Tensor] | None
    ) -> TrainedNetwork:
        """Return the network of a pretrained one, a head, and what was trained before the head.

        `suffix_state` are the tensors from the cut on; None: they are the pretrained ones.
        """
        suffix = pretrained.suffix()
        if suffix_state is not None:
            suffix.load_state_dict(suffix_state)
        network = Network(suffix, head, pretrained.backbone.dropout)
        network.to(pretrained.device.torch_device).eval().requires_grad_(False)
        return cls(pretrained.prefix, network, pretrained.device)

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
