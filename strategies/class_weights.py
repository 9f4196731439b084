"""Class-weighted cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.strategy import (
    Between,
    ExpectClassWeights,
    Stage,
    Strategy,
    UpweightsRareClasses,
    WeightedLoss,
    strategy,
)

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
def class_weights(power: float = 1.0, normalise: str = "train") -> Strategy:
    """Cross-entropy weighted by inverse class size: a rare image counts for more.

    w_c = N / (C n_c) for power=1 (scikit-learn's 'balanced'; King & Zeng 2001); power=0.5 weights
    by the inverse square root. Weights have mean 1 over the training images, so that the learning
    rate stays the same; a batch's sum is divided by its images, as with Keras' `class_weight`.
    torch's CrossEntropyLoss(weight=w) divides it by the batch's weights, so that a batch without
    rare images moves the network as far as one of rare images alone: normalise=batch.

    L = -w_y log p_y

    Example: --strategies no_change,class_weights:power=0.5,1,class_weights:normalise=batch
    """
    loss = WeightedLoss(InversePower(power), normalise=normalise)
    in_each_batch = power > 0 and normalise == "batch"  # then batches differ in their factor
    expected = UpweightsRareClasses() if in_each_batch else ExpectClassWeights(power)
    return Strategy(stages=(Stage(loss=loss, expectations=(expected,)),))
