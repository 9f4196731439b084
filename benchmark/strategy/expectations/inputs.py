"""Expectations of what the network is trained on: images drawn, and augmented ones."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import (
    CheckResult,
    EpochsDrawn,
    StageMeasurement,
    format_range,
)

ALMOST_ALL = 0.95  # of the images to augment: an image of a single colour may stay the same
_WRAP = 0.05  # of the bright images, that may look as if their levels began again at 0
_ERRORS = 6  # standard errors of a mean angle that are allowed
_ROUNDING = 0.05  # of the draws from a class in whole epochs, besides one draw in each


@dataclass(frozen=True)
class ExpectClassSampling:
    """Classes are drawn in proportion to a power of their size.

    A class may deviate by 2 % of its expected draws, two images and five standard deviations of
    chance. Whole epochs draw a fixed number from each class, so there is no chance in them, but
    parts of an image are rounded in each. The epochs that the stage cuts at its two ends are random
    samples without replacement. An epoch is assumed to show each image of the largest class once;
    with `undersampled`, each of the smallest. In epochs of synthetic labels a class may deviate by
    5 %, one image an epoch and six standard deviations of what the epochs differ by.
    """

    power: float  # 1 draws classes by their size, 0 draws them equally often
    blend: float = 1.0  # fraction of the draws by that power; the others follow the class sizes
    independent: bool = False  # each image is drawn with replacement: chance is in all draws
    undersampled: bool = False  # larger classes are cut; no image of a smaller one is repeated
    tolerance: float = 0.02  # allowed relative deviation
    component: ClassVar[str] = "sampler"

    @property
    def claim(self) -> str:
        """The claim in words."""
        rates = {0.0: "equally often", 1.0: "in proportion to their images"}
        rate = rates.get(self.power, f"in proportion to (images)^{self.power:g}")
        rest = "" if self.blend == 1 else f" in {self.blend:.0%} of the draws, else by their images"
        return f"classes are drawn {rate}{rest}"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the draws of each class with the expected ones."""
        present = measurement.class_counts > 0
        size = measurement.class_counts[present].astype(float)
        drawn = measurement.drawn[present]
        share = self._share(size)
        shown_once = size.argmin() if self.undersampled else size.argmax()
        draws = share * size[shown_once] / share[shown_once]  # in an epoch, before they are rounded
        rounded = np.abs(draws - draws.round())
        epoch = float(round(draws.sum()))
        before = measurement.drawn_before
        partial = np.array([before, before + drawn.sum()]) % epoch  # images of the cut epochs
        by_chance = drawn.sum() if self.independent else (partial * (1 - partial / epoch)).sum()
        expected = drawn.sum() * share
        allowed = self.tolerance * expected + 2 + 5 * np.sqrt(by_chance * share * (1 - share))
        allowed += (rounded + share * rounded.sum()) * drawn.sum() / epoch
        passed = bool((np.abs(drawn - expected) <= allowed).all())
        observed = (
            f"{format_range(drawn / expected)} the expected draws; "
            f"up to ±{(allowed / expected).max():.2f} is allowed"
        )
        if (epochs := measurement.epochs_drawn) is not None:
            whole, ratios = self._check_epochs(epochs)
            observed += f"; {format_range(ratios)} in {epochs.epochs} epochs of synthetic labels"
            varies = np.ptp(epochs.class_draws, axis=0).max() > 1  # by more than rounding
            if whole and varies and not passed and not self.independent:
                observed += "; if images are drawn with replacement, declare independent=True"
            passed = passed and whole
        return CheckResult(passed, observed)

    def _share(self, size: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the declared share of each class of some size (C,), (C,)."""
        powers = size**self.power
        return self.blend * powers / powers.sum() + (1 - self.blend) * size / size.sum()

    def _check_epochs(self, epochs: EpochsDrawn) -> tuple[bool, NDArray[np.float64]]:
        """Compare whole epochs with the declared shares; return the ratios (C,) as well."""
        present = epochs.class_counts > 0
        draws = epochs.class_draws[:, present]
        expected = draws.sum() * self._share(epochs.class_counts[present].astype(float))
        chance = _ERRORS * draws.std(0) * np.sqrt(epochs.epochs)
        allowed = _ROUNDING * expected + epochs.epochs + chance
        drawn = draws.sum(0)
        return bool((np.abs(drawn - expected) <= allowed).all()), drawn / np.maximum(expected, 1)


@dataclass(frozen=True)
class NoImageAugmented:
    """The strategy changes the pixels of no image."""

    component: ClassVar[str] = "augmentation"
    claim: ClassVar[str] = "no image is augmented"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count images with changed pixels."""
        augmented, total = sum(measurement.augmented), sum(measurement.images_shown)
        return CheckResult(augmented == 0, f"{augmented:,} of {total:,} images")


@dataclass(frozen=True)
class AllImagesAugmented:
    """The strategy changes the pixels of every image."""

    component: ClassVar[str] = "augmentation"
    claim: ClassVar[str] = "every image is augmented"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count images with changed pixels."""
        augmented, total = sum(measurement.augmented), sum(measurement.images_shown)
        return CheckResult(augmented >= ALMOST_ALL * total, f"{augmented:,} of {total:,} images")


@dataclass(frozen=True)
class ImagesRecognisable:
    """On synthetic images, an augmentation leaves the image's own content.

    Each has three dots. Images may lose them, but most may not become flat, and dots that are
    still there are not those of another image of the batch: its label would be wrong. Grey levels
    of bright images stay in their range: those above 255 don't begin again at 0.
    """

    component: ClassVar[str] = "augmentation"
    claim: ClassVar[str] = "an augmented image still shows what the image shows (synthetic images)"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the dots after the augmentation with those before."""
        if (patterns := measurement.patterns) is None:
            return CheckResult(None, "no synthetic image was augmented")
        total, flat = len(patterns.is_flat), int(patterns.is_flat.sum())
        intact = np.isfinite(patterns.angle)
        own = int(patterns.is_own[intact].sum())
        wrapped, bright = int(patterns.wraps.sum()), len(patterns.wraps)
        return CheckResult(
            flat < total / 2 and own >= int(intact.sum()) / 2 and wrapped <= _WRAP * bright,
            f"{own} of {int(intact.sum())} with their dots have their own; {flat} of {total} flat; "
            f"in {wrapped} of {bright} bright ones, grey levels above 255 begin again at 0",
        )


@dataclass(frozen=True)
class ImagesRotated:
    """On synthetic images, each is rotated by an angle of its own, uniform within +- `degrees`.

    So the mean is zero, up to six standard errors: of the images that are mirrored too, and of
    the others. A rotation to one side is hidden in all of them if it is mirrored with the image.
    An image has another angle in each batch, too: a generator that is seeded in each call repeats
    those of the first batch.
    """

    degrees: float
    component: ClassVar[str] = "augmentation"

    @property
    def claim(self) -> str:
        """The claim in words."""
        return f"each image is rotated by up to {self.degrees:g} degrees (synthetic images)"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the angles with a uniform distribution's; mirrored dots make a few wrong."""
        if (patterns := measurement.patterns) is None:
            return CheckResult(None, "no synthetic image was augmented")
        angle = patterns.angle[np.isfinite(patterns.angle)]
        if len(angle) < len(patterns.angle) / 2:
            return CheckResult(False, f"{len(angle)} of {len(patterns.angle)} have their dots")
        spread, most = float(angle.std()), float(np.quantile(np.abs(angle), 0.95))
        expected = self.degrees / np.sqrt(3)
        near = abs(spread - expected) <= 0.2 * expected + 0.5  # 256 angles, found to half a degree
        of_batch = patterns.angle.reshape(patterns.batches, -1)
        within, between = _spread(of_batch, 1), _spread(of_batch, 0)  # one angle for all: none
        least = max(0.5 * expected - 0.5, 0.1 * expected)
        own = within >= least and (between >= least or patterns.batches == 1)
        is_mirrored = patterns.is_mirrored[np.isfinite(patterns.angle)]
        groups = [each for each in (angle[~is_mirrored], angle[is_mirrored]) if len(each)]
        both_sides = all(
            abs(each.mean()) <= _ERRORS * expected / np.sqrt(len(each)) + 0.5 for each in groups
        )
        means = " and ".join(f"{each.mean():+.1f}" for each in groups)
        return CheckResult(
            bool(near and own and most <= 1.1 * self.degrees + 1 and both_sides),
            f"95 % by up to {most:.1f} degrees, standard deviation {spread:.1f}, within a batch "
            f"{within:.1f}, of an image from batch to batch {between:.1f} (uniform: "
            f"{expected:.1f}); mean {means}, mirrored images apart",
        )


@dataclass(frozen=True)
class RepeatsAugmented:
    """Repeats of an image in an epoch are augmented, its first occurrence is not."""

    component: ClassVar[str] = "augmentation"
    claim: ClassVar[str] = "each repeat of an image is augmented, no first occurrence is"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count repeats and first occurrences with changed pixels."""
        first, repeats = measurement.images_shown
        first_augmented, augmented = measurement.augmented
        passed = first_augmented == 0 and augmented >= ALMOST_ALL * repeats
        return CheckResult(
            passed if repeats or not passed else None,  # without repeats, nothing can be augmented
            f"{augmented:,} of {repeats:,} repeats, "
            f"{first_augmented:,} of {first:,} first occurrences",
        )


def _spread(angles: NDArray[np.float64], axis: int) -> float:
    """Return the standard deviation of angles about their mean along an axis; NaN is left out."""
    known = np.isfinite(angles)
    number = np.maximum(known.sum(axis, keepdims=True), 1)
    mean = np.where(known, angles, 0).sum(axis, keepdims=True) / number
    return float(np.sqrt(((angles - mean)[known] ** 2).mean()))
