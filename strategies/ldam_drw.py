"""Label-distribution-aware margins, with class weights at the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmark.strategy import Between, Stage, Strategy, WeightedLoss, strategy
from benchmark.strategy.components import CosineHead
from benchmark.strategy.expectations.head import ExpectCosineHead
from benchmark.strategy.expectations.loss_formula import ExpectLoss
from benchmark.strategy.expectations.schedule import ExpectStage
from strategies.effective_number import InverseEffectiveNumber

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class LDAMLoss:
    """Cross-entropy with the true logit lowered, by `largest` for the rarest class."""

    largest: float
    scale: float

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
        """Logits (B, C), target (B, C), counts (C,) -> (B,)."""
        size = counts.clamp(min=1)
        margins = self.scale * self.largest * (size / size.min()) ** -0.25  # (C,)
        label = target / target.sum(1, keepdim=True)  # the target may have class weights in it
        return -(target * (logits - label * margins).log_softmax(1)).sum(1)


@strategy(groups=("losses",), margin=Between(0.1, 1), final_fraction=Between(0.05, 0.5))
def ldam_drw(
    margin: float = 0.5, scale: float = 30.0, final_fraction: float = 0.2, beta: float = 0.9999
) -> Strategy:
    """Rarer classes need wider margins; the last steps have class weights as well.

    Cao et al. 2019, arXiv 1906.07413, eq. 13 and algorithm 1, with the head and the numbers of
    their code: cosines times `scale`; the rarest class has the margin `margin`, others less; class
    weights with this `beta` in the fraction `final_fraction` of the steps that train more than the
    last layer. Their code divides a batch by its weights; here these have mean 1 over the training
    images.

    L = -log softmax(f - s Delta_y [c = y])_y, Delta_c ~ n_c^-1/4; f = s cos(w, x); then w_y L

    Example: --strategies no_change,ldam_drw:margin=0.3
    """
    loss, expected = LDAMLoss(margin, scale), ExpectLoss(margin=margin, scale=scale)
    weighted = WeightedLoss(InverseEffectiveNumber(beta), loss)
    first = Stage(loss=loss, expectations=(expected,))
    plain = Strategy((first,), CosineHead(scale), expectations=(ExpectCosineHead(scale),))
    expectations = (replace(expected, beta=beta), ExpectStage(final_fraction))
    return plain.then(Stage(final_fraction, loss=weighted, expectations=expectations))
