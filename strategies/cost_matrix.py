"""Decisions of the least expected cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import ExpectLeastCost, LeastExpectedCost, Outputs, Strategy, find, strategy
from benchmark.strategy.cost_table import CostTable, read_cost_table


@dataclass(frozen=True)
class CostMatrix:
    """The class that is expected to cost least."""

    costs: CostTable

    def for_classes(self, classes: Sequence[str]) -> CostMatrix:
        """Return it with the costs in the order of these classes (C,)."""
        return CostMatrix(self.costs.for_classes(classes))

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> LeastExpectedCost:  # noqa: ARG002
        """Return the rule: nothing is fitted."""
        return LeastExpectedCost(self.costs.cost)


@strategy(groups=("decisions",), needs=("file",))
def cost_matrix(file: str = "", base: str = "no_change") -> Strategy:
    """The trained model `base`, deciding for what is expected to cost least; nothing is trained.

    Elkan 2001 (IJCAI), eq. 1. `file` is a CSV file: its first line has the classes that can be
    decided for, its first column the true classes, and a cell what that decision costs then. The
    report has the mean cost of a test image for every strategy of the run. Costs are weighed by the
    network's probabilities, so these should be right: with base=vector_scaling they are fitted to
    validation, also after a training on balanced draws or weights. Costs are those of an image of
    the data, with their class sizes.

    y = argmin_k sum_c p_c cost_ck

    Example: --strategies no_change,cost_matrix:file=costs.csv,base=vector_scaling
    """
    costs = read_cost_table(file)
    return find(base).decided_by(CostMatrix(costs), ExpectLeastCost(costs))
