"""Decisions that stand on corrected probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.components import Argmax
from benchmark.strategy.outputs import Outputs
from benchmark.strategy.protocols import Decision, Rule
from benchmark.strategy.rules import CalibratedRule, calibrated

T = TypeVar("T")


@dataclass(frozen=True)
class Calibration:
    """A decision that corrects probabilities; another on top of it is fitted to the corrected ones.

    The rule that `fit` returns has a method `calibrated`, outputs -> outputs with other logits.
    """

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> Rule:
        """Outputs for the validation images, with labels -> a rule with a method `calibrated`."""
        raise NotImplementedError


@dataclass(frozen=True)
class CalibratedDecision:
    """A decision that is fitted to the outputs which a calibration has corrected."""

    calibration: Calibration
    decision: Decision

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> CalibratedRule:
        """Fit both, one after the other."""
        first = self.calibration.fit(validation, counts)
        second = self.decision.fit(calibrated(first, validation), counts)
        return CalibratedRule(first, second)

    def for_classes(self, classes: Sequence[str]) -> CalibratedDecision:
        """Return it with what names classes in the order of these (C,)."""
        calibration = in_class_order(self.calibration, classes)
        return CalibratedDecision(calibration, in_class_order(self.decision, classes))


def in_class_order(part: T, classes: Sequence[str]) -> T:
    """Return what `for_classes` of a decision or an expectation gives; itself without one."""
    order = getattr(part, "for_classes", None)
    return part if order is None else order(classes)


def parts(decision: Decision) -> tuple[Calibration | None, Decision]:
    """Return the calibration, None without, and what decides on its outputs."""
    if isinstance(decision, CalibratedDecision):
        return decision.calibration, decision.decision
    if isinstance(decision, Calibration):
        return decision, Argmax()
    return None, decision


def on_top(before: Decision, decision: Decision) -> Decision:
    """Return what decides if `decision` is put on a strategy that had `before`.

    It replaces what is of its kind. A decision is fitted to calibrated outputs whichever of the two
    was named first: labels that were fitted before a calibration would no longer be those.
    """
    calibration, own = parts(before)
    if isinstance(decision, Calibration):
        return decision if own == Argmax() else CalibratedDecision(decision, own)
    return decision if calibration is None else CalibratedDecision(calibration, decision)
