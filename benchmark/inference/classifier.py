"""An exported model in scikit-learn's manner: classes, labels, probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.data.imageset import Reader
from benchmark.inference.model_info import ModelInfo
from benchmark.inference.preprocessing import DecodedBlock, decode_blocks
from benchmark.inference.readers import reader_of
from benchmark.inference.trained_network import TrainedNetwork, to_half
from benchmark.strategy.ensembles import combine_outputs
from benchmark.strategy.outputs import Outputs
from benchmark.strategy.rules import Rule, calibrated
from benchmark.system.device import set_precision
from benchmark.system.text import first_names


@dataclass(frozen=True)
class Predictions:
    """What a model says of N images; those that can't be read are not among them."""

    indices: NDArray[np.int64]  # (N,) of the images that could be read
    labels: NDArray[np.int64] | None  # (N,); None where the decision is not in the model
    probabilities: NDArray[np.float64]  # (N, C)
    errors: dict[int, str]  # index -> why an image can't be read

    @property
    def confidence(self) -> NDArray[np.float64]:
        """Probability of the class that was decided for, (N,); without a decision the largest."""
        if self.labels is None:
            return self.probabilities.max(axis=1)
        return self.probabilities[np.arange(len(self.labels)), self.labels]


@dataclass(frozen=True, eq=False, repr=False)
class ImageClassifier:
    """A trained network with its decision rule, its classes and its preprocessing.

    Images are a list of paths, of PIL images or of arrays, or one array (N, H, W, 3), as
    `benchmark.image_set` takes them. ``predict`` applies the strategy's decision, which need not
    be the most probable class.
    """

    info: ModelInfo
    networks: tuple[TrainedNetwork, ...]
    rule: Rule | None

    @property
    def classes_(self) -> NDArray[np.str_]:
        """Names of the classes, in the order of the columns of `predict_proba`, (C,)."""
        return np.array([each.name for each in self.info.classes])

    def predict(self, images: Any) -> NDArray[np.str_]:
        """Return the names of the classes of N images, (N,).

        ValueError names images that can't be read, or says why the model has no decision.
        """
        if self.rule is None:
            raise ValueError(
                f"the decision of {self.info.strategy} is code of {', '.join(self.info.plugins)}, "
                "and can't be stored in a model: use predict_proba, and decide yourself"
            )
        labels = self._all(images).labels
        assert labels is not None
        return self.classes_[labels]

    def predict_proba(self, images: Any) -> NDArray[np.float64]:
        """Return the probability of each class for N images, (N, C); errors as of `predict`."""
        return self._all(images).probabilities

    def predict_blocks(self, reader: Reader, count: int) -> Iterator[Predictions]:
        """Yield what the model says of the images of a reader, block after block, in any order.

        They need not all be readable.
        """
        set_precision(self.networks[0].device)
        for block in decode_blocks(reader, count, self.info.preprocessing):
            yield self._predictions(block)

    def _all(self, images: Any) -> Predictions:
        reader, count = reader_of(images)
        blocks = list(self.predict_blocks(reader, count))
        errors = {index: reason for block in blocks for index, reason in block.errors.items()}
        if errors:
            raise ValueError(f"image {min(errors)} can't be read: {errors[min(errors)]}")
        order = np.argsort(np.concatenate([block.indices for block in blocks]))
        labels = [block.labels for block in blocks if block.labels is not None]
        return Predictions(
            np.arange(count),
            np.concatenate(labels)[order] if labels else None,
            np.concatenate([block.probabilities for block in blocks])[order],
            {},
        )

    def _predictions(self, block: DecodedBlock) -> Predictions:
        if not len(block.indices):
            none = np.empty((0, len(self.info.classes)))
            labels = None if self.rule is None else np.empty(0, np.int64)
            return Predictions(block.indices, labels, none, block.errors)
        outputs = self._outputs(block.pixels)
        labels = None if self.rule is None else np.asarray(self.rule(outputs))
        corrected = outputs if self.rule is None else calibrated(self.rule, outputs)
        probabilities = np.exp(corrected.log_probabilities)
        return Predictions(block.indices, labels, probabilities, block.errors)

    def _outputs(self, pixels: NDArray[np.uint8]) -> Outputs:
        """Outputs of images (B, H, W, 3), as a run stores them: features in half precision."""
        members = [self._outputs_of(network, pixels) for network in self.networks]
        outputs = members[0] if len(members) == 1 else combine_outputs(members)
        prior = self.info.effective_prior
        return replace(outputs, effective_prior=None if prior is None else np.array(prior))

    def _outputs_of(self, network: TrainedNetwork, pixels: NDArray[np.uint8]) -> Outputs:
        logits, features = network.outputs(torch.from_numpy(pixels))
        head = network.network.head
        return Outputs(
            logits.cpu().numpy(),
            to_half(features).cpu().numpy(),
            np.full(len(pixels), -1),
            head.weight.cpu().numpy() if type(head) is torch.nn.Linear else None,
        )

    def __repr__(self) -> str:
        classes = first_names(list(self.classes_), 5)
        return f"ImageClassifier({self.info.strategy}, {len(self.info.classes)} classes: {classes})"
