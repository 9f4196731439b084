"""Focal loss in its softmax form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.strategy import Between, ExpectLoss, Stage, Strategy, strategy

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class FocalLoss:
    """-(1 - p_y)^gamma log p_y."""

    gamma: float

    def __post_init__(self) -> None:
        if not self.gamma >= 0:
            raise ValueError(f"focal_loss: gamma must be 0 or more, got {self.gamma}")

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:  # noqa: ARG002
        """Logits (B, C), target (B, C) -> (B,)."""
        log_p = logits.log_softmax(1)
        # 1 - p from log p without cancellation; the floor keeps the gradient of x^gamma finite at 0
        missing = (-log_p.expm1()).clamp(min=1e-7)
        return -(target * missing**self.gamma * log_p).sum(1)


@strategy(groups=("all", "losses"), gamma=Between(0.25, 5))
def focal_loss(gamma: float = 2.0) -> Strategy:
    """Softmax focal loss: easy images count for less.

    Lin et al. 2017, arXiv 1708.02002, eq. 4, on the softmax (their form has sigmoids), without
    class weights: an image counts by its difficulty, not by the size of its class.

    L = -(1 - p_y)^gamma log p_y

    Example: --strategies no_change,focal_loss:gamma=0.5,1,2
    """
    stage = Stage(loss=FocalLoss(gamma), expectations=(ExpectLoss(gamma=gamma),))
    return Strategy(stages=(stage,))
