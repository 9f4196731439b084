"""The noise floor: what training the same strategy once more moves, by chance alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.metrics.registry import main_metrics


@dataclass(frozen=True)
class NoiseFloor:
    """How far the null row lies from the strategy that it repeats.

    A strategy that changes nothing differs by more than that about every second time, of one seed:
    of three trainings of one kind, either of two may lie farther from the third. So a difference
    below the floor is noise, and one above it may be.
    """

    original: str  # the strategy that was trained twice
    seeds: int  # n, in which both trainings finished
    by_seed: Mapping[str, float]  # metric -> root mean square of the differences over seeds

    def of_mean(self, metric: str) -> float:
        """Return the floor of a mean over the n seeds, which is lower than that of one seed."""
        return self.by_seed[metric] / float(np.sqrt(self.seeds))


def noise_floor(comparison: Comparison) -> NoiseFloor | None:
    """Return the floor of the main metrics; None without a null row, or where none finished."""
    null_row = comparison.null_row
    if null_row is None or null_row.baseline is None:
        return None
    by_seed, seeds = {}, 0
    for metric in main_metrics():
        differences = null_row.paired_differences(str(comparison.null), metric.name)
        if len(differences):
            by_seed[metric.name] = float(np.sqrt(np.mean(differences**2)))
            seeds = max(seeds, len(differences))
    return NoiseFloor(null_row.baseline, seeds, by_seed) if by_seed else None
