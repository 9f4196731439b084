"""Expectations of the head: the logits of a network against its features and its last weights."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import CheckResult, DecisionMeasurement
from benchmark.strategy.outputs import Outputs
from benchmark.strategy.protocols import Head

_TOLERANCE = 0.02  # relative, of logits; features are stored in half precision
_IMAGES = 5000  # of validation that are compared, at most
_SYNTHETIC = 32  # images of a head that is tried on synthetic features
_LARGE, _LARGER = 1e3, 1e5  # sizes of such features; logits grow with them, or have a limit
_AT_LIMIT, _AT_ZERO = 1e-3, 1e-6  # distance of a logit from it; the latter times the largest
_FEW, _MOST = 0.1, 0.9  # of the logits


@dataclass(frozen=True)
class HeadIsLinear:
    """Logits are the features times the weights of the head, and a constant for each class."""

    component: ClassVar[str] = "head"
    claim: ClassVar[str] = "logits are the features times the weights, plus a bias"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Compare the logits of the validation images with those products."""
        if measurement.outputs.head is None:
            return CheckResult(None, "the head's weights were not kept")
        head, sample = measurement.outputs.head.astype(float), _sample(measurement)
        features = sample.features.astype(float)
        return _compare(sample, features @ head.T, features, head, centred=True)


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
        sample, head = _sample(measurement), _unit(measurement.outputs.head)
        features = _unit(sample.features)
        return _compare(sample, self.scale * features @ head.T, features, self.scale * head)


@dataclass(frozen=True)
class CosinesOfSyntheticFeatures:
    """A head gives those cosines for rows of any length, not only for those that it begins with."""

    head: Head
    scale: float
    component: ClassVar[str] = "head"
    claim: ClassVar[str] = "the same, for synthetic features and rows of any length"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Give a new head synthetic rows (C, D), and compare its logits with the cosines."""
        classes, width = len(measurement.class_counts), measurement.outputs.features.shape[1]
        rng = np.random.default_rng(0)
        rows = rng.standard_normal((classes, width)) * np.geomspace(0.3, 3, classes)[:, None]
        features = rng.random((_SYNTHETIC, width))
        try:
            module = self.head(width, classes)  # training seeds its generator at every step
            weights = dict(module.named_parameters())["weight"]
            weights.data.copy_(weights.new_tensor(rows))
            got = module(weights.new_tensor(features)).detach().numpy()
        except Exception as error:  # of a plug-in that is built in another way
            return CheckResult(None, f"{type(error).__name__}: {error}")
        declared = self.scale * _unit(features) @ _unit(rows).T
        off, size = (float(np.linalg.norm(values)) for values in (got - declared, declared))
        return CheckResult(
            off <= _TOLERANCE * size, f"logits differ from that by {off / size:.1%} of their size"
        )


@dataclass(frozen=True)
class EachClassHasLogits:
    """No class has the logits of another, or the same logit for all images.

    Nor are they probabilities: the loss takes a softmax of them, which is then the second one.
    """

    component: ClassVar[str] = "head"
    claim: ClassVar[str] = "each class has logits of its own, other ones for other images"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Count classes with equal or constant logits."""
        logits = _sample(measurement).logits.astype(float)  # (n, C)
        if len(logits) < 2:
            return CheckResult(None, "there is one validation image")
        constant = int((np.ptp(logits, axis=0) == 0).sum())
        copies = logits.shape[1] - len(np.unique(logits, axis=1).T)
        observed = f"{constant} classes with a constant logit, {copies} with that of another class"
        if (logits >= 0).all() and (np.abs(logits.sum(1) - 1) < 1e-4).all():
            observed += "; they are probabilities, of which the loss takes a softmax once more"
            return CheckResult(False, observed)
        return CheckResult(constant == copies == 0, observed)


@dataclass(frozen=True)
class LogitsHaveNoLimit:
    """Logits are neither cut off at 0 nor held within 0 to 1 or -1 to 1, as by a ReLU or a sigmoid.

    The loss takes a softmax. Of C such logits it gives no class more than e^2 / (e^2 + C - 1), and
    an image whose class is cut off gives it no gradient. The logits of any head may be in there
    after a short training. So a head is at fault only if large synthetic features bring the logits
    of a new one to the limits as well, whatever its parameters. Cosines have none, nor has what a
    head multiplies by a scale of its own.
    """

    head: Head
    component: ClassVar[str] = "head"
    claim: ClassVar[str] = "logits are not held to 0 or more, or within -1 to 1"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Look at the logits of validation images, and then at those of a new head."""
        logits = _sample(measurement).logits
        low, high = float(logits.min()), float(logits.max())
        observed = f"logits from {low:.2g} to {high:.2g}"
        if low < -1 or (low < 0 and high > 1):
            return CheckResult(True, observed)
        try:
            large, larger = self._try(logits.shape[1], measurement.outputs.features.shape[1])
        except Exception as error:  # of a plug-in that is built in another way
            return CheckResult(None, f"{type(error).__name__}: {error}")
        if not np.isfinite(larger).all():
            return CheckResult(None, f"{observed}; infinite for large synthetic features")
        least, most = float(larger.min()), float(larger.max())
        at_end = np.minimum(larger - least, most - larger) <= _AT_LIMIT
        is_held = bool(np.abs(larger).max() <= 1 + _AT_LIMIT and at_end.mean() >= _MOST)
        at_zero = larger <= _AT_ZERO * most  # (n, C)
        for_some = bool((at_zero.any(0) & ~at_zero.all(0)).any())  # of the images, in one class
        is_cut = least >= 0 and for_some and _FEW <= at_zero.mean() <= _MOST
        is_growing = most > 10 * large.max()
        return CheckResult(
            not (most > least + 0.5 and (is_held or (is_cut and is_growing))),
            f"{observed}; for large synthetic features from {least:.2g} to {most:.2g}",
        )

    def _try(self, classes: int, width: int) -> list[NDArray[np.float64]]:
        """Return the logits that a new head gives features of two sizes, (n, C) each."""
        rng = np.random.default_rng(0)
        features = rng.random((_SYNTHETIC, width)) ** 3  # some larger than others, none negative
        module = self.head(width, classes).eval()  # training seeds its generator at every step
        parameters = list(module.parameters())
        for each in parameters:
            values = rng.standard_normal(tuple(each.shape))
            if values.ndim < 2:  # it may be a scale, or the logarithm of one
                values = 1 + np.abs(values)
            each.data.copy_(each.new_tensor(values))
        return [
            module(parameters[0].new_tensor(size * features)).detach().numpy().astype(float)
            for size in (_LARGE, _LARGER)
        ]


def _unit(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return rows (n, D) of length 1."""
    rows = rows.astype(float)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12)


def _sample(measurement: DecisionMeasurement) -> Outputs:
    """Return the outputs of at most _IMAGES of the validation images, evenly spaced.

    They tell of a head what all would, and a hundred thousand would take gigabytes.
    """
    outputs = measurement.outputs
    chosen = np.zeros(len(outputs.labels), bool)
    chosen[:: max(1, -(-len(chosen) // _IMAGES))] = True
    return outputs if chosen.all() else outputs.subset(chosen)


def _compare(
    outputs: Outputs,
    declared: NDArray[np.float64],
    features: NDArray[np.float64],
    head: NDArray[np.float64],
    centred: bool = False,
) -> CheckResult:
    """Compare logits (N, C) with declared ones; `centred` takes a constant of each class out."""
    logits = outputs.logits.astype(float)
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
