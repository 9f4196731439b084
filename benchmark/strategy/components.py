"""Neutral components, and components that several strategies share."""
# ruff: noqa: ARG002 - a component need not use all that its protocol gives it

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.outputs import Outputs
from benchmark.strategy.rules import OffsetArgmax

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from benchmark.strategy.protocols import Loss


@dataclass(frozen=True)
class AllImages:
    """Every training image is trained on."""

    def __call__(
        self,
        features: NDArray[np.floating],
        labels: NDArray[np.int64],
        groups: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> NDArray[np.bool_]:
        """Features (N, D), labels (N,), groups (N,) -> (N,), all True."""
        return np.ones(len(labels), bool)


@dataclass(frozen=True)
class Shuffle:
    """Every training image once an epoch, in random order."""

    def __call__(self, labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Labels (N,) -> a permutation of 0..N-1."""
        return rng.permutation(len(labels))


@dataclass(frozen=True)
class NoAugmentation:
    """No image is augmented."""

    def selects(self, repeat_index: Tensor) -> Tensor:
        """Select none, (B,) bool."""
        return repeat_index < 0

    def __call__(self, images: Tensor, repeat_index: Tensor, rng: torch.Generator) -> Tensor:
        """Return the images as they are."""
        return images


@dataclass(frozen=True)
class RandomAugmentation:
    """Random flip, rotation, zoom, shift, brightness and contrast of each image.

    Parameters are drawn for each image and applied to the whole batch at once, on its device. Where
    the image ends, it is continued by its mirror image.
    """

    degrees: float = 15.0  # rotation within +- this
    zoom: float = 0.2  # scale within 1 +- this
    shift: float = 0.1  # of the half width, within +- this
    light: float = 0.25  # brightness and contrast factors within 1 +- this
    from_repeat: int = 0  # earlier occurrences in an epoch stay untouched

    def selects(self, repeat_index: Tensor) -> Tensor:
        """Select occurrences from `from_repeat` on, (B,) bool."""
        return repeat_index >= self.from_repeat

    def __call__(self, images: Tensor, repeat_index: Tensor, rng: torch.Generator) -> Tensor:
        """Images (B, 3, H, W) uint8 -> the same."""
        import torch

        functional = torch.nn.functional

        def uniform(width: float) -> Tensor:  # (B,) within +- width
            draw = torch.rand(len(images), generator=rng, device=images.device)
            return (2 * draw - 1) * width

        angle = torch.deg2rad(uniform(self.degrees))
        scale = 1 + uniform(self.zoom)
        mirror = torch.sign(uniform(1.0))
        cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
        x = torch.stack((cos * mirror, -sin, uniform(self.shift)), dim=1)  # (B, 3)
        y = torch.stack((sin * mirror, cos, uniform(self.shift)), dim=1)
        turned = torch.stack((x, y), dim=1)  # (B, 2, 3)
        grid = functional.affine_grid(turned, list(images.shape), align_corners=False)
        warped = functional.grid_sample(
            images.float(), grid, padding_mode="reflection", align_corners=False
        )
        mean = warped.mean(dim=(1, 2, 3), keepdim=True)  # (B, 1, 1, 1)
        contrast = (1 + uniform(self.light)).view(-1, 1, 1, 1)  # (B,) -> (B, 1, 1, 1)
        brightness = (1 + uniform(self.light)).view(-1, 1, 1, 1)  # (B,) -> (B, 1, 1, 1)
        relit = (mean + (warped - mean) * contrast) * brightness
        return relit.round_().clamp_(0, 255).to(torch.uint8)


@dataclass(frozen=True)
class NoMixing:
    """Images and targets stay as they are."""

    def __call__(
        self, images: Tensor, target: Tensor, counts: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return both."""
        return images, target


@dataclass(frozen=True)
class NoSynthesis:
    """No features are synthetic."""

    def __call__(
        self, features: NDArray[np.floating], labels: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
        """Features (N, D), labels (N,) -> (0, D) and (0,)."""
        return features[:0], labels[:0]


@dataclass(frozen=True)
class CrossEntropy:
    """-sum_c target_c log softmax(logits)_c."""

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
        """Logits (B, C), target (B, C) -> (B,)."""
        return -(target * logits.log_softmax(1)).sum(1)


@dataclass(frozen=True)
class WeightedLoss:
    """A loss with class weights, sum_c w_c t_c L_c. A loss is linear in its target t.

    Weights are scaled to mean 1 over the training images, so that the learning rate stays the same:
    the trainer divides the sum over a batch by its images, as Keras does. With `normalise="batch"`
    they have mean 1 over each batch as well: the sum is divided by the weights of the batch, as by
    torch's `CrossEntropyLoss(weight=...)`. The batch is what the loss is called with, which is a
    part of it where memory runs out.
    """

    weights: Callable[[Tensor], Tensor]  # class counts (C,), all above 0 -> (C,) of any scale
    loss: Loss = CrossEntropy()
    normalise: str = "train"  # over what weights have mean 1: "train" or "batch"

    def __post_init__(self) -> None:
        if self.normalise not in ("train", "batch"):
            raise ValueError(f"normalise must be train or batch, got {self.normalise!r}")

    def scaled_weights(self, counts: Tensor) -> Tensor:
        """Counts (C,) -> weights with mean 1 over the training images (C,)."""
        raw = self.weights(counts.clamp(min=1))
        return raw * counts.sum() / (raw * counts).sum()

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
        """Logits (B, C), target (B, C), counts (C,) -> (B,)."""
        weighted = self.scaled_weights(counts) * target
        losses = self.loss(logits, weighted, counts)
        return losses if self.normalise == "train" else losses * target.sum() / weighted.sum()


@dataclass(frozen=True)
class LinearHead:
    """One fully connected layer."""

    def __call__(self, width: int, classes: int) -> nn.Module:
        """Return Linear(D, C) with torch's initialisation."""
        from torch import nn

        return nn.Linear(width, classes)


@dataclass(frozen=True)
class CosineHead:
    """Cosine of the angle between the features and the row of each class, times a scale."""

    scale: float

    def __call__(self, width: int, classes: int) -> nn.Module:
        """Return a module (B, D) -> (B, C)."""
        from torch import nn

        normalize = nn.functional.normalize

        class Cosine(nn.Linear):
            scale = self.scale

            def forward(self, x: Tensor) -> Tensor:
                return self.scale * nn.functional.linear(normalize(x), normalize(self.weight))

        return Cosine(width, classes, bias=False)


@dataclass(frozen=True)
class Argmax:
    """The class with the largest logit."""

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> OffsetArgmax:
        """Return offsets of 0."""
        return OffsetArgmax((0.0,) * len(counts))
