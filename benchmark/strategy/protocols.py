"""The seven components that a strategy can bring. Read this page first to write your own.

A component is a frozen dataclass with the method or methods that its protocol shows. Its fields
are numbers, strings, tuples and other components, because they enter the key under which results
are stored. A strategy names only the components that it changes; see `benchmark.strategy.stage`.

Shapes: N images, B images in a batch, C classes, D features, S synthetic rows.
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


class Sampler(Protocol):
    """Chooses the training images of one epoch, and their order."""

    def __call__(self, labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw one epoch.

        Epochs follow each other until the step budget is used up. So M changes which images are
        drawn, never how many in all.

        Parameters
        ----------
        labels
            Labels of the training images, (N,).
        rng
            The only source of random numbers.

        Returns
        -------
        array
            Indices into the training images, (M,). An index may occur several times.
        """
        ...


class Augmentation(Protocol):
    """Changes the pixels of some of the drawn images."""

    def selects(self, repeat_index: Tensor) -> Tensor:
        """Select the images to augment.

        The frozen layers need no new forward pass for images that are not selected. So a strategy
        that selects few images is cheap.

        Parameters
        ----------
        repeat_index
            How often the image occurred before in this epoch, (B,). 0 is its first occurrence.

        Returns
        -------
        Tensor
            Which images are augmented, (B,) bool.
        """
        ...

    def __call__(self, images: Tensor, repeat_index: Tensor, rng: torch.Generator) -> Tensor:
        """Augment images. Called with the selected images only.

        Parameters
        ----------
        images
            (B, 3, H, W) uint8.
        repeat_index
            As in `selects`, (B,).
        rng
            On the device of the images.

        Returns
        -------
        Tensor
            Images of the same shape and type.
        """
        ...


class Mixing(Protocol):
    """Blends the images of a batch, and their targets."""

    def __call__(
        self, images: Tensor, target: Tensor, counts: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Mix a batch.

        Parameters
        ----------
        images
            (B, 3, H, W) float from 0 to 255.
        target
            Target distributions, (B, C).
        counts
            Training images of each class, (C,).
        rng
            On the device of the images.

        Returns
        -------
        tuple of Tensor
            Images and targets of the same shapes.
        """
        ...


class FeatureSynthesizer(Protocol):
    """Makes synthetic features to train the head on."""

    def __call__(
        self, features: NDArray[np.floating], labels: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
        """Make further rows. The sampler then draws from N + S rows.

        Only a stage that trains the head alone can do this: its features stay the same.

        Parameters
        ----------
        features
            Pooled features of the training images, (N, D).
        labels
            Their labels, (N,).
        rng
            The only source of random numbers.

        Returns
        -------
        tuple of array
            Synthetic features (S, D) and their labels (S,).
        """
        ...


class Loss(Protocol):
    """The loss of each image."""

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
        """Compute one value for each image; the trainer averages.

        The weights of a weighted loss have mean 1 over the training images. Other weights would
        change the learning rate as well.

        Parameters
        ----------
        logits
            (B, C).
        target
            Target distributions, (B, C).
        counts
            Training images of each class, (C,).

        Returns
        -------
        Tensor
            (B,).
        """
        ...


class Head(Protocol):
    """Builds the classifier on top of the pooled features."""

    def __call__(self, width: int, classes: int) -> nn.Module:
        """Return a new module, (B, D) -> logits (B, C). Torch's global generator is seeded."""
        ...


class Decision(Protocol):
    """Turns outputs into labels. It is fitted on validation outputs and sees nothing else."""

    def fit(
        self, validation: Outputs, counts: NDArray[np.int64]
    ) -> Callable[[Outputs], NDArray[np.int64]]:
        """Fit a decision rule.

        Parameters
        ----------
        validation
            Outputs for the validation images, with their labels.
        counts
            Training images of each class, (C,).

        Returns
        -------
        callable
            The rule: outputs for N images -> labels (N,).
        """
        ...
