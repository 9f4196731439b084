"""Expectations of mixed images: their labels against their pixels."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import CheckResult, SampledImages, StageMeasurement

_CLOSE = 0.02  # share of a label that is another class's than by the pixels
_FEW_PAIRS = 100  # below that, chance alone may halve them
_PRESENT = 0.002  # least share of a class in the pixels


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
        if pairs < _FEW_PAIRS and (mixed or pairs < _FEW_PAIRS / 3):
            return CheckResult(None, f"{mixed:,} images of about {pairs:.0f}: too few to tell")
        return CheckResult(passed, f"{mixed:,} of {total:,} images")


@dataclass(frozen=True)
class LabelsFollowPixels:
    """Each class has the share of an image's label that it has of the pixels.

    With `kappa`, the rarer class of two has the whole label if the other has `kappa` times its
    images and less than `tau` of the pixels (remix: Chou et al. 2020, arXiv 2007.03943, eq. 7). The
    shares of the pixels are measured: each mixed image is explained as a sum of those of its batch.
    """

    kappa: float = np.inf
    tau: float = 0.5
    component: ClassVar[str] = "mixing"

    @property
    def claim(self) -> str:
        """The claim in words."""
        if np.isinf(self.kappa):
            return "each class has the share of the label that it has of the pixels"
        return (
            f"the label goes to a class with at most 1/{self.kappa:g} of the other's images, if "
            f"that has less than {self.tau:g} of the pixels; else it follows the pixels"
        )

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare shares of labels and of pixels, image by image."""
        sample = _identified(measurement.sample)
        if sample is None or sample.pixels is None:
            return CheckResult(None, "the shares of the pixels can't be told")
        label, is_sure = self._label(sample.pixels, measurement.class_counts)
        wrong = np.abs(sample.target - label).sum(1)[is_sure] / 2
        several = [(shares > _PRESENT).sum(1) > 1 for shares in (sample.pixels, sample.target)]
        mixed = (several[0] | several[1])[is_sure]
        if not mixed.any():
            return CheckResult(None, "no sampled image is of two classes")
        close = (wrong <= _CLOSE)[mixed]
        return CheckResult(
            bool(close.mean() >= 0.95 and wrong.mean() <= _CLOSE),
            f"{int(close.sum())} of {len(close)} sampled images of two classes; on average "
            f"{wrong.mean():.1%} of a label is another class's",
        )

    def _label(
        self, pixels: NDArray[np.float64], counts: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the expected labels (K, C), and which are certain: not at the edge of the rule."""
        label, is_sure = pixels.copy(), np.ones(len(pixels), bool)
        for k, row in enumerate(pixels):
            present = np.flatnonzero(row > _PRESENT)
            if len(present) != 2 or np.isinf(self.kappa):
                continue
            for winner, loser in (present, present[::-1]):
                if counts[loser] >= self.kappa * counts[winner]:
                    is_sure[k] &= abs(row[loser] - self.tau) > _CLOSE
                    if row[loser] < self.tau:
                        label[k] = np.arange(len(row)) == winner
        return label, is_sure


@dataclass(frozen=True)
class SharesFromBeta:
    """The share of an image in its blend is of the distribution Beta(alpha, alpha).

    Its mean square distance from one half is 1 / (4 (2 alpha + 1)), and its mean one half; some
    keep the larger of an image's share and its partner's, which are the same blends. Allowed are
    five standard errors, and the blends of an image with itself.
    """

    alpha: float
    component: ClassVar[str] = "mixing"

    @property
    def claim(self) -> str:
        """The claim in words."""
        return f"an image's share of its blend is drawn from Beta({self.alpha:g}, {self.alpha:g})"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the mean square distance of the shares from one half."""
        sample = _identified(measurement.sample)
        if sample is None or sample.own_pixels is None:
            return CheckResult(None, "the shares of the pixels can't be told")
        share = sample.own_pixels
        draws = len(np.unique(share.round(4)))  # some draw one share for the whole batch
        expected = 1 / (4 * (2 * self.alpha + 1))
        spread, largest = float(((share - 0.5) ** 2).mean()), 0.25
        error = np.sqrt(expected * (largest - expected) / draws)
        itself = (largest - expected) * (
            1 / max(measurement.batches[1], 1) + 1 / max(int(measurement.class_counts.sum()), 1)
        )
        least = 0.5 - 5 * np.sqrt(expected / draws)  # of the mean
        allowed = 5 * error + itself + 0.005
        return CheckResult(
            bool(abs(spread - expected) <= allowed and share.mean() >= least),
            f"mean square distance from one half {spread:.3f}, declared {expected:.3f} "
            f"±{allowed:.3f}; mean {share.mean():.2f}, at least {least:.2f}; over {draws} draws",
        )


def _identified(sample: SampledImages | None) -> SampledImages | None:
    """Return the images whose shares of the pixels are known; None if they are too few."""
    if sample is None or sample.pixels is None or sample.own_pixels is None:
        return None
    known = np.isfinite(sample.pixels).all(1)
    if known.sum() < 8:
        return None
    return SampledImages(
        sample.logits[known],
        sample.gradient[known],
        sample.target[known],
        sample.pixels[known],
        sample.own_pixels[known],
    )
