"""Mixup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.strategy import (
    Between,
    ImagesMixed,
    LabelsFollowPixels,
    SharesFromBeta,
    Stage,
    Strategy,
    strategy,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Mixup:
    """Each image is blended with another of the batch, and so are their targets."""

    alpha: float

    def __post_init__(self) -> None:
        if not self.alpha > 0:
            raise ValueError(f"mixup: alpha must be above 0, got {self.alpha}")

    def label_share(self, share: Tensor, own: Tensor, other: Tensor, counts: Tensor) -> Tensor:  # noqa: ARG002
        """Share of an image's pixels (B,), both targets (B, C) -> share of its label (B,)."""
        return share

    def __call__(
        self, images: Tensor, target: Tensor, counts: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Images (B, 3, H, W), targets (B, C) -> both, with a share for each image."""
        import torch

        alpha = torch.full((len(images),), self.alpha, device=images.device)
        share = torch.distributions.Beta(alpha, alpha).sample()  # torch's global, seeded generator
        other = torch.randperm(len(images), generator=rng, device=images.device)
        pixels = share[:, None, None, None]  # (B,) -> (B, 1, 1, 1)
        label = self.label_share(share, target, target[other], counts)[:, None]  # (B,) -> (B, 1)
        mixed_target = label * target + (1 - label) * target[other]
        return pixels * images + (1 - pixels) * images[other], mixed_target


@strategy(groups=("mixing",), alpha=Between(0.1, 1))
def mixup(alpha: float = 0.2) -> Strategy:
    """Images are blended in pairs, and so are their labels.

    Zhang et al. 2018, arXiv 1710.09412, eq. 1, with a share for each image; their code draws one
    for each batch. Class sizes play no role.

    x = a x_i + (1 - a) x_j, y = a y_i + (1 - a) y_j, a ~ Beta(alpha, alpha)

    Example: --strategies no_change,mixup:alpha=0.2,1
    """
    expectations = (ImagesMixed(at_least=0.25), LabelsFollowPixels(), SharesFromBeta(alpha))
    return Strategy(stages=(Stage(mixing=Mixup(alpha), expectations=expectations),))
