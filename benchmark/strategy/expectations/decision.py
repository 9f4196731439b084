"""Expectations of the decision: its labels against those by argmax.

A real network may leave nothing to correct. So a decision is tried on a synthetic network that has
learnt the prior, see `benchmark.evaluation.synthetic_network`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.cost_table import CostTable
from benchmark.strategy.measurements import CheckResult, DecisionMeasurement

_EQUAL = CheckResult(None, "all classes are equally large")
_NETWORK = "a synthetic network that has learnt the prior"
_TAUS = np.linspace(0, 1.5, 7)  # strengths of the prior correction that a fit has to equal
_SHORT = 0.05  # of macro-F1, by which a fit may fall short of it: one has to be careful,
_CLASS_SHORT = 0.5  # and of the F1 of one class, where classes are many


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
    claim: ClassVar[str] = f"fitted to {_NETWORK}, it raises macro-F1 as far as a prior correction"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Compare macro-F1 before and after, and with that of the best prior correction."""
        if _equally_large(measurement.class_counts):
            return _EQUAL
        before, after = measurement.macro_f1
        log_p, prior = measurement.outputs.log_probabilities, _log_prior(measurement.class_counts)
        present = np.count_nonzero(measurement.class_counts)
        best = max(measurement.macro_f1_of((log_p - tau * prior).argmax(1)) for tau in _TAUS)
        return CheckResult(
            bool(after > before and after >= best - min(_SHORT, _CLASS_SHORT / present)),
            f"from {before:.3f} to {after:.3f}; by a prior correction {best:.3f}",
        )


@dataclass(frozen=True)
class ExpectPriorCorrection:
    """The label is argmax_c (log p_c - tau log prior_c), for each image."""

    tau: float
    component: ClassVar[str] = "decision"

    @property
    def claim(self) -> str:
        """The claim in words."""
        return f"on {_NETWORK}, labels are those of a prior correction with tau={self.tau:g}"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Compare the labels with those of the formula."""
        log_prior = _log_prior(measurement.class_counts)
        scores = measurement.outputs.log_probabilities - self.tau * log_prior
        return _compare_labels(measurement, scores)


@dataclass(frozen=True)
class ExpectTauNormalisation:
    """The label is argmax_c w_c . x / |w_c|^tau: rows w_c of the head, features x of an image."""

    tau: float
    component: ClassVar[str] = "decision"

    @property
    def claim(self) -> str:
        """The claim in words."""
        return f"on {_NETWORK}, labels are those of rows divided by their norm^{self.tau:g}"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Compare the labels with those of the formula."""
        head = measurement.outputs.head
        if head is None:
            return CheckResult(None, "the head has no rows")
        rows = head.astype(float)  # (C, D)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12) ** self.tau
        return _compare_labels(measurement, measurement.outputs.features.astype(float) @ rows.T)


@dataclass(frozen=True)
class ExpectLeastCost:
    """The label is argmin_k sum_c p_c cost_ck, for each image."""

    costs: CostTable
    component: ClassVar[str] = "decision"
    claim: ClassVar[str] = f"on {_NETWORK}, each label has the least expected cost"

    def for_classes(self, classes: Sequence[str]) -> ExpectLeastCost:
        """Return it with the costs in the order of these classes (C,)."""
        return ExpectLeastCost(self.costs.for_classes(classes))

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Compare the labels with those of the formula."""
        p, costs = np.exp(measurement.outputs.log_probabilities), np.asarray(self.costs.cost)
        expected = [(p * costs[:, k]).sum(1) for k in range(len(costs))]  # (C, N)
        return _compare_labels(measurement, -np.stack(expected, axis=1))


def _log_prior(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.log(np.maximum(counts, 1) / counts.sum())


def _compare_labels(measurement: DecisionMeasurement, scores: NDArray[np.float64]) -> CheckResult:
    """Compare labels with the largest of the scores (N, C); nearly equal scores are as good."""
    chosen = scores[np.arange(len(scores)), measurement.predicted]
    differ = int((scores.max(1) - chosen > 1e-4 * (1 + np.abs(scores).max(1))).sum())
    changed = int(measurement.changed.sum())
    return CheckResult(
        differ == 0,
        f"{differ} of {len(scores)} labels differ from the formula's; {changed} from argmax",
    )


def _equally_large(counts: NDArray[np.int64]) -> bool:
    present = counts[counts > 0]  # classes with training images
    return bool(present.min() == present.max())
