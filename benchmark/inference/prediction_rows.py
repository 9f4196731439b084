"""The predictions of a model as rows of a table: class, confidence, the three best, review."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.inference.classifier import ImageClassifier, Predictions

BEST = 3  # classes that are named of an image
_BEST = [column for k in range(1, BEST + 1) for column in (f"best_{k}", f"probability_{k}")]
COLUMNS = ["file", "class", "confidence", *_BEST, "review", "error"]


def prediction_rows(
    model: ImageClassifier, predictions: Predictions, threshold: float
) -> dict[int, dict[str, Any]]:
    """Return index -> the columns COLUMNS but the file, of images that can be read and others.

    An image is for review if its confidence is below the threshold or no number, or if it can't be
    read. Of fewer than BEST classes, all are named.
    """
    classes, rows = model.classes_, dict[int, dict[str, Any]]()
    # as records have it, which the threshold was fitted to
    confidence, labels = predictions.confidence.round(5), predictions.labels
    # (N, C) -> (N, BEST), the likeliest first
    best = np.argsort(-predictions.probabilities, axis=1, kind="stable")[:, :BEST]
    for position, index in enumerate(predictions.indices.tolist()):
        row: dict[str, Any] = {"class": None if labels is None else classes[labels[position]]}
        row["confidence"] = float(confidence[position])
        for k, label in enumerate(best[position].tolist(), 1):
            row[f"best_{k}"] = classes[label]
            row[f"probability_{k}"] = float(predictions.probabilities[position, label])
        row["review"] = not confidence[position] >= threshold
        rows[index] = row
    for index, reason in predictions.errors.items():
        rows[index] = {"review": True, "error": reason}
    return rows
