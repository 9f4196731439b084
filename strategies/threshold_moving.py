"""Threshold moving on a trained model."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import Between, OffsetArgmax, Outputs, Strategy, find, strategy
from benchmark.strategy.expectations.decision import RaisesFittedMacroF1


def macro_f1(labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> float:
    """Mean of the per-class F1, 0 for a class that is neither present nor predicted."""
    hits = np.bincount(labels[labels == predicted], minlength=classes)
    total = np.bincount(labels, minlength=classes) + np.bincount(predicted, minlength=classes)
    return float(np.mean(2 * hits / np.maximum(total, 1)))


def nearest_best(values: NDArray, scores: list[float], target: float) -> float:
    """Return the value with the best score; of several, the one nearest to the target."""
    return float(min(values[np.isclose(scores, max(scores))], key=lambda v: abs(v - target)))


@dataclass(frozen=True)
class ThresholdMoving:
    """One offset for each class, fitted on validation for macro-F1."""

    prior_weight: float
    sweeps: int = 3

    def __post_init__(self) -> None:
        if not self.prior_weight >= 0:
            raise ValueError(f"threshold_moving: prior_weight={self.prior_weight} is below 0")

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> OffsetArgmax:
        """Fit the strength of the prior correction, then every class by coordinate ascent."""
        log_p, labels, classes = validation.log_probabilities, validation.labels, len(counts)
        prior = -np.log(np.maximum(counts, 1) / counts.sum())
        prior -= prior.mean()
        # a network that has not learnt the prior, or was trained on balanced draws, needs less
        taus, steps = np.linspace(0, 1.5, 16), np.linspace(-3, 3, 25)
        scores = [macro_f1(labels, (log_p + tau * prior).argmax(1), classes) for tau in taus]
        prior *= nearest_best(taus, scores, 1.0)
        fitted = prior.copy()
        for k in [*range(classes)] * self.sweeps:
            own = log_p[:, k] + fitted[k]
            others = np.where(np.arange(classes) == k, -np.inf, log_p + fitted)
            rival, top = others.argmax(1), others.max(1)
            scores = [macro_f1(labels, np.where(own + s > top, k, rival), classes) for s in steps]
            fitted[k] += nearest_best(steps, scores, 0.0)
        images = np.bincount(labels, minlength=classes)
        trust = images / (images + self.prior_weight)
        return OffsetArgmax(tuple((trust * fitted + (1 - trust) * prior).tolist()))


@strategy(groups=("all", "decisions"), prior_weight=Between(1, 100, log=True))
def threshold_moving(base: str = "no_change", prior_weight: float = 10.0) -> Strategy:
    """The trained model `base` with class thresholds moved on validation; nothing is trained.

    b is fitted for macro-F1 on the validation images: first the strength tau of the prior
    correction -tau log pi_c, then each b_c by coordinate ascent from there. With m_c validation
    images of a class, b_c is m_c / (m_c + prior_weight) of the fitted value, and the rest is the
    prior correction: few images are little evidence. Collell et al. 2018; Buda et al. 2018, arXiv
    1710.05381.

    y = argmax_c (log p_c + b_c)

    Example: --strategies no_change,threshold_moving:base=focal_loss
    """
    rule = ThresholdMoving(prior_weight)
    return replace(find(base), decision=rule, expectations=(RaisesFittedMacroF1(),))
