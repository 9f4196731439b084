"""Prior correction of a trained model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import (
    Between,
    ExpectPriorCorrection,
    OffsetArgmax,
    Outputs,
    Strategy,
    find,
    strategy,
)


@dataclass(frozen=True)
class PriorCorrection:
    """Subtracts tau times the log of a class's share of the training images."""

    tau: float

    def __post_init__(self) -> None:
        if not self.tau >= 0:
            raise ValueError(f"prior_correction: tau must be 0 or more, got {self.tau}")

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> OffsetArgmax:  # noqa: ARG002
        """Return the offsets (C,) that follow from the training counts (C,)."""
        prior = np.maximum(counts, 1) / counts.sum()
        return OffsetArgmax(tuple((-self.tau * np.log(prior)).tolist()))


@strategy(groups=("decisions",), tau=Between(0, 2))
def prior_correction(base: str = "no_change", tau: float = 1.0) -> Strategy:
    """The trained model `base` with the class prior removed from its decision; nothing is trained.

    Post-hoc logit adjustment, Menon et al. 2021, arXiv 2007.07314, eq. 9; tau=1 is p_c / pi_c of
    Buda et al. 2018, arXiv 1710.05381. It chooses the class that fits best if all are equally
    frequent: balanced accuracy rises, accuracy falls. A model that was trained with balanced draws
    or weights is corrected twice, and the audit says so (`threshold_moving` takes out only what the
    training left).

    y = argmax_c (log p_c - tau log pi_c)

    Example: --strategies no_change,prior_correction:tau=0.5,1
    """
    rule = PriorCorrection(tau)
    return find(base).decided_by(rule, ExpectPriorCorrection(tau))
