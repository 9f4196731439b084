"""The ranking of strategies along one setting of a sweep, the other settings averaged out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd

from benchmark.evaluation.statistics import LEVEL, Floats
from benchmark.evaluation.statistics.agreement import (
    AxisEffect,
    Concordance,
    axis_effect,
    concordance,
    kendall_taus,
    min_p_of_axis_effect,
    reversed_pairs,
)

ALPHA = 1 - LEVEL
AGREEMENT = ["a", "b", "strategies", "pairs", "reversed", "tau"]


@dataclass(frozen=True)
class AxisRanking:
    """R strategies under V values of a setting; numbers are means over the other settings."""

    setting: str  # like "fine_tune"
    values: tuple[str, ...]  # (V,) names of its values
    strategies: tuple[str, ...]  # (R,) that finished in every run
    scores: Floats  # (R, V) macro-F1, mean over the seeds
    ranks: Floats  # (R, V) 1 is the best
    scores_by_seed: Floats  # (R, V, n) of the n seeds that all runs have
    averaged: int = 1  # combinations of the other settings that each number is the mean of

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """One row per two values: AGREEMENT, with Kendall's tau of the two rankings."""
        taus, number, rows = kendall_taus(self.scores), len(self.strategies), []
        for a, b in combinations(range(len(self.values)), 2):
            turned = reversed_pairs(self.scores[:, a], self.scores[:, b])
            pairs = number * (number - 1) // 2
            rows.append((self.values[a], self.values[b], number, pairs, turned, taus[a, b]))
        return pd.DataFrame(rows, columns=AGREEMENT)

    @cached_property
    def concordance(self) -> Concordance:
        """Kendall's W of all rankings."""
        return concordance(self.scores)

    @cached_property
    def effect(self) -> AxisEffect | None:
        """Whether rankings differ more between values than between seeds.

        None of one seed, or where too many strategies are equal to rank them.
        """
        scores = self.scores_by_seed
        if scores.shape[2] < 2 or len(scores) < 2:
            return None
        effect = axis_effect(scores)
        return effect if np.isfinite([effect.within, effect.between]).all() else None

    @property
    def seeds(self) -> int:
        """Seeds that all runs have."""
        return self.scores_by_seed.shape[2]

    @property
    def seeds_needed(self) -> int:
        """Seeds from which on `effect` can be significant."""
        number = len(self.values)
        return next(n for n in range(2, 99) if min_p_of_axis_effect(number, n) <= ALPHA)

    @cached_property
    def rank_changes(self) -> pd.Series:
        """Strategy -> the range of its ranks over the values."""
        return pd.Series(np.ptp(self.ranks, axis=1), index=list(self.strategies), dtype=float)

    def ranks_of(self, strategy: str) -> list[float]:
        """Return the ranks (V,) of a strategy."""
        return self.ranks[self.strategies.index(strategy)].tolist()

    def first_places(self) -> dict[str, list[str]]:
        """Return value -> the strategies that are first under it."""
        return {
            value: [self.strategies[i] for i in np.flatnonzero(column == column.max())]
            for value, column in zip(self.values, self.scores.T, strict=True)
        }
