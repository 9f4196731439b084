"""A model as one torch module that other runtimes can take: images in, probabilities and class out.

It computes in float32 throughout, whatever the precision of the training was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from benchmark.strategy.rules import (
    CalibratedRule,
    DividedLogits,
    LeastExpectedCost,
    NormalisedRows,
    OffsetArgmax,
    ScaledLogits,
)


class Program(nn.Module):
    """Images (B, H, W, 3) uint8 RGB -> probabilities (B, C) float32, class index (B,) int64.

    Images of another size than the network's are squashed to it as Pillow does it, bilinear with
    antialiasing. Images of its size stay as they are.

    Parameters
    ----------
    networks
        Each turns images (B, 3, size, size) in [-1, 1] into features (B, D).
    heads
        Each turns the features of its network into logits (B, C).
    rule
        The fitted decision; None: the largest probability.
    image_size
        Pixels a side.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        heads: Sequence[nn.Module],
        rule: Any | None,
        image_size: int,
    ) -> None:
        super().__init__()
        self.networks, self.heads = nn.ModuleList(networks), nn.ModuleList(heads)
        self.rule, self.image_size = rule, image_size

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return probabilities and classes."""
        x = images.permute(0, 3, 1, 2).to(torch.float32)  # (B, H, W, 3) -> (B, 3, H, W)
        for size in ((x.shape[2], self.image_size), (self.image_size, self.image_size)):
            x = interpolate(x, size, mode="bilinear", antialias=True, align_corners=False)
            x = (x + 0.5).floor().clamp(0, 255)  # as Pillow does: rows first, then columns
        x = x / 127.5 - 1
        features = [network(x) for network in self.networks]
        logits = [head(f) for head, f in zip(self.heads, features, strict=True)]
        if len(logits) == 1:
            combined = logits[0]
        else:
            combined = torch.stack([each.log_softmax(1) for each in logits]).mean(0)
        if self.rule is None:
            return combined.softmax(1), combined.argmax(1)
        combined, labels = decide(self.rule, combined, features[0], self.heads[0])
        return combined.softmax(1), labels


def decide(rule: Any, logits: Tensor, features: Tensor, head: nn.Module) -> tuple[Tensor, Tensor]:
    """Return the logits (B, C) as a rule corrects them, and the labels (B,) that it gives.

    The same as the rule does on arrays; one that has no form here raises TypeError.
    """
    match rule:
        case OffsetArgmax():
            return logits, (logits.log_softmax(1) + logits.new_tensor(rule.offset)).argmax(1)
        case NormalisedRows():
            weight: Any = head.weight  # (C, D)
            powers = weight.norm(dim=1, keepdim=True).clamp(min=1e-12) ** rule.tau
            rounded = features.to(torch.float16).to(torch.float32)  # as stored features are
            return logits, (rounded @ (weight / powers).T).argmax(1)
        case DividedLogits():
            return logits / rule.temperature, logits.argmax(1)
        case ScaledLogits():
            scaled = logits * logits.new_tensor(rule.scale) + logits.new_tensor(rule.bias)
            return scaled, scaled.argmax(1)
        case LeastExpectedCost():
            return logits, (logits.softmax(1) @ logits.new_tensor(rule.cost)).argmin(1)
        case CalibratedRule():
            corrected, _ = decide(rule.calibration, logits, features, head)
            return corrected, decide(rule.rule, corrected, features, head)[1]
    raise TypeError(f"{type(rule).__name__} has no form as a torch module")
