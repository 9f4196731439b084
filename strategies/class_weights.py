"""Class-weighted cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.strategy import Between, ExpectClassWeights, Stage, Strategy, WeightedLoss, strategy

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class InversePower:
    """An inverse power of the class size."""

    power: float

    def __post_init__(self) -> None:
        if not 0 <= self.power <= 2:
            raise ValueError(f"class_weights: power must be from 0 to 2, got {self.power}")

    def __call__(self, counts: Tensor) -> Tensor:
        """Counts (C,) -> weights (C,)."""
        return counts**-self.power


@strategy(groups=("all", "losses"), power=Between(0, 1.5))
def class_weights(power: float = 1.0) -> Strategy:
    """Cross-entropy weighted by inverse class size: a rare image counts for more.

    w_c = N / (C n_c) for power=1 (scikit-learn's 'balanced'; King & Zeng 2001); power=0.5 weights
    by the inverse square root. Weights have mean 1 over the training images, so that the learning
    rate stays the same.

    L = -w_y log p_y

    Example: --strategies no_change,class_weights:power=0.5,1
    """
    loss = WeightedLoss(InversePower(power))
    return Strategy(stages=(Stage(loss=loss, expectations=(ExpectClassWeights(power),)),))
