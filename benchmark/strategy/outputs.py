"""What a trained network says: all that a decision sees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Outputs:
    """What a trained network says of N images; decisions and diagnosis need no network."""

    logits: NDArray[np.float32]  # (N, C)
    features: NDArray[np.floating]  # (N, D) pooled, before dropout
    labels: NDArray[np.int64]  # (N,)
    head: NDArray[np.floating] | None = None  # (C, D) weight of the head, if that is one layer

    def unlabelled(self) -> Outputs:
        """Return the same without its labels (all -1): what a decision rule may see."""
        return replace(self, labels=np.full_like(self.labels, -1))

    def of(self, images: NDArray[np.bool_]) -> Outputs:
        """Return those of some images, (N,) bool."""
        return replace(
            self,
            logits=self.logits[images],
            features=self.features[images],
            labels=self.labels[images],
        )

    @cached_property
    def log_probabilities(self) -> NDArray[np.float64]:
        """Log of the softmax, (N, C)."""
        from scipy.special import log_softmax

        return log_softmax(self.logits.astype(np.float64), axis=1)
