"""What is stored of one trained network and its decision: all that a diagnosis may look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.outputs import Outputs


@dataclass(frozen=True)
class DiagnosisInput:
    """One strategy and seed: C classes, D features.

    Raises
    ------
    ValueError
        If the parts do not fit together.
    """

    validation: Outputs
    test: Outputs
    predicted: NDArray[np.int64]  # (N_test,) labels that the decision gave to the test images
    train_counts: NDArray[np.int64]  # (C,) unique training images
    head_weight: NDArray[np.floating] | None = None  # (C, D) of a linear head
    class_losses: NDArray[np.floating] | None = None  # (T, C) validation loss; nan: no image

    def __post_init__(self) -> None:
        classes, images = len(self.train_counts), len(self.test.labels)
        expected: dict[str, tuple[NDArray, tuple[int, ...]]] = {
            "validation logits": (self.validation.logits, (len(self.validation.labels), classes)),
            "test logits": (self.test.logits, (images, classes)),
            "predicted": (self.predicted, (images,)),
        }
        if self.class_losses is not None:
            losses = self.class_losses
            expected["class_losses"] = (losses, (len(losses), classes))
        if self.head_weight is not None:
            width = self.test.features.shape[1]
            expected["head_weight"] = (self.head_weight, (classes, width))
        for name, (array, shape) in expected.items():
            if array.shape != shape:
                raise ValueError(
                    f"{name} has shape {array.shape}; with {classes} training counts, "
                    f"{len(self.validation.labels)} validation and {images} test images it must "
                    f"be {shape}"
                )
