"""Expectations of what the network is trained on: draws, augmented, mixed and synthetic ones."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.strategy.measurements import CheckResult, StageMeasurement, format_range

ALMOST_ALL = 0.95  # of the images to augment: an image of a single colour may stay the same


@dataclass(frozen=True)
class ExpectClassSampling:
    """Classes are drawn in proportion to a power of their size.

    A class may deviate by 2 % of its expected draws, two images and five standard deviations of
    chance. Whole epochs draw a fixed number from each class, so there is no chance in them. The
    epochs that the stage cuts at its two ends are random samples without replacement. An epoch is
    assumed to show each image of the largest class once; with `undersampled`, each of the smallest.
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
        powers = size**self.power
        share = self.blend * powers / powers.sum() + (1 - self.blend) * size / size.sum()
        shown_once = size.argmin() if self.undersampled else size.argmax()
        epoch = float(round(size[shown_once] / share[shown_once]))
        before = measurement.drawn_before
        partial = np.array([before, before + drawn.sum()]) % epoch  # images of the cut epochs
        by_chance = drawn.sum() if self.independent else (partial * (1 - partial / epoch)).sum()
        expected = drawn.sum() * share
        allowed = self.tolerance * expected + 2 + 5 * np.sqrt(by_chance * share * (1 - share))
        return CheckResult(
            bool((np.abs(drawn - expected) <= allowed).all()),
            f"{format_range(drawn / expected)} the expected draws; "
            f"up to ±{(allowed / expected).max():.2f} is allowed",
        )


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


@dataclass(frozen=True)
class NoImageMixed:
    """Every target is a single class."""

    component: ClassVar[str] = "mixing"
    claim: ClassVar[str] = "no images are mixed"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count targets of more than one class."""
        mixed, total = measurement.mixed, sum(measurement.images_shown)
        return CheckResult(mixed == 0, f"{mixed:,} of {total:,} images")


@dataclass(frozen=True)
class ImagesMixed:
    """Images are mixed, and so are their labels."""

    # Least fraction with two labels, out of the images that a random partner of another class would
    # give two labels. A strategy may give a mixed image a single label.
    at_least: float
    component: ClassVar[str] = "mixing"
    claim: ClassVar[str] = "images of different classes are mixed, and so are their labels"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count targets of more than one class."""
        mixed, total = measurement.mixed, sum(measurement.images_shown)
        share = measurement.drawn / measurement.drawn.sum()
        pairs = total * (1 - (share**2).sum())  # expected pairs of different classes
        passed = bool(mixed > 0 and mixed >= self.at_least * pairs)
        return CheckResult(passed, f"{mixed:,} of {total:,} images")


@dataclass(frozen=True)
class NoFeatureSynthetic:
    """The head is trained on the features of images alone."""

    component: ClassVar[str] = "synthesizer"
    claim: ClassVar[str] = "no features are synthetic"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Count synthetic features."""
        synthetic = int(measurement.synthetic.sum())
        total = synthetic + int(measurement.drawn.sum())
        return CheckResult(synthetic == 0, f"{synthetic:,} of {total:,} features")


@dataclass(frozen=True)
class SyntheticFeatures:
    """Synthetic features fill every class up to the size of the largest.

    In a class of n images the fraction 1 - n / max n of the features is synthetic. A class of one
    image has no synthetic features, because there is nothing to interpolate. Allowed are 2 % and
    five standard deviations of chance.
    """

    tolerance: float = 0.02
    component: ClassVar[str] = "synthesizer"
    claim: ClassVar[str] = "synthetic features fill each class up to the size of the largest"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the fraction of synthetic features with the expected one, class by class."""
        counts, synthetic = measurement.class_counts, measurement.synthetic
        total = synthetic + measurement.drawn
        checked = (counts > 1) & (total > 0)
        expected = 1 - counts[checked] / counts.max()
        share = synthetic[checked] / total[checked]
        chance = np.sqrt(expected * (1 - expected) / total[checked])
        observed = f"{int(synthetic.sum()):,} of {int(total.sum()):,} features"
        if not expected.any():
            return CheckResult(None if not synthetic.any() else False, observed)
        close = np.abs(share - expected) <= self.tolerance + 5 * chance
        return CheckResult(bool(synthetic.any() and close.all()), observed)
