"""Cross-entropy weighted by the effective number of images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.strategy import (
    ExpectClassWeights,
    OneOf,
    Stage,
    Strategy,
    UpweightsRareClasses,
    WeightedLoss,
    strategy,
)

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class InverseEffectiveNumber:
    """The inverse of the effective number of images: those that do not repeat others."""

    beta: float

    def __post_init__(self) -> None:
        if not 0 <= self.beta < 1:
            raise ValueError(f"effective_number: beta must be from 0 to below 1, got {self.beta}")

    def __call__(self, counts: Tensor) -> Tensor:
        """Counts (C,) -> weights (C,)."""
        log_beta = math.log(self.beta) if self.beta else -math.inf
        return (1 - self.beta) / -(counts * log_beta).expm1()  # 1 - beta^n without cancellation


@strategy(groups=("losses",), beta=OneOf((0.9, 0.99, 0.999, 0.9999)))
def effective_number(beta: float = 0.9999, normalise: str = "train") -> Strategy:
    """Class weights that stop growing: beyond 1 / (1 - beta) images, more of them add little.

    Cui et al. 2019, arXiv 1901.05555, eq. 6 ('class-balanced loss'), here with mean weight 1 over
    the training images. They choose beta for each data set from .9, .99, .999 and .9999; the script
    in their code has .9999, which weights classes of 5,000 and 50 images 1 to 79 (.999: 1 to 20).
    beta=0 gives no weights, beta near 1 those of inverse frequency: below 1,000 images a class,
    .9999 is within about 5 % of them. `normalise` as for `class_weights`.

    L = -w_y log p_y, w_c ~ (1 - beta) / (1 - beta^n_c)

    Example: --strategies no_change,effective_number:beta=0.99,0.999
    """
    loss = WeightedLoss(InverseEffectiveNumber(beta), normalise=normalise)
    in_each_batch = beta > 0 and normalise == "batch"
    expected = UpweightsRareClasses() if in_each_batch else ExpectClassWeights(1.0, beta)
    return Strategy(stages=(Stage(loss=loss, expectations=(expected,)),))
