"""Synthetic features on which the audit tests a synthesizer.

A trained network may separate its training images so well that the neighbours of an image are all
of its class, whether they are looked for there or among all images.
"""

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.protocols import FeatureSynthesizer

COUNTS, WIDTH = (60, 30, 15, 8, 4), 16  # images by class; features of an image
MOST_ROWS = 256  # that are compared with the images


def interpolate_overlapping(synthesizer: FeatureSynthesizer) -> NDArray[np.float64]:
    """Make rows of features that are alike in all classes; return the detour of each, (S,).

    That is the one by way of a row from one image of its class to another, relative to their
    distance, for the two between which it lies best: 0 for a row between two images. No feature is
    below 0, as none is behind a ReLU.
    """
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.repeat(np.arange(len(COUNTS)), COUNTS))
    features = np.abs(rng.normal(size=(len(labels), WIDTH))).astype(np.float32)
    rows, row_labels = synthesizer(features.copy(), labels.copy(), rng)
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(MOST_ROWS, len(rows))).astype(int))
    compared = zip(np.asarray(rows)[chosen], np.asarray(row_labels)[chosen], strict=True)
    return np.array([_detour(row, features[labels == c]) for row, c in compared])


def _detour(row: NDArray[np.floating], own: NDArray[np.floating]) -> float:
    """Return that of a row (D,) between two of the images (n, D) of its class."""
    own = own.astype(float)
    to_images = np.linalg.norm(own - row, axis=1)
    length = np.linalg.norm(own[:, None] - own, axis=2)
    np.fill_diagonal(length, np.nan)
    return float(np.nanmin((to_images[:, None] + to_images) / length)) - 1
