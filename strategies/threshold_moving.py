"""Threshold moving on a trained model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import AddOffset, FittedOnValidation, Outputs, Strategy, find, strategy


def macro_f1(labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> float:
    """Mean of the per-class F1 over all classes, 0 where a class has neither hit nor call."""
    hits = np.bincount(labels[labels == predicted], minlength=classes)
    total = np.bincount(labels, minlength=classes) + np.bincount(predicted, minlength=classes)
    return float(np.mean(2 * hits / np.maximum(total, 1)))


@dataclass(frozen=True)
class MoveThresholds:
    """One offset a class, chosen on validation for macro-F1."""

    prior_weight: float
    sweeps: int = 3

    def __post_init__(self) -> None:
        if not self.prior_weight >= 0:
            raise ValueError(
                f"threshold_moving: prior_weight must be 0 or more, got {self.prior_weight}"
            )

    def _strength(self, scores: NDArray, labels: NDArray, prior: NDArray) -> float:
        """Return tau in 0..1.5 of the largest macro-F1; of equally good ones that nearest to 1.

        A network that has not learnt the prior, or was trained on balanced draws, wants less of it.
        """
        taus = np.linspace(0, 1.5, 16)
        gains = [macro_f1(labels, (scores + t * prior).argmax(1), len(prior)) for t in taus]
        return float(min(taus[np.isclose(gains, max(gains))], key=lambda tau: abs(tau - 1)))

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> AddOffset:
        """Fit the strength of the prior correction, then every class by coordinate ascent."""
        scores, labels = validation.log_probabilities, validation.labels
        prior = -np.log(np.maximum(counts, 1) / counts.sum())
        prior = self._strength(scores, labels, prior) * (prior - prior.mean())
        fitted = prior.copy()
        steps = np.linspace(-3, 3, 25)
        for _ in range(self.sweeps):
            for k in range(len(counts)):
                trial = scores + fitted
                others = np.delete(trial, k, axis=1)
                rival, top = np.delete(np.arange(len(counts)), k)[others.argmax(1)], others.max(1)
                gains = [
                    macro_f1(labels, np.where(trial[:, k] + s > top, k, rival), len(counts))
                    for s in steps
                ]
                # of equally good steps the smallest
                fitted[k] += min(steps[np.isclose(gains, max(gains))], key=abs)
        seen = np.bincount(labels, minlength=len(counts))
        trust = seen / (seen + self.prior_weight)
        return AddOffset(tuple((trust * fitted + (1 - trust) * prior).tolist()))


@strategy
def threshold_moving(on: str = "no_change", prior_weight: float = 10.0) -> Strategy:
    """The trained model `on`, its class thresholds moved on validation; nothing is trained.

    b is fitted for macro-F1 on the validation images: first the strength tau of the prior
    correction -tau log pi_c, then each b_c by coordinate ascent from there. With m_c validation
    images of a class, b_c is m_c / (m_c + prior_weight) of the fitted value and the rest prior
    correction: few images are little evidence. Collell et al. 2018; Buda et al. 2018, arXiv
    1710.05381.

    y = argmax_c (log p_c + b_c)
    """
    decide = MoveThresholds(prior_weight)
    return replace(find(on), decide=decide, effects=(FittedOnValidation(),))
