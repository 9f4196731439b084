"""Epochs of synthetic labels on which the audit tests a sampler.

A training may be over before it shows whether an epoch is drawn as the one before.
"""

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import EpochsDrawn
from benchmark.strategy.protocols import Sampler

EPOCHS, LARGEST = 24, 60  # epochs; images of the largest class


def draw_epochs(sampler: Sampler, counts: NDArray[np.int64]) -> EpochsDrawn:
    """Draw epochs from classes in proportion to the counts of training images, (C,)."""
    sizes = np.ceil(counts * min(1.0, LARGEST / counts.max())).astype(np.int64)
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    drawn = [np.asarray(sampler(labels.copy(), rng)) for _ in range(EPOCHS)]
    draws = np.bincount(np.concatenate(drawn), minlength=len(labels))
    drawn_labels = [labels[epoch] for epoch in drawn]
    return EpochsDrawn(
        EPOCHS,
        sizes,
        draws[np.argsort(labels, kind="stable")],
        np.array([np.bincount(epoch, minlength=len(sizes)) for epoch in drawn_labels]),
        sum(int((epoch[1:] == epoch[:-1]).sum()) for epoch in drawn_labels),
    )
