"""Remix: mixup with the label of the rare class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.strategy import (
    Between,
    LabelsFollowPixels,
    SharesFromBeta,
    Stage,
    Strategy,
    strategy,
)
from strategies.mixup import Mixup

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Remix(Mixup):
    """Mixup with the label of the much rarer class, if its image has a large enough share."""

    kappa: float
    tau: float

    def label_share(self, share: Tensor, own: Tensor, other: Tensor, counts: Tensor) -> Tensor:
        """Share (B,) and targets (B, C) of both images, counts (C,) -> (B,)."""
        ratio = (own @ counts) / (other @ counts)  # (B,) n_i / n_j
        other_is_rare = (ratio >= self.kappa) & (share < self.tau)
        own_is_rare = (ratio <= 1 / self.kappa) & (1 - share < self.tau)
        return share.masked_fill(other_is_rare, 0.0).masked_fill(own_is_rare, 1.0)


@strategy(groups=("mixing",), alpha=Between(0.1, 1), kappa=Between(1, 10, log=True))
def remix(alpha: float = 1.0, kappa: float = 3.0, tau: float = 0.5) -> Strategy:
    """Images are blended in pairs; the label goes to the much rarer class.

    Chou et al. 2020, arXiv 2007.03943, eq. 7: if one class has `kappa` times the images of the
    other, and its image less than `tau` of the blend, the smaller class has the whole label.

    x as in mixup; y = y_j if n_i / n_j >= kappa and a < tau, y_i if n_j / n_i >= kappa and
    1 - a < tau, else as in mixup

    Example: --strategies mixup:alpha=1,remix
    """
    if kappa < 1 or not 0 <= tau <= 1:
        raise ValueError(
            f"remix: kappa must be 1 or more and tau from 0 to 1, got {kappa} and {tau}"
        )
    mixing = Remix(alpha, kappa, tau)
    expectations = (LabelsFollowPixels(kappa, tau), SharesFromBeta(alpha))
    return Strategy(stages=(Stage(mixing=mixing, expectations=expectations),))
