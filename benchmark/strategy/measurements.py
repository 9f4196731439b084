"""Measurements of a training and of a decision, and the protocol of what is expected of them."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.chunks import highest_class
from benchmark.strategy.outputs import Outputs, log_softmax

CONFIDENCE_BINS = 10  # equal bins of the probability of the true class


class SyntheticRow(NamedTuple):
    """A synthetic feature, and the two images of its class that it lies between."""

    label: float  # the index of its class
    detour: float  # by way of it from one image to the other, relative to their distance; 0 between
    rank: float  # of the one among the neighbours of the other, from 1
    position: float  # from 0 at the one to 1 at the other; -1 where several images are the row
    is_copy: float  # 1 if an earlier row is the same
    # the ends, counted among the images of the class; -1 where several segments pass the row
    first: float = -1.0
    second: float = -1.0


@dataclass(frozen=True)
class SampledImages:
    """Some of the images that a stage trained on, K of them. C classes."""

    logits: NDArray[np.float64]  # (K, C)
    gradient: NDArray[np.float64]  # (K, C) of an image's loss at its logits
    target: NDArray[np.float64]  # (K, C)
    pixels: NDArray[np.float64] | None = None  # (K, C) share of each class, if images are mixed
    own_pixels: NDArray[np.float64] | None = None  # (K,) share of the image's own, likewise


@dataclass(frozen=True)
class PatternsAugmented:
    """What an augmentation does to K synthetic images with three coloured dots each."""

    is_flat: NDArray[np.bool_]  # (K,) no dot is left
    angle: NDArray[np.float64]  # (K,) rotation in degrees; NaN where the dots were not found
    is_mirrored: NDArray[np.bool_]  # (K,) the triangle of the dots is
    is_own: NDArray[np.bool_]  # (K,) the dots are the image's own, not those of another
    wraps: NDArray[np.bool_]  # (K,) levels above 255 begin again at 0, for K bright images
    batches: int = 1  # of equal size and one after the other, into which the images were cut


@dataclass(frozen=True)
class EpochsDrawn:
    """Draws of a sampler in several epochs E of K synthetic labels."""

    epochs: int
    class_counts: NDArray[np.int64]  # (C,)
    image_draws: NDArray[np.int64]  # (K,) of all epochs, in the order of their classes
    class_draws: NDArray[np.int64]  # (E, C)
    same_class_neighbours: int  # draws that follow one of the same class, in all epochs


@dataclass(frozen=True)
class StageSchedule:
    """When a stage ran, and what it trained."""

    fraction: float  # of the steps that train more than the head
    tolerance: float  # of the fraction: that of a step and a half
    extra_steps: int  # after the common budget
    trained_more: bool | None  # whether blocks changed where the recipe trains them; None: nowhere
    resets_head: bool
    lr_factor: float = 1.0  # times the learning rates of the first stage


@dataclass(frozen=True)
class StageMeasurement:
    """Measured in one stage of a training. C classes, N training images."""

    class_counts: NDArray[np.int64]  # training images that the selection keeps, (C,)
    drawn: NDArray[np.int64]  # images shown, (C,)
    synthetic: NDArray[np.int64]  # synthetic features shown, (C,)
    images_shown: tuple[int, int]  # first occurrences of an image in an epoch, and repeats
    augmented: tuple[int, int]  # those of both with pixels that the strategy changed
    mixed: int  # images shown with more than one class in their target
    # Sums over images of the norms of two gradients at the logits, that of the loss and that of
    # cross-entropy, by class and probability of the true class, (C, CONFIDENCE_BINS, 2).
    gradient_norm: NDArray[np.float64]
    drawn_before: int = 0  # images that the same sampler drew before this stage
    # draws of each image that the selection keeps, (N,), in the order of their classes; () where
    # they were not counted
    image_draws: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    epochs_drawn: EpochsDrawn | None = None
    batches: tuple[int, int] = (0, 0)  # how many, and of how many rows
    same_class_pairs: int = 0  # pairs of rows of one class in one batch
    sample: SampledImages | None = None
    added_features: NDArray[np.int64] | None = None  # rows of the synthesizer, (C,)
    synthetic_rows: tuple[SyntheticRow, ...] = ()  # some of these
    # of rows of features that are alike in all classes, (S,), see `interpolate_overlapping`
    detours: NDArray[np.float64] | None = None
    patterns: PatternsAugmented | None = None
    schedule: StageSchedule | None = None
    # training images that the selection leaves out, (C,), and how often they were shown
    left_out: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    left_out_draws: int = 0

    @property
    def gradient(self) -> NDArray[np.float64]:
        """Norm of the loss's gradient, summed over the images of each class, (C,)."""
        return self.gradient_norm[:, :, 0].sum(1)

    @property
    def cross_entropy_gradient(self) -> NDArray[np.float64]:
        """The same for cross-entropy at the same logits, (C,)."""
        return self.gradient_norm[:, :, 1].sum(1)

    @property
    def by_confidence(self) -> NDArray[np.float64]:
        """Both norms by probability of the true class, (CONFIDENCE_BINS, 2)."""
        return self.gradient_norm.sum(0)


@dataclass(frozen=True)
class DecisionMeasurement:
    """Labels that a decision gave to the N validation images that it was fitted on."""

    class_counts: NDArray[np.int64]  # training images, (C,)
    outputs: Outputs  # of the network, for the validation images
    predicted: NDArray[np.int64]  # labels by the decision, (N,)
    corrected: Outputs | None = (
        None  # the outputs as the decision calibrates them; None: it doesn't
    )

    @property
    def calibrated(self) -> Outputs:
        """The outputs on which it decides: those of the network, unless it corrects them."""
        return self.corrected or self.outputs

    @cached_property
    def argmax(self) -> NDArray[np.int64]:
        """The class with the largest logit, (N,)."""
        logits = self.outputs.logits
        return highest_class(logits, lambda images: log_softmax(logits[images]))

    @property
    def changed(self) -> NDArray[np.bool_]:
        """Whether the decision differs from argmax, (N,)."""
        return self.predicted != self.argmax

    @property
    def macro_f1(self) -> tuple[float, float]:
        """Macro-F1 by argmax and by the decision."""
        return self.macro_f1_of(self.argmax), self.macro_f1_of(self.predicted)

    def macro_f1_of(self, predicted: NDArray[np.int64]) -> float:
        """Macro-F1 of any labels (N,)."""
        labels, classes = self.outputs.labels, len(self.class_counts)
        hits = np.bincount(labels[labels == predicted], minlength=classes)  # (C,)
        sizes = np.bincount(labels, minlength=classes) + np.bincount(predicted, minlength=classes)
        return float((2 * hits / np.maximum(sizes, 1)).mean())


Measurement = TypeVar("Measurement", StageMeasurement, DecisionMeasurement, contravariant=True)


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
