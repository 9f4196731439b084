"""Expectations of the loss: its gradient against that of cross-entropy at the same logits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import (
    CONFIDENCE_BINS,
    CheckResult,
    StageMeasurement,
    format_range,
)

_MARGIN = 0.02  # relative; rounding alone moves the norms of cross-entropy by less than 0.01


@dataclass(frozen=True)
class GradientMatchesCrossEntropy:
    """The gradient of every class is that of cross-entropy."""

    tolerance: float = 0.01
    component: ClassVar[str] = "loss"
    claim: ClassVar[str] = "the gradient is that of cross-entropy"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the two by class and by probability of the true class."""
        per_class = np.stack((measurement.gradient, measurement.cross_entropy_gradient), 1)
        norms = np.concatenate([per_class, measurement.by_confidence])
        norms = norms[norms[:, 1] > 0]
        ratios = norms[:, 0] / norms[:, 1]
        passed = bool((np.abs(ratios - 1) <= self.tolerance).all())
        return CheckResult(passed, f"{format_range(ratios)} cross-entropy's")


@dataclass(frozen=True)
class ExpectClassWeights:
    """The gradient of an image is cross-entropy's times (images of its class)^-power.

    The weights have mean 1 over the training images; others would change the learning rate. With
    `beta`, n images count by their effective number (1 - beta^n) / (1 - beta), which is n for 1.
    """

    power: float  # 1 weights by inverse class size
    beta: float = 1.0
    tolerance: float = 0.02  # allowed relative deviation
    component: ClassVar[str] = "loss"

    @property
    def claim(self) -> str:
        """The claim in words."""
        size = "images" if self.beta == 1 else "effective number of images"
        return f"the loss weights a class by ({size})^-{self.power:g}, with mean 1 over all images"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the weights in the gradient with the declared ones."""
        counts, plain = measurement.class_counts, measurement.cross_entropy_gradient
        measured = plain > 0
        weight = measurement.gradient[measured] / plain[measured]
        number = np.maximum(counts, 1.0)
        if self.beta < 1:
            number = (1 - self.beta**number) / (1 - self.beta)
        declared = number**-self.power
        declared *= counts.sum() / (declared * counts).sum()
        ratios = weight / declared[measured]
        return CheckResult(
            bool((np.abs(ratios - 1) <= self.tolerance).all()),
            f"weights from {weight.min():.3g} to {weight.max():.3g}, "
            f"{format_range(ratios)} the declared ones",
        )


@dataclass(frozen=True)
class UpweightsRareClasses:
    """The rarer half of the classes has a larger share of the gradient than by cross-entropy."""

    component: ClassVar[str] = "loss"
    claim: ClassVar[str] = "rare classes have a larger share of the gradient than by cross-entropy"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the shares."""
        rare = rarer_half(measurement.class_counts)
        if rare is None:
            return CheckResult(None, "all classes are equally large")
        share, plain = (
            norms[rare].sum() / norms.sum()
            for norms in (measurement.gradient, measurement.cross_entropy_gradient)
        )
        return CheckResult(
            bool(share > (1 + _MARGIN) * plain), f"{share:.3f}, by cross-entropy {plain:.3f}"
        )


@dataclass(frozen=True)
class DownweightsEasyExamples:
    """Easy images have a smaller gradient than others, relative to cross-entropy.

    An image is easy if its true class has a probability above one half.
    """

    component: ClassVar[str] = "loss"
    claim: ClassVar[str] = "easy images (p > 0.5) count for less than hard ones"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare gradients relative to cross-entropy, above and below one half."""
        return _compare_easy_and_hard(measurement, lambda easy, hard: easy < (1 - _MARGIN) * hard)


@dataclass(frozen=True)
class UpweightsEasyExamples:
    """Easy images have a larger gradient than others, relative to cross-entropy.

    An image is easy if its true class has a probability above one half. This holds for losses with
    a margin, for smoothed targets, and for losses that distrust contradictory images.
    """

    component: ClassVar[str] = "loss"
    claim: ClassVar[str] = "easy images (p > 0.5) count for more than hard ones"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare gradients relative to cross-entropy, above and below one half."""
        return _compare_easy_and_hard(measurement, lambda easy, hard: easy > (1 + _MARGIN) * hard)


@dataclass(frozen=True)
class DownweightsUncertainExamples:
    """Uncertain images have a smaller gradient than by cross-entropy."""

    confident: float  # an image is uncertain if its true class has a lower probability
    component: ClassVar[str] = "loss"

    @property
    def claim(self) -> str:
        """The claim in words."""
        return f"images with p < {self.confident:.2g} have a smaller gradient than by cross-entropy"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the two over the bins below."""
        below = int(self.confident * CONFIDENCE_BINS)
        loss, plain = measurement.by_confidence[:below].sum(0)
        if not plain > 0:
            return CheckResult(None, "no image was uncertain during the training")
        observed = f"{loss / plain:.3f} times cross-entropy's gradient"
        return CheckResult(bool(loss < 0.995 * plain), observed)


def _compare_easy_and_hard(
    measurement: StageMeasurement, passes: Callable[[float, float], bool]
) -> CheckResult:
    """Compare the gradients of easy and of hard images, each divided by that of cross-entropy.

    Both are divided by that of their whole class as well, so that class weights cancel out.
    """
    half = CONFIDENCE_BINS // 2
    hard = measurement.gradient_norm[:, :half].sum(1)  # (C, 2)
    easy = measurement.gradient_norm[:, half:].sum(1)  # (C, 2)
    both = (hard[:, 1] > 0) & (easy[:, 1] > 0)
    if not both.any():
        return CheckResult(None, "no class had both easy and hard images during the training")
    hard, easy = hard[both], easy[both]
    of_class = (hard + easy)[:, 0] / (hard + easy)[:, 1]
    for_hard, for_easy = (
        float(norms[:, 0].sum() / (norms[:, 1] * of_class).sum()) for norms in (hard, easy)
    )
    observed = f"relative to their class: {for_easy:.2f} for easy images, {for_hard:.2f} for hard"
    return CheckResult(passes(for_easy, for_hard), observed)


def rarer_half(counts: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the rarer half of classes with images, counts (C,); None if all are equally large."""
    order = np.argsort(counts, kind="stable")[(counts == 0).sum() :]
    rare = order[: len(order) // 2]
    differ = len(rare) and counts[rare].max() < 0.9 * counts[order].max()
    return rare if differ else None
