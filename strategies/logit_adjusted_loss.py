"""Cross-entropy on logits to which the prior is added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.strategy import Between, ExpectLoss, Stage, Strategy, strategy

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class LogitAdjustedCrossEntropy:
    """-log softmax(f + tau log pi)_y."""

    tau: float

    def __post_init__(self) -> None:
        if not self.tau >= 0:
            raise ValueError(f"logit_adjusted_loss: tau must be 0 or more, got {self.tau}")

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
        """Logits (B, C), target (B, C), counts (C,) -> (B,)."""
        log_prior = (counts.clamp(min=1) / counts.sum()).log()
        return -(target * (logits + self.tau * log_prior).log_softmax(1)).sum(1)


@strategy(groups=("losses",), tau=Between(0, 2))
def logit_adjusted_loss(tau: float = 1.0) -> Strategy:
    """Cross-entropy with the prior added to the logits, so that the network need not learn it.

    Menon et al. 2021, arXiv 2007.07314, eq. 10. On test images the argmax is then that for equally
    frequent classes: balanced accuracy rises, accuracy falls. A prior correction on top would
    correct twice.

    L = -log softmax(f + tau log pi)_y

    Example: --strategies no_change,logit_adjusted_loss:tau=0.5,1
    """
    stage = Stage(loss=LogitAdjustedCrossEntropy(tau), expectations=(ExpectLoss(tau=tau),))
    return Strategy(stages=(stage,))
