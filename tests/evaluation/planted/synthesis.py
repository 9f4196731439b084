"""Synthetic features with a planted error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.evaluation.planted.planted_error import PlantedError, last


@dataclass(frozen=True)
class WrongSmote:
    """SMOTE with an error."""

    error: str
    neighbors: int = 5

    def __call__(self, features, labels, rng):
        counts = np.bincount(labels)
        rows, row_labels = [features[:0]], [labels[:0]]
        for c in np.flatnonzero((counts > 1) & (counts < counts.max())):
            missing = counts.max() - counts[c]
            if self.error == "half":
                missing //= 2
            own = features[labels == c]
            i = rng.integers(len(own), size=missing)
            partners = features if self.error == "across" else own
            j = rng.integers(len(partners), size=missing)
            u = rng.random((missing, 1)).astype(features.dtype)
            if self.error == "beyond":
                u = 1 + u
            made = own[i] + u * (partners[j] - own[i])
            if self.error == "noise":
                scale = features.std(0)
                made = own.mean(0) + scale * rng.normal(size=(missing, features.shape[1]))
            if self.error == "once":
                made = made[:1].repeat(missing, 0)
            rows.append(made.astype(features.dtype))
            row_labels.append(np.full(missing, c))
        row_labels = np.concatenate(row_labels)
        if self.error == "labels":
            row_labels = rng.permutation(row_labels)
        return np.concatenate(rows), row_labels


PLANTED = [
    PlantedError(
        "neighbours of other classes",
        "synthesizer",
        "smote",
        last(synthesizer=WrongSmote("across")),
    ),
    PlantedError(
        "points beyond the neighbour",
        "synthesizer",
        "smote",
        last(synthesizer=WrongSmote("beyond")),
    ),
    PlantedError(
        "half of the missing rows", "synthesizer", "smote", last(synthesizer=WrongSmote("half"))
    ),
    PlantedError(
        "labels are shuffled", "synthesizer", "smote", last(synthesizer=WrongSmote("labels"))
    ),
]
KEPT_APART = [
    PlantedError(
        "noise around the mean", "synthesizer", "smote", last(synthesizer=WrongSmote("noise"))
    ),
    PlantedError(
        "one row again and again", "synthesizer", "smote", last(synthesizer=WrongSmote("once"))
    ),
    PlantedError(
        "any image of the class is a neighbour",
        "synthesizer",
        "smote:neighbors=1",
        last(synthesizer=WrongSmote("any")),
    ),
]
