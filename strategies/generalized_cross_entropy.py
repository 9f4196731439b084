"""Generalized cross-entropy, for wrong labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.strategy import Between, ExpectLoss, Stage, Strategy, strategy

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class GeneralizedCrossEntropy:
    """(1 - p_y^q) / q."""

    q: float

    def __post_init__(self) -> None:
        if not 0 < self.q <= 1:
            raise ValueError(
                f"generalized_cross_entropy: q must be above 0 and up to 1, got {self.q}"
            )

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:  # noqa: ARG002
        """Logits (B, C), target (B, C) -> (B,)."""
        return -(target * (self.q * logits.log_softmax(1)).expm1()).sum(1) / self.q


@strategy(groups=("noise",), q=Between(0.1, 1))
def generalized_cross_entropy(q: float = 0.7) -> Strategy:
    """Images with a very improbable label count for little, because the label may be wrong.

    Zhang & Sabuncu 2018, arXiv 1805.07836, eq. 6, without their truncation: between cross-entropy
    (q near 0) and the mean absolute error (q=1). The gradient of an image is p_y^q times that by
    cross-entropy. Rare classes are improbable at first, so the network learns them late.

    L = (1 - p_y^q) / q

    Example: --strategies no_change,generalized_cross_entropy:q=0.5
    """
    loss = GeneralizedCrossEntropy(q)
    return Strategy(stages=(Stage(loss=loss, expectations=(ExpectLoss(q=q),)),))
