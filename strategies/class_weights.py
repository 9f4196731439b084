"""Class-weighted cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.strategy import Stage, Strategy, WeighedAs, strategy

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class WeightedCrossEntropy:
    """Cross-entropy, each class weighted by an inverse power of its size."""

    power: float

    def __post_init__(self) -> None:
        if not 0 <= self.power <= 2:
            raise ValueError(f"class_weights: power must be from 0 to 2, got {self.power}")

    def weights(self, counts: Tensor) -> Tensor:
        """Counts (C,) -> weights (C,) with mean 1 over the training images."""
        raw = counts.clamp(min=1) ** -self.power
        return raw * counts.sum() / (raw * counts).sum()

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
        """Logits (B, C), target (B, C), counts (C,) -> (B,)."""
        return -(self.weights(counts) * target * logits.log_softmax(1)).sum(1)


@strategy
def class_weights(power: float = 1.0) -> Strategy:
    """Cross-entropy weighted by inverse class size: a rare image counts for more.

    w_c = N / (C n_c) for power=1 (scikit-learn's 'balanced'; King & Zeng 2001); power=0.5 weights
    by the inverse square root. Weights have mean 1 over the training images, so that the learning
    rate stays what it was.

    L = -w_y log p_y
    """
    loss = WeightedCrossEntropy(power)
    return Strategy(stages=(Stage(loss=loss, effects=(WeighedAs(power),)),))
