"""The confidence below which an exported model had better not decide."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.abstention import error_coverage_curve


def error_by_threshold(
    correct: NDArray[np.bool_], confidence: NDArray[np.float64]
) -> tuple[tuple[float, float], ...]:
    """Return (threshold, share of errors at and above it) for images (N,), the lowest first.

    A threshold is left out if a lower one has no more errors: `threshold_for` has no use for it.
    """
    curve = error_coverage_curve(correct, confidence)
    pairs: list[tuple[float, float]] = []
    shares = curve.errors / curve.kept
    for threshold, error in zip(curve.thresholds[::-1], shares[::-1], strict=True):
        if not pairs or error < pairs[-1][1]:
            pairs.append((float(threshold), float(error)))
    return tuple(pairs)


def threshold_for(pairs: Sequence[tuple[float, float]], max_error: float) -> float:
    """Return the smallest threshold of `error_by_threshold` with at most a share of errors.

    Below the lowest confidence of validation nothing is known, so the lowest threshold is one too.
    Infinity where each has more errors. ValueError if `max_error` is no share.
    """
    if not isinstance(max_error, Real) or not 0 <= max_error < 1:
        raise ValueError(
            f"max-error {max_error!r} is not allowed; allowed: a share from 0 to below 1, like .05"
        )
    fitting = (threshold for threshold, error in pairs if error <= max_error + 1e-12)
    return next(fitting, float("inf"))
