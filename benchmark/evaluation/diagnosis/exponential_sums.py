"""Sums of exponentials from which one class can be left out without another pass over all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from benchmark.evaluation.metrics.class_counts import Floats, Labels


@dataclass(frozen=True)
class ExponentialSums:
    """Sums over classes of exp(f_c - max f) of n images, f the balanced logits."""

    likeliest: Labels  # (n,)
    largest: Floats  # (n,) logit
    others: Floats  # (n,) sum without the likeliest
    second: Floats  # (n,) logit
    above_second: Floats  # (n,) sum of exp(f_c - second) without the likeliest

    @classmethod
    def from_logits(cls, balanced: Floats) -> ExponentialSums:
        """Sums of balanced logits (n, C)."""
        rows, likeliest = np.arange(len(balanced)), balanced.argmax(1)
        largest = balanced[rows, likeliest]
        rest = balanced.copy()
        rest[rows, likeliest] = -np.inf
        second = rest.max(1)
        others = np.exp(rest - largest[:, None]).sum(1)
        above_second = np.exp(rest - second[:, None]).sum(1)
        return cls(likeliest, largest, others, second, above_second)

    @classmethod
    def concatenate(cls, parts: Sequence[ExponentialSums]) -> ExponentialSums:
        """Return the sums of the images of all parts."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
