"""Label smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.strategy import Between, ExpectLoss, Stage, Strategy, strategy

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SmoothedCrossEntropy:
    """Cross-entropy with the fraction epsilon of each target spread over all classes."""

    epsilon: float

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon < 1:
            raise ValueError(
                f"label_smoothing: epsilon must be from 0 to below 1, got {self.epsilon}"
            )

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:  # noqa: ARG002
        """Logits (B, C), target (B, C) -> (B,)."""
        spread = target.sum(1, keepdim=True) / target.shape[1]  # (B, 1)
        smooth = (1 - self.epsilon) * target + self.epsilon * spread
        return -(smooth * logits.log_softmax(1)).sum(1)


@strategy(groups=("noise",), epsilon=Between(0.01, 0.3))
def label_smoothing(epsilon: float = 0.1) -> Strategy:
    """Cross-entropy with targets below 1: the network does not learn single labels by heart.

    Szegedy et al. 2016, arXiv 1512.00567, section 7: InceptionV3 itself was trained this way. Class
    sizes play no role. For its effect on wrong labels see Lukasik et al. 2020, arXiv 2003.02819.

    L = -sum_c ((1 - epsilon) [c = y] + epsilon / C) log p_c

    Example: --strategies no_change,label_smoothing:epsilon=0.05
    """
    expectations = (ExpectLoss(epsilon=epsilon),)
    return Strategy(stages=(Stage(loss=SmoothedCrossEntropy(epsilon), expectations=expectations),))
