"""What the head does with more images of one class, while all other classes stay as they are.

Of a class with mean μ, the mean μ̂ of m images is μ + ε with E|ε|² = t / m, t being the trace of
the covariance of its images. So the margin of a test image x, its score minus the largest of the
other classes, is a(x) − t / 2m + log m on average, with variance v(x) / m over the training images
that may have been drawn, where a(x) = x·μ − |μ|² / 2 − (largest other score). This is a saturating
law, like the inverse power laws of Figueroa et al. 2012 (BMC Medical Informatics and Decision
Making 12) and Mahmood et al. 2022 (arXiv 2207.01725), but its exponent is known, and the margins of
all test images say more of it than the few that are right.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from benchmark.evaluation.learning_curve.head import Discriminant
from benchmark.evaluation.metrics.class_counts import Floats

POOLED_WEIGHT = 5.0  # images: of the covariance of all classes in that of one
REACH = 5.0  # deviations below 0 from which a margin is out of reach
LEAST_KEPT = 0.1  # of the distance of a margin from the mean of margins


@dataclass(frozen=True)
class ClassMean:
    """The mean of a class's n training images, and B means as others might have given.

    The first is the mean itself, the others are those of draws with replacement.
    """

    mean: Floats  # (K,)
    shifts: Floats  # (B, K) from the mean
    residuals: Floats  # (n, K) of the training images
    trace: float  # t
    unseen_factor: float  # see `Discriminant`

    @classmethod
    def draw(
        cls, head: Discriminant, label: int, draws: int, rng: np.random.Generator
    ) -> "ClassMean":
        """Return the mean of class `label` and so many draws."""
        mean = head.means[label]
        residuals = head.features[head.labels == label] - mean
        n, k = residuals.shape
        trace = _pooled(float((residuals**2).sum()), float(k), n) * head.unseen_factor
        if n > 1:
            weights = rng.multinomial(n, np.full(n, 1 / n), draws) / n - 1 / n
            # n images lie closer to their own mean than to that of all
            shifts = weights @ residuals * np.sqrt(n / (n - 1) * head.unseen_factor)
        else:
            shifts = rng.normal(size=(draws, k)) * np.sqrt(trace / k)
        shifts[0] = 0
        return cls(mean, shifts, residuals, trace, head.unseen_factor)

    @property
    def images(self) -> int:
        """n."""
        return len(self.residuals)

    def margins(self, test: Floats, others: Floats, centre: Floats) -> "Margins":
        """Return the margins of test images (T, K); `others` (T,) are the largest other scores.

        `centre` (K,) is the mean of the class's test images, too: measured from that of the
        training images alone, all images would lie away from it by the same error.
        """
        if not len(test):
            return Margins(np.empty((len(self.shifts), 0)), self.trace, 1.0, self.images)
        away = test - centre
        own = float(((away @ self.residuals.T) ** 2).sum(1).mean())
        pooled = float((away**2).sum(1).mean())
        variance = _pooled(own, pooled, self.images) * self.unseen_factor
        middle = test @ self.mean - ((self.mean**2).sum() - self.trace / self.images) / 2 - others
        squares = (self.shifts**2).sum(1)
        excess = squares - squares[1:].mean()  # |ε|² as far as it is not what a mean always has
        excess[0] = 0
        values = middle + self.shifts @ away.T - excess[:, None] / 2
        return Margins(values, self.trace, variance, self.images)

    def reaches(self, test: Floats, others: Floats, images: float) -> NDArray[np.bool_]:
        """Return which test images (T, K) a head of so many images may call the class, (T,)."""
        away = test - self.mean
        margins = test @ self.mean - (self.mean**2).sum() / 2 - others + np.log(images)
        deviation = np.sqrt((away**2).sum(1) * self.unseen_factor * 3 / self.images)
        return np.asarray(margins > -REACH * deviation)


@dataclass(frozen=True)
class Margins:
    """The margins of T test images under B draws, but for what the number of images adds."""

    values: Floats  # (B, T)
    trace: float  # t
    variance: float  # v, mean over the test images
    images: int  # n, of which the values are estimated

    def chances(self, images: float, weights: Floats) -> Floats:
        """Return the chance (B, T) that a head of so many images predicts the class.

        `weights` (B, T) of the test images have sum 1. A margin estimated of n images has variance
        v / n by itself, and twice that in a draw. So that it does not count twice, margins are
        drawn to their mean as far as empirical Bayes does (Efron & Morris 1973, JASA 68).
        """
        own = np.full((len(self.values), 1), self.variance / self.images)
        own[1:] *= 2
        mean = (weights * self.values).sum(1, keepdims=True)
        spread = (weights * (self.values - mean) ** 2).sum(1, keepdims=True)
        kept = np.clip(1 - own / np.maximum(spread, 1e-12), LEAST_KEPT, 1)
        expected = mean + kept * (self.values - mean) - self.trace / 2 / images + np.log(images)
        return np.asarray(ndtr(expected / np.sqrt(kept * own + self.variance / images + 1e-12)))


def _pooled(total: float, pooled: float, images: int) -> float:
    """Return a variance from a sum over the class's images, and from that of all classes."""
    return (total + POOLED_WEIGHT * pooled) / (max(images - 1, 0) + POOLED_WEIGHT)
