"""Classifier rows scaled to similar norms."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import (
    Between,
    ExpectTauNormalisation,
    NormalisedRows,
    Outputs,
    Strategy,
    find,
    strategy,
)


@dataclass(frozen=True)
class TauNormalisation:
    """Each row of the classifier divided by a power of its norm, without bias."""

    tau: float

    def __post_init__(self) -> None:
        if not self.tau >= 0:
            raise ValueError(f"tau_norm: tau must be 0 or more, got {self.tau}")

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> NormalisedRows:  # noqa: ARG002
        """Return the rule: nothing is fitted."""
        return NormalisedRows(self.tau)


@strategy(groups=("decisions",), tau=Between(0, 1.5))
def tau_norm(base: str = "no_change", tau: float = 1.0) -> Strategy:
    """The trained model `base` with classifier rows of similar norms; nothing is trained.

    Kang et al. 2020, arXiv 1910.09217, section 4.3, without bias as there: with SGD the rows of
    large classes grow longer. They choose tau from 0 to 1 on validation; tau=1, equal norms, is
    our default. With Adam the norms need not follow class size (Menon et al. 2021,
    arXiv 2007.07314, section 2). After short training they hardly do; then this changes little.

    y = argmax_c w_c . x / |w_c|^tau

    Example: --strategies no_change,tau_norm:tau=0.5,1
    """
    model, rule = find(base), TauNormalisation(tau)
    if model.members:
        raise ValueError(f"tau_norm: {base} is several networks, so it has no rows to normalise")
    return model.decided_by(rule, ExpectTauNormalisation(tau))
