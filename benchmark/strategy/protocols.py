"""The eight components that a strategy can bring. Read this page first to write your own.

A component is a frozen dataclass with the method or methods that its protocol shows. Its fields
are numbers, strings, tuples and other components, because they enter the key under which results
are stored. A strategy names only the components that it changes; see `benchmark.strategy.stage`.

Shapes: N images, B images in a batch, C classes, D features, S synthetic rows. `counts` are the
training images of each class, (C,). A `rng` of numpy is the only source of random numbers; one of
torch is on the device of the images.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.outputs import Outputs

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class ImageSelection(Protocol):
    """Chooses the training images that a stage trains on; the others are never shown in it."""

    def __call__(
        self,
        features: NDArray[np.floating],
        labels: NDArray[np.int64],
        groups: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> NDArray[np.bool_]:
        """Features (N, D), labels (N,) -> images to train on, (N,) bool.

        Features are those of the pretrained network's middle and end, standardised over the images.
        `groups` (N,) are equal for images of one group of the data, or that look the same.

        It is called once, before the first step, and keeps an image of every class. The number of
        steps stays. Sampler, synthesizer and loss get the labels and counts of what it keeps.
        """


class Sampler(Protocol):
    """Chooses the training images of one epoch, and their order."""

    def __call__(self, labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Labels (N,) -> indices of training images (M,), each as often as it is to be shown.

        Epochs follow each other until the step budget is used up. So M changes which images are
        drawn, never how many in all.
        """


class Augmentation(Protocol):
    """Changes the pixels of some of the drawn images.

    `repeat_index`, (B,), is how often an image occurred before in the epoch: 0 the first time.
    """

    def selects(self, repeat_index: Tensor) -> Tensor:
        """Repeat indices (B,) -> which images to augment, (B,) bool.

        The frozen layers need no new forward pass for images that are not selected. So a strategy
        that selects few images is cheap.
        """

    def __call__(self, images: Tensor, repeat_index: Tensor, rng: torch.Generator) -> Tensor:
        """Images (B, 3, H, W) uint8 -> the same shape and type. Gets the selected images only."""


class Mixing(Protocol):
    """Blends the images of a batch, and their targets."""

    def __call__(
        self, images: Tensor, target: Tensor, counts: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Images (B, 3, H, W) float from 0 to 255, target distributions (B, C) -> the same."""


class FeatureSynthesizer(Protocol):
    """Makes synthetic features to train the head on."""

    def __call__(
        self, features: NDArray[np.floating], labels: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
        """Pooled features (N, D), labels (N,) -> synthetic features (S, D), their labels (S,).

        The sampler then draws from N + S rows. Only a stage that trains the head alone can do
        this: its features stay the same.
        """


class Loss(Protocol):
    """The loss of each image."""

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
        """Logits (B, C), target distributions (B, C) -> one value for each image, (B,).

        The trainer averages: it divides their sum over the batch by its images. The weights of a
        weighted loss have mean 1 over the training images, since others would change the learning
        rate as well.
        """


class Head(Protocol):
    """Builds the classifier on top of the pooled features."""

    def __call__(self, width: int, classes: int) -> nn.Module:
        """Return a new module, (B, D) -> logits (B, C). Torch's global generator is seeded."""


Rule = Callable[[Outputs], NDArray[np.int64]]  # a fitted decision: outputs -> labels (N,)


class Decision(Protocol):
    """Turns outputs into labels. It is fitted on validation outputs and sees nothing else.

    One that corrects probabilities, too, is a `Calibration`: its rule has a method ``calibrated``,
    outputs -> outputs with other logits. Metrics of probabilities are then of these. One that names
    classes has a method ``for_classes(classes)``, which returns it for the classes of the data, in
    the order of the logits, or raises ValueError; it is called before anything is trained.
    """

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> Rule:
        """Outputs for the validation images, with labels -> a rule, outputs -> labels (N,)."""
