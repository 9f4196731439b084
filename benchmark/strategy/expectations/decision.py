"""Expectations of the decision: its labels against those by argmax.

A real network may leave nothing to correct. So a decision is tried on a synthetic network that has
learnt the prior, see `benchmark.evaluation.synthetic_network`.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import CheckResult, DecisionMeasurement

_EQUAL = CheckResult(None, "all classes are equally large")
_NETWORK = "a synthetic network that has learnt the prior"


@dataclass(frozen=True)
class DecisionIsArgmax:
    """Every image is given the class with the largest logit."""

    component: ClassVar[str] = "decision"
    claim: ClassVar[str] = "the class with the largest logit is chosen"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Count labels that differ."""
        changed, total = int(measurement.changed.sum()), len(measurement.predicted)
        return CheckResult(changed == 0, f"{changed} of {total} labels on validation differ")


@dataclass(frozen=True)
class PredictsRareClassesMore:
    """Some labels change, most of them to rarer classes."""

    component: ClassVar[str] = "decision"
    claim: ClassVar[str] = f"on {_NETWORK}, it changes labels to rarer classes"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Compare the class sizes of labels before and after."""
        counts, changed = measurement.class_counts, measurement.changed
        if _equally_large(counts):
            return _EQUAL
        before, after = measurement.argmax[changed], measurement.predicted[changed]
        rarer = counts[after] < counts[before]
        return CheckResult(
            bool(changed.any() and rarer.mean() > 0.5),
            f"{int(rarer.sum())} of {int(changed.sum())} changed labels go to rarer classes",
        )


@dataclass(frozen=True)
class RaisesFittedMacroF1:
    """The decision raises macro-F1 of the images that it is fitted on."""

    component: ClassVar[str] = "decision"
    claim: ClassVar[str] = f"fitted to {_NETWORK}, it raises macro-F1"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Compare macro-F1 before and after."""
        if _equally_large(measurement.class_counts):
            return _EQUAL
        before, after = measurement.macro_f1
        return CheckResult(after > before, f"from {before:.3f} to {after:.3f}")


def _equally_large(counts: NDArray[np.int64]) -> bool:
    present = counts[counts > 0]  # classes with training images
    return bool(present.min() == present.max())
