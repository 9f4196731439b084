"""The outputs of a trained network. A decision sees these and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.chunks import chunks


@dataclass(frozen=True)
class Outputs:
    """Outputs of a trained network for N images. Decisions and diagnosis need no network."""

    logits: NDArray[np.floating]  # (N, C), as a network gives them in single precision
    features: NDArray[np.floating]  # pooled, before dropout, (N, D)
    labels: NDArray[np.int64]  # (N,)
    head: NDArray[np.floating] | None = None  # weight (C, D), if the head is one linear layer
    # class shares that the network expects by its training, (C,), see `train.effective_prior`;
    # None: those of the training images
    effective_prior: NDArray[np.float64] | None = None

    def without_labels(self) -> Outputs:
        """Return these outputs with all labels -1: a decision rule may see no label."""
        return replace(self, labels=np.full_like(self.labels, -1))

    def subset(self, mask: NDArray[np.bool_]) -> Outputs:
        """Return the outputs of some images, mask (N,)."""
        return replace(
            self, logits=self.logits[mask], features=self.features[mask], labels=self.labels[mask]
        )

    def copy(self) -> Outputs:
        """Return outputs that can be changed without changing these."""
        names = [field.name for field in fields(self) if getattr(self, field.name) is not None]
        return replace(self, **{name: getattr(self, name).copy() for name in names})

    @cached_property
    def log_probabilities(self) -> NDArray[np.float64]:
        """Log of the softmax, (N, C)."""
        return log_softmax(self.logits)

    def log_probability_of(self, classes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Log-probability of one class of each image, (N,) -> (N,), without those of all."""
        log_p = np.empty(len(classes))
        for images in chunks(self.logits):
            rows = log_softmax(self.logits[images])
            log_p[images] = rows[np.arange(len(rows)), classes[images]]
        return log_p


def log_softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, C) -> (N, C). SciPy's takes a second to import, which `list` can do without."""
    below = logits.astype(np.float64)
    for images in chunks(below):
        rows = below[images]
        rows -= rows.max(axis=1, keepdims=True)
        rows -= np.log(np.exp(rows).sum(axis=1, keepdims=True))
    return below
