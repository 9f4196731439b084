"""Threshold moving on a trained model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import Argmax, Between, OffsetArgmax, Outputs, Strategy, find, strategy
from benchmark.strategy.class_offsets import fit_class_by_class, fit_strength, macro_f1
from benchmark.strategy.cross_fit import cross_fit
from benchmark.strategy.expectations.decision import RaisesFittedMacroF1


@dataclass(frozen=True)
class OneStrength:
    """The prior that the network expects, taken out as strongly as raises macro-F1."""

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> OffsetArgmax:
        """Fit the strength."""
        prior = validation.effective_prior
        direction = -np.log(np.maximum(counts, 1) / counts.sum() if prior is None else prior)
        direction -= direction.mean()
        return OffsetArgmax(tuple((fit_strength(validation, direction) * direction).tolist()))


@dataclass(frozen=True)
class ClassByClass:
    """One offset for each class; of a class with few images it is near that of `OneStrength`."""

    prior_weight: float

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> OffsetArgmax:
        """Fit the strength, then every class by coordinate ascent."""
        common = np.array(OneStrength().fit(validation, counts).offset)
        images = np.bincount(validation.labels, minlength=len(counts))
        trust = images / np.maximum(images + self.prior_weight, 1)
        own = fit_class_by_class(validation, common)
        return OffsetArgmax(tuple((trust * own + (1 - trust) * common).tolist()))


@dataclass(frozen=True)
class ThresholdMoving:
    """Of no offsets, `OneStrength` and `ClassByClass`, the best on images not fitted to."""

    prior_weight: float

    def __post_init__(self) -> None:
        if not self.prior_weight >= 0:
            raise ValueError(f"threshold_moving: prior_weight={self.prior_weight} is below 0")

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> OffsetArgmax:
        """Choose by cross-fitted macro-F1, of equal ones the simplest; fit it to all images."""
        rules = (Argmax(), OneStrength(), ClassByClass(self.prior_weight))
        predicted = [cross_fit(rule, validation, counts) for rule in rules]
        best = np.argmax([macro_f1(validation.labels, p, len(counts)) for p in predicted])
        return rules[best].fit(validation, counts)


@strategy(groups=("all", "decisions"), prior_weight=Between(1, 100, log=True))
def threshold_moving(base: str = "no_change", prior_weight: float = 10.0) -> Strategy:
    """The trained model `base` with class thresholds moved on validation; nothing is trained.

    That thresholds pay under imbalance is of Collell et al. 2018 (Neurocomputing 275) and Buda et
    al. 2018, arXiv 1710.05381, who divide by the prior; to fit them to macro-F1 as here is ours.
    First comes the strength tau of the correction -tau log q_c, then each b_c from there, by
    coordinate ascent; of equal values, that of the lowest log-loss. q is the prior that the
    training of `base` left in the network: the class shares for cross-entropy, none after balanced
    draws or weights. With m_c validation images of a class, b_c is m_c / (m_c + prior_weight) of
    the fitted value, and the rest is the correction: few images are little evidence. Offsets are
    used where they raise macro-F1 of images that they were not fitted to, or else none.

    y = argmax_c (log p_c + b_c)

    Example: --strategies no_change,threshold_moving:base=focal_loss
    """
    rule = ThresholdMoving(prior_weight)
    return find(base).decided_by(rule, RaisesFittedMacroF1())
