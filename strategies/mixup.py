"""Mixup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.strategy import Between, ImagesMixed, Stage, Strategy, strategy

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Mixup:
    """Each image blended with another of the batch, and their targets alike."""

    alpha: float

    def __post_init__(self) -> None:
        if not self.alpha > 0:
            raise ValueError(f"mixup: alpha must be above 0, got {self.alpha}")

    def of_label(self, part: Tensor, mine: Tensor, theirs: Tensor, counts: Tensor) -> Tensor:  # noqa: ARG002
        """Share of its own label that an image keeps (B,), given that of its pixels (B,)."""
        return part

    def __call__(
        self, images: Tensor, target: Tensor, counts: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Images (B, 3, H, W), targets (B, C) -> both; one share an image."""
        import torch

        alpha = torch.full((len(images),), self.alpha, device=images.device)
        part = torch.distributions.Beta(alpha, alpha).sample()  # by torch's own, seeded generator
        other = torch.randperm(len(images), generator=rng, device=images.device)
        pixels = part[:, None, None, None]  # (B,) -> (B, 1, 1, 1)
        label = self.of_label(part, target, target[other], counts)[:, None]  # (B,) -> (B, 1)
        return pixels * images + (1 - pixels) * images[other], (
            label * target + (1 - label) * target[other]
        )


@strategy(alpha=Between(0.1, 1))
def mixup(alpha: float = 0.2) -> Strategy:
    """Images are blended in pairs, and so are their labels.

    Zhang et al. 2018, arXiv 1710.09412, eq. 1; one share an image, where their code draws one a
    batch. It knows nothing of class sizes.

    x = a x_i + (1 - a) x_j, y = a y_i + (1 - a) y_j, a ~ Beta(alpha, alpha)

    Example: --strategies no_change,mixup:alpha=0.2,1
    """
    return Strategy(stages=(Stage(mixing=Mixup(alpha), expectations=(ImagesMixed(at_least=0.5),)),))
