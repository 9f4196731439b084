"""Temperature and vector scaling: the scales of logits at which the log-loss is least.

N images, C classes. Both losses are convex, so there is one least value; it is found by methods
that know derivatives, to the precision of the numbers.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.sparse.linalg import LinearOperator, cg

from benchmark.strategy.outputs import log_softmax

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

LOWEST, HIGHEST = 0.25, 20.0  # temperatures


def fit_temperature(logits: NDArray[np.floating], labels: Labels) -> float:
    """Return the temperature of the lowest log-loss, within LOWEST and HIGHEST.

    The loss is convex in 1 / T. Where a bound is lower than what is within it is taken: a network
    that is right about all images has no least loss, and few images are no reason to be surer than
    the lower bound says. 1 without images.
    """
    if not len(labels):
        return 1.0
    rows, logits = np.arange(len(labels)), _finite(logits)
    logits -= logits[rows, labels][:, None]  # to that of the true class

    def slope(inverse: float) -> float:
        return float((np.exp(log_softmax(inverse * logits)) * logits).sum(1).mean())

    low, high = 1 / HIGHEST, 1 / LOWEST
    if slope(low) >= 0:
        return HIGHEST
    if slope(high) <= 0:
        return LOWEST
    return float(1 / brentq(slope, low, high, xtol=1e-15, rtol=4 * np.finfo(float).eps))


def fit_scale_and_bias(
    logits: NDArray[np.floating], labels: Labels, weight: float, centre: float
) -> tuple[Floats, Floats]:
    """Return scales (C,) and biases (C,) of logits (N, C), of the lowest penalised log-loss.

    Half of `weight` times the squares of the biases, and of how far scales are from `centre`, is
    added to the sum of the losses: that of independent normal priors of variance 1 / weight.
    Without it a class that has no image would have a bias of minus infinity.
    """
    classes, logits = logits.shape[1], _finite(logits)
    truth = np.eye(classes)[labels]  # (N, C)
    start = np.concatenate([np.full(classes, centre), np.zeros(classes)])

    def gradient_of(errors: Floats) -> Floats:  # (N, C) at the scaled logits -> (2 C,)
        return np.concatenate([(errors * logits).sum(0), errors.sum(0)])

    def scaled(parameters: Floats) -> Floats:
        return logits * parameters[:classes] + parameters[classes:]

    def loss(parameters: Floats) -> tuple[float, Floats]:
        log_p, away = log_softmax(scaled(parameters)), parameters - start
        value = -(truth * log_p).sum() + weight / 2 * (away**2).sum()
        return value, gradient_of(np.exp(log_p) - truth) + weight * away

    def curvature(parameters: Floats, direction: Floats) -> Floats:
        p, change = np.exp(log_softmax(scaled(parameters))), scaled(direction)
        return gradient_of(p * (change - (p * change).sum(1, keepdims=True))) + weight * direction

    fitted = minimize(loss, start, jac=True, hessp=curvature, method="Newton-CG").x
    for _ in range(2):  # steps too small to show in the loss, but not in its slope
        hessian = LinearOperator((2 * classes,) * 2, partial(curvature, fitted), dtype=float)
        fitted = fitted - cg(hessian, loss(fitted)[1], rtol=1e-6)[0]
    return fitted[:classes], fitted[classes:]


def _finite(logits: NDArray[np.floating]) -> Floats:
    """Return logits in double precision; ValueError if some are no numbers."""
    if not np.isfinite(logits).all():
        raise ValueError(
            "some logits are not finite, so no probability can be corrected: the training "
            "diverged; try a lower learning rate"
        )
    return logits.astype(np.float64)
