"""The protocol of an expectation, and the result of its check."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import Measurement


class CheckResult(NamedTuple):
    """Whether a measurement meets an expectation."""

    passed: bool | None  # None if the measurement can't tell
    observed: str  # the measured values


class Expectation(Protocol[Measurement]):
    """A claim about a component, and the check of it."""

    @property
    def component(self) -> str:
        """The component that the claim is about: a field of Stage, or decision."""

    @property
    def claim(self) -> str:
        """The claim in words."""

    def check(self, measurement: Measurement) -> CheckResult:
        """Compare the measurement with the claim."""


def format_range(ratios: NDArray[np.float64]) -> str:
    """Return ``from 0.99 to 1.00 times``."""
    return f"from {ratios.min():.2f} to {ratios.max():.2f} times"
