"""What a diagnosis is made from: the stored outputs of one trained network and its decision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.outputs import Outputs


@dataclass(frozen=True)
class DiagnosisInput:
    """One strategy and seed: C classes.

    Attributes
    ----------
    predicted
        (N_test,) labels of the test images, after the decision.
    train_counts
        (C,) distinct training images.
    class_losses
        (T, C) validation losses of each class; nan without images of it.

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    """

    validation: Outputs
    test: Outputs
    predicted: NDArray[np.int64]
    train_counts: NDArray[np.int64]
    class_losses: NDArray[np.floating] | None = None

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
        for name, (array, shape) in expected.items():
            if array.shape != shape:
                raise ValueError(
                    f"{name} has shape {array.shape}; with {classes} training counts, "
                    f"{len(self.validation.labels)} validation and {images} test images it must "
                    f"be {shape}"
                )
