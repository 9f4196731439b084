"""Expectations of the head: the logits of a network against its features and its last weights."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import CheckResult, DecisionMeasurement

_TOLERANCE = 0.02  # relative, of logits; features are stored in half precision


@dataclass(frozen=True)
class HeadIsLinear:
    """Logits are the features times the weights of the head, and a constant for each class."""

    component: ClassVar[str] = "head"
    claim: ClassVar[str] = "logits are the features times the weights, plus a bias"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Compare the logits of the validation images with those products."""
        if measurement.outputs.head is None:
            return CheckResult(None, "the head's weights were not kept")
        head = measurement.outputs.head.astype(float)
        features = measurement.outputs.features.astype(float)
        return _compare(measurement, features @ head.T, features, head, centred=True)


@dataclass(frozen=True)
class ExpectCosineHead:
    """Logits are cosines between features and rows of the weights, times a scale."""

    scale: float
    component: ClassVar[str] = "head"

    @property
    def claim(self) -> str:
        """The claim in words."""
        return f"logits are cosines of features and weights, times {self.scale:g}"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Compare the logits of the validation images with those cosines."""
        if measurement.outputs.head is None:
            return CheckResult(None, "the head's weights were not kept")
        features, head = (
            rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12)
            for rows in (
                measurement.outputs.features.astype(float), measurement.outputs.head.astype(float)
            )
        )  # fmt: skip
        return _compare(measurement, self.scale * features @ head.T, features, self.scale * head)


@dataclass(frozen=True)
class EachClassHasLogits:
    """No class has the logits of another, or the same logit for all images.

    Nor are they probabilities: the loss takes a softmax of them, which is then the second one.
    """

    component: ClassVar[str] = "head"
    claim: ClassVar[str] = "each class has logits of its own, other ones for other images"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Count classes with equal or constant logits."""
        logits = measurement.outputs.logits.astype(float)  # (N, C)
        if len(logits) < 2:
            return CheckResult(None, "there is one validation image")
        constant = int((np.ptp(logits, axis=0) == 0).sum())
        copies = logits.shape[1] - len(np.unique(logits, axis=1).T)
        observed = f"{constant} classes with a constant logit, {copies} with that of another class"
        if (logits >= 0).all() and (np.abs(logits.sum(1) - 1) < 1e-4).all():
            observed += "; they are probabilities, of which the loss takes a softmax once more"
            return CheckResult(False, observed)
        return CheckResult(constant == copies == 0, observed)


def _compare(
    measurement: DecisionMeasurement,
    declared: NDArray[np.float64],
    features: NDArray[np.float64],
    head: NDArray[np.float64],
    centred: bool = False,
) -> CheckResult:
    """Compare logits (N, C) with declared ones; `centred` takes a constant of each class out."""
    logits = measurement.outputs.logits.astype(float)
    if centred:
        if len(logits) < 2:
            return CheckResult(None, "there is one validation image")
        logits, declared = (values - values.mean(0) for values in (logits, declared))
    difference, size = (
        float(np.sqrt((values**2).mean())) for values in (logits - declared, declared)
    )
    rounding = 5e-4 * float(
        np.linalg.norm(features, axis=1).mean() * np.linalg.norm(head, axis=1).mean()
    )
    return CheckResult(
        difference <= _TOLERANCE * size + rounding,
        f"logits differ from that by {difference:.2g}, and are {size:.2g} in size",
    )
