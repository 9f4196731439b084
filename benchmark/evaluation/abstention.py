"""Abstention: deciding only the images of high confidence, and how many errors that leaves.

Selective classification (El-Yaniv & Wiener 2010, JMLR 11; Geifman & El-Yaniv 2017, arXiv
1705.08500): images at or above a threshold of confidence are kept, for all others the classifier
abstains. Coverage is the share that is kept, error the share of wrong labels among those.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics.class_counts import Floats, Labels, ratio
from benchmark.evaluation.statistics.proportions import clopper_pearson, design_effect


@dataclass(frozen=True)
class ErrorCoverageCurve:
    """What K thresholds keep of N images: the K different confidences, the highest first."""

    thresholds: Floats  # (K,)
    kept: Labels  # (K,) images at or above the threshold
    errors: Labels  # (K,) of these, images with a wrong label


@dataclass(frozen=True)
class KeptImages:
    """What a threshold keeps of some images, with exact 95 % intervals; NaN is of no image."""

    images: int
    kept: int
    coverage: float
    coverage_low: float
    coverage_high: float
    error: float
    error_low: float
    error_high: float


def error_coverage_curve(correct: NDArray[np.bool_], confidence: Floats) -> ErrorCoverageCurve:
    """Return the curve of images (N,) that are decided correctly or not, at a confidence."""
    _require_same_length(correct, confidence)
    thresholds, index = np.unique(-confidence, return_inverse=True)  # the highest first
    images = np.bincount(index, minlength=len(thresholds))
    wrong = np.bincount(index[~correct.astype(bool)], minlength=len(thresholds))
    return ErrorCoverageCurve(-thresholds, images.cumsum(), wrong.cumsum())


def choose_threshold(correct: NDArray[np.bool_], confidence: Floats, max_error: float) -> float:
    """Return the smallest confidence at and above which at most a share `max_error` is wrong.

    `inf` where every threshold leaves more errors: then nothing is kept. Images of equal
    confidence are kept together. An image is decided where its confidence is at least the
    threshold.

    It is the best of many thresholds on these images (N,), so others have more errors: simulated
    for .05, they have .065 on average with 100 images, .057 with 300, .052 with 1,000. For images
    that it was not fitted to, `kept_images` says how many. For the same reason `correct` must not
    be that of a decision that was fitted to these images, see `cross_fit`.

    Raises
    ------
    ValueError
        If `max_error` is not a share, or the arrays are not of one length.
    """
    if not 0 <= max_error < 1:
        raise ValueError(
            f"a largest error of {max_error:g} is not allowed; allowed: a share from 0 to below 1, "
            "like .05 for 5 %"
        )
    curve = error_coverage_curve(correct, confidence)
    # counts, not shares: 5 errors of 100 are not more than .05
    allowed = np.flatnonzero(curve.errors <= max_error * curve.kept + 1e-9)
    return float(curve.thresholds[allowed[-1]]) if len(allowed) else float("inf")


def kept_at_coverage(
    correct: NDArray[np.bool_],
    confidence: Floats,
    coverage: Floats,
    chosen: NDArray[np.bool_] | None = None,
) -> tuple[Floats, Floats]:
    """Return coverage and error (G,) of the `chosen` among images (N,), None for all of them.

    Of all images, the most confident share `coverage`, (G,), is kept. Of images of equal
    confidence, some of which are kept, each is as likely to be: both numbers are expected ones.
    NaN where nothing is kept.
    """
    curve = error_coverage_curve(correct, confidence)
    own = np.ones(len(correct), bool) if chosen is None else chosen
    index = np.searchsorted(-curve.thresholds, -confidence)
    weights = (own, own & ~correct.astype(bool))
    images, wrong = (np.bincount(index, w, len(curve.kept)).cumsum() for w in weights)
    wanted = np.maximum(coverage * len(correct), 1)
    kept, errors = (
        np.interp(wanted, np.r_[0, curve.kept], np.r_[0, counted]) for counted in (images, wrong)
    )
    return ratio(kept, np.full_like(kept, own.sum()), np.nan), ratio(errors, kept, np.nan)


def kept_images(
    correct: NDArray[np.bool_],
    confidence: Floats,
    threshold: float,
    groups: NDArray[Any] | None = None,
) -> KeptImages:
    """Return coverage and error at a threshold, of images (N,) that it was not fitted to.

    The intervals are those of Clopper and Pearson. Where images come in `groups`, (N,), they are
    those of fewer images, see `design_effect`.
    """
    _require_same_length(correct, confidence)
    chosen = confidence >= threshold
    wrong = ~correct[chosen].astype(bool)
    coverage = _share_with_interval(chosen, groups)
    error = _share_with_interval(wrong, None if groups is None else groups[chosen])
    return KeptImages(len(correct), int(chosen.sum()), *coverage, *error)


def _share_with_interval(
    hits: NDArray[np.bool_], groups: NDArray[Any] | None
) -> tuple[float, float, float]:
    """Return the share of hits (N,) and its exact interval; NaN of none."""
    if not len(hits):
        return (float("nan"),) * 3
    effect = np.ones(1)
    if groups is not None:
        unit = np.unique(groups, return_inverse=True)[1].ravel()
        effect = design_effect(hits.astype(float), np.zeros(len(hits), np.int64), unit, 1)
    count, total = np.array([hits.sum()]) / effect, np.array([len(hits)]) / effect
    low, high = clopper_pearson(count, total)
    return float(hits.mean()), float(low[0]), float(high[0])


def _require_same_length(correct: NDArray[np.bool_], confidence: Floats) -> None:
    if correct.shape != confidence.shape or correct.ndim != 1:
        raise ValueError(
            f"correctness of shape {correct.shape} and confidence of shape {confidence.shape} are "
            "not allowed together; allowed: one number each for every image, (N,)"
        )
