"""Fitted decisions: the rules that records hold and exported networks apply, as numbers alone.

A rule turns the outputs of N images into labels (N,). One that corrects probabilities says so by a
method `calibrated`, outputs -> outputs: confidence and metrics of probabilities are then of these.
C classes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.chunks import highest_class
from benchmark.strategy.outputs import Outputs, log_softmax
from benchmark.strategy.protocols import Rule

Labels = NDArray[np.int64]


def calibrated(rule: Rule, outputs: Outputs) -> Outputs:
    """Return outputs as a rule corrects them; the same of a rule that leaves probabilities.

    It sees no label. ValueError if its logits are not those of as many images and classes.
    """
    correct = getattr(rule, "calibrated", None)
    if correct is None:
        return outputs
    corrected = correct(outputs.without_labels().copy())
    if not isinstance(corrected, Outputs) or corrected.logits.shape != outputs.logits.shape:
        shape = getattr(getattr(corrected, "logits", None), "shape", type(corrected).__name__)
        raise ValueError(
            f"calibrated must return outputs with logits {outputs.logits.shape}, got {shape}; "
            "replace(outputs, logits=...) keeps the rest"
        )
    return replace(corrected, labels=outputs.labels)


@dataclass(frozen=True)
class OffsetArgmax:
    """argmax_c (log p_c + offset_c)."""

    offset: tuple[float, ...]  # (C,)

    def __call__(self, outputs: Outputs) -> Labels:
        """Outputs of N images -> labels (N,)."""
        logits, offset = outputs.logits, np.asarray(self.offset)
        return highest_class(logits, lambda images: log_softmax(logits[images]) + offset)


@dataclass(frozen=True)
class NormalisedRows:
    """argmax_c w_c . x / |w_c|^tau, of rows w_c of the head and features x; without bias."""

    tau: float

    def __call__(self, outputs: Outputs) -> Labels:
        """Outputs of N images -> labels (N,)."""
        if outputs.head is None:
            raise ValueError("the rows of a head are needed, and this head is not one linear layer")
        head = outputs.head.astype(np.float64)  # (C, D)
        norms = np.linalg.norm(head, axis=1).clip(min=1e-12)
        weights = head.T / norms**self.tau  # (D, C)
        return highest_class(
            outputs.features,
            lambda images: outputs.features[images].astype(np.float64) @ weights,
        )


@dataclass(frozen=True)
class DividedLogits:
    """Logits divided by a temperature; labels stay (Guo et al. 2017, section 4.2)."""

    temperature: float

    def calibrated(self, outputs: Outputs) -> Outputs:
        """Return outputs with logits z / T, and the prior that is left in them."""
        prior = outputs.effective_prior
        if prior is not None:
            powers = np.asarray(prior) ** (1 / self.temperature)
            prior = powers / powers.sum()
        logits = outputs.logits.astype(np.float64) / self.temperature
        return replace(outputs, logits=logits, effective_prior=prior)

    def __call__(self, outputs: Outputs) -> Labels:
        """Outputs of N images -> labels (N,)."""
        return outputs.logits.argmax(axis=1)


@dataclass(frozen=True)
class ScaledLogits:
    """A scale and a bias of each class's logit (Guo et al. 2017, section 4.2)."""

    scale: tuple[float, ...]  # (C,)
    bias: tuple[float, ...]  # (C,)

    def calibrated(self, outputs: Outputs) -> Outputs:
        """Return outputs with logits a_c z_c + b_c; they expect the shares of validation images."""
        logits = outputs.logits.astype(np.float64) * np.asarray(self.scale) + np.asarray(self.bias)
        return replace(outputs, logits=logits, effective_prior=None)

    def __call__(self, outputs: Outputs) -> Labels:
        """Outputs of N images -> labels (N,)."""
        return self.calibrated(outputs).logits.argmax(axis=1)


@dataclass(frozen=True)
class LeastExpectedCost:
    """argmin_k sum_c p_c cost_ck (Elkan 2001, eq. 1)."""

    cost: tuple[tuple[float, ...], ...]  # (C, C) rows are true classes, columns decisions

    def __call__(self, outputs: Outputs) -> Labels:
        """Outputs of N images -> labels (N,)."""
        logits, cost = outputs.logits, np.asarray(self.cost)
        return highest_class(logits, lambda images: -(np.exp(log_softmax(logits[images])) @ cost))


@dataclass(frozen=True)
class CalibratedRule:
    """A rule that decides on the outputs that another has corrected."""

    calibration: Rule  # one with a method `calibrated`
    rule: Rule

    def calibrated(self, outputs: Outputs) -> Outputs:
        """Return the corrected outputs."""
        return calibrated(self.calibration, outputs)

    def __call__(self, outputs: Outputs) -> Labels:
        """Outputs of N images -> labels (N,)."""
        return self.rule(self.calibrated(outputs))
