"""The noise floor: what training the same strategy once more moves, by chance alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.analysis.confidence import PRIMARY_METRIC

if TYPE_CHECKING:  # whose claims need the floor
    from benchmark.analysis.comparison import Comparison


@dataclass(frozen=True)
class NoiseFloor:
    """How far the null row lies from the strategy that it repeats.

    Of one seed, every second strategy that changes nothing differs by more: of three trainings of
    one kind either of two may lie farther from the third. So a difference below the floor is noise,
    and one above it may be.
    """

    null_row: Comparison  # of the original, as its baseline, and the null row
    name: str  # of the null row

    @property
    def original(self) -> str:
        """The strategy that was trained twice."""
        return str(self.null_row.baseline)

    def differences(self, metric: str) -> NDArray[np.float64]:
        """Return null row minus original, one number for each seed in which both finished."""
        return self.null_row.paired_differences(self.name, metric)

    def of_seed(self, metric: str) -> float:
        """Return the root mean square of the differences over seeds; 0 where none was measured."""
        differences = self.differences(metric)
        return float(np.sqrt(np.mean(differences**2))) if len(differences) else 0.0

    def of_mean(self, metric: str) -> float:
        """Return the floor of a mean over n seeds; 0 where nothing was measured.

        It is how far the means lie apart. By chance that can be 0, so it is at least what the seeds
        lead one to expect, `of_seed` by √n.
        """
        differences = self.differences(metric)
        if not len(differences):
            return 0.0
        expected = self.of_seed(metric) / np.sqrt(len(differences))
        return float(max(abs(differences.mean()), expected))


def is_no_larger(difference: float, floor: float) -> bool:
    """Return whether a difference is no larger than a floor; what rounding adds does not count."""
    return abs(difference) <= floor + 1e-12


def noise_floor(comparison: Comparison) -> NoiseFloor | None:
    """Return the noise floor; None without a null row, or where it finished no seed."""
    if comparison.null_row is None:
        return None
    floor = NoiseFloor(comparison.null_row, str(comparison.null))
    return floor if len(floor.differences(PRIMARY_METRIC)) else None
