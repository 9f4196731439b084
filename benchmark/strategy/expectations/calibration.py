"""Expectations of a calibration: its probabilities against the logits that it was fitted to.

They are measured on a synthetic network that is too sure, see
`benchmark.evaluation.synthetic_network`. What is compared is worked out here in another way than
by those who fit.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import CheckResult, DecisionMeasurement
from benchmark.strategy.outputs import log_softmax

Floats = NDArray[np.float64]

_NETWORK = "on a synthetic network that is too sure"
_TEMPERATURES = np.geomspace(0.25, 20, 100)
_SHORT = 1e-3  # of log-loss, by which a fit may fall short
_EQUAL = 1e-6  # of the range of logits, by which those of a form may differ from it
_LARGE = 5.0  # parameters, in standard deviations of their prior


@dataclass(frozen=True)
class ExpectTemperature:
    """Probabilities are softmax(z / T), with the T of the lowest log-loss."""

    component: ClassVar[str] = "calibration"
    claim: ClassVar[str] = f"{_NETWORK}, all logits are divided by the best of all temperatures"

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Compare with softmax(z / T) of many T."""
        given, labels = measurement.outputs.logits.astype(float), measurement.outputs.labels
        made = measurement.calibrated.log_probabilities
        before, after = _centred(given), _centred(made)
        inverse = (before * after).sum() / (before**2).sum()
        error = _relative(after - inverse * before, after)
        losses = [_log_loss(log_softmax(given / t), labels) for t in _TEMPERATURES]
        loss, best = _log_loss(made, labels), min(losses)
        return CheckResult(
            bool(error < _EQUAL and loss < best + _SHORT),
            f"log-loss {loss:.4f} at T={1 / inverse:.3f}, {error:.0e} from a common T; the best of "
            f"{len(losses)} temperatures has {best:.4f}",
        )


@dataclass(frozen=True)
class ExpectVectorScaling:
    """Probabilities are softmax(a z + b), with a and b of the lowest penalised log-loss."""

    prior_weight: float
    component: ClassVar[str] = "calibration"

    @property
    def claim(self) -> str:
        """The claim in words."""
        return (
            f"{_NETWORK}, each class has a scale and a bias of the lowest log-loss, with a prior "
            f"of weight {self.prior_weight:g}"
        )

    def check(self, measurement: DecisionMeasurement) -> CheckResult:
        """Read a from the logits, and compare the slope of the loss with that of the prior."""
        given, labels = measurement.outputs.logits.astype(float), measurement.outputs.labels
        made = measurement.calibrated.log_probabilities
        scale, error = _scales(given, made)
        errors = np.exp(made) - np.eye(given.shape[1])[labels]  # (N, C)
        # scales are relative to the best temperature, T: as if logits were those that it gives
        inverse = _best_inverse(given, labels)
        relative, given = scale / inverse, given * inverse
        # at the least value they are prior_weight times the distance from the prior's centre
        of_bias, of_scale = errors.sum(0), (errors * given).sum(0)
        limit, weight = _LARGE * np.sqrt(self.prior_weight), self.prior_weight
        slope = float(np.abs([of_bias, of_scale]).max())
        centre = relative + of_scale / weight  # 1 for all classes
        spread = float(np.abs(centre - 1).max() * min(weight, 1))
        loss, best = _log_loss(made, labels), _log_loss(log_softmax(given), labels)
        return CheckResult(
            bool(error < _EQUAL and slope < limit and spread < _SHORT and loss < best + _SHORT),
            f"log-loss {loss:.4f}, {error:.0e} from scales and biases; by a temperature alone "
            f"{best:.4f}; slope {slope:.2g} of {limit:.2g} at most; the prior's centre differs by "
            f"{spread:.0e}",
        )


def _centred(logits: Floats) -> Floats:
    """Take out of (N, C) what is the same for all classes of an image."""
    return logits - logits.mean(1, keepdims=True)


def _relative(difference: Floats, values: Floats) -> float:
    return float(np.abs(difference).max() / max(np.abs(values).max(), 1e-12))


def _log_loss(log_p: Floats, labels: NDArray[np.int64]) -> float:
    return float(-log_p[np.arange(len(labels)), labels].mean())


def _best_inverse(logits: Floats, labels: NDArray[np.int64]) -> float:
    """Return 1 / T of the lowest log-loss, by halving the range of the temperatures."""
    low, high = 1 / _TEMPERATURES[-1], 1 / _TEMPERATURES[0]
    away = logits - logits[np.arange(len(labels)), labels][:, None]
    for _ in range(60):
        middle = (low + high) / 2
        falls = (np.exp(log_softmax(middle * away)) * away).sum() < 0
        low, high = (middle, high) if falls else (low, middle)
    return float((low + high) / 2)


def _scales(given: Floats, made: Floats) -> tuple[Floats, float]:
    """Return the scale of each class (C,), and how far log-probabilities are from that form.

    log p_c - log p_0 = a_c z_c - a_0 z_0 + b_c - b_0, for each class c by least squares.
    """
    scale, errors = np.empty(given.shape[1]), list[float]()
    for c in range(1, given.shape[1]):
        columns = np.stack([given[:, c], -given[:, 0], np.ones(len(given))], axis=1)  # (N, 3)
        target = made[:, c] - made[:, 0]
        fitted = np.linalg.lstsq(columns, target, rcond=None)[0]
        scale[c], scale[0] = fitted[:2]
        errors.append(_relative(target - columns @ fitted, made))
    return scale, max(errors)
